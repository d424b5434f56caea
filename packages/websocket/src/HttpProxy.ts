/**
 * Connections through an HTTP proxy: a tunnel by CONNECT (RFC 9110 §9.3.6), also for `ws:` (RFC 6455 §4.1).
 *
 * A Transport over the Transport that reaches the proxy. TLS goes above it, and is then verified against the target's name as
 * without a proxy. The proxy sees the target's host and port, and no field of the application's request.
 *
 * @example
 * ```ts
 * import { NodeTransport } from "@effect-websocket/node"
 * import { Layer, Redacted } from "effect"
 * import { HttpProxy } from "effect-websocket"
 *
 * const proxied = NodeTransport.layerTlsOver().pipe(
 *   Layer.provide(HttpProxy.layer({ host: "proxy.example.com", port: 3128 })),
 *   Layer.provide(NodeTransport.layerTcp())
 * )
 * ```
 *
 * @example
 * ```ts
 * import { NodeTransport } from "@effect-websocket/node"
 * import { Config, Effect } from "effect"
 * import { HttpProxy, Transport } from "effect-websocket"
 *
 * // From the configuration; or as a Transport of which one decides oneself when it is used.
 * const configured = HttpProxy.layerConfig({ host: Config.string("PROXY_HOST"), port: Config.port("PROXY_PORT") })
 * const chosen = Effect.zip(HttpProxy.make({ host: "proxy.example.com", port: 3128 }), Transport.Transport)
 * const transports = Effect.provide(chosen, NodeTransport.layerTcp())
 * ```
 */
import * as Base64 from "@effect-websocket/protocol/bytes/Base64"
import { encode } from "@effect-websocket/protocol/bytes/Utf8"
import * as BodyFraming from "@effect-websocket/protocol/http/BodyFraming"
import { Fields } from "@effect-websocket/protocol/http/Fields"
import { isHttpViolation } from "@effect-websocket/protocol/http/HttpViolation"
import type { RequestHead } from "@effect-websocket/protocol/http/RequestHead"
import type { ResponseHead } from "@effect-websocket/protocol/http/ResponseHead"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { prepend } from "./DuplexAdapter.js"
import { layer as codecLayer, type HeadRead, HttpCodec } from "./HttpCodec.js"
import { type LimitValues, resolve } from "./Limits.js"
import type { ProxyResponse } from "./proxy/ProxyFault.js"
import { checkServer, type ProxyCredentials, type ProxyServer, proxyError, through } from "./proxy/ProxyServer.js"
import { type Duplex, formatAddress, type Target, Transport } from "./Transport.js"
import { type HandshakeError, OptionError, type TransportError } from "./WebSocketError.js"

export type { ProxyFault, ProxyResponse } from "./proxy/ProxyFault.js"
export type { ProxyCredentials } from "./proxy/ProxyServer.js"

/**
 * Answers the challenges of a proxy (RFC 9110 §11.7.1), those of its `Proxy-Authenticate` fields: the value of
 * `Proxy-Authorization` for one further attempt, on a connection of its own, or none.
 */
export type ProxyAuth<R = never> = (
  challenges: ReadonlyArray<string>
) => Effect.Effect<Option.Option<Redacted.Redacted>, never, R>

/** Which proxy, and who we are to it. */
export interface HttpProxyOptions<R = never> extends ProxyServer {
  /**
   * Credentials, sent with the first request (Basic, RFC 7617); or a function which is asked when the proxy wants some. They
   * are not encrypted, unless the way to the proxy is.
   */
  readonly auth?: ProxyCredentials | ProxyAuth<R> | undefined
}

type Codec = HttpCodec["Type"]

/** The value of Proxy-Authorization. */
type Authorization = Redacted.Redacted | undefined

const hasControl = (text: string): boolean => encode(text).some((octet) => octet < 0x20 || octet === 0x7f)

/** RFC 7617 §2: the octets of user and password, joined by a colon. */
const basic = ({ password, username }: ProxyCredentials): Effect.Effect<Redacted.Redacted, OptionError> => {
  const secret = `${username}:${Redacted.value(password)}`
  return username.includes(":") || hasControl(secret)
    ? Effect.fail(
        new OptionError({
          option: "auth",
          rule: "RFC 7617 §2: a user name has no colon, and credentials no control characters"
        })
      )
    : Effect.succeed(Redacted.make(`Basic ${Base64.encode(encode(secret))}`))
}

/** RFC 9112 §3.2.3: the authority-form, always with its port. */
const requestOf = ({ host, port }: Target, authorization: Authorization): RequestHead => {
  const authority = formatAddress({ _tag: "TcpAddress", hostname: host, port })
  const fields = Fields.from({ Host: authority })
  return {
    method: "CONNECT",
    target: authority,
    version: "1.1",
    fields: authorization === undefined ? fields : fields.set("Proxy-Authorization", Redacted.value(authorization))
  }
}

/** What one attempt needs. */
interface Asking {
  readonly codec: Codec
  readonly limits: LimitValues
  readonly server: ProxyServer
}

const malformed = (server: ProxyServer, section: string, rule: string): TransportError =>
  proxyError(server, { _tag: "Malformed", section, rule })

/** The final response; RFC 9110 §15.2: interim ones are skipped, within bounds. */
const finalResponse = (
  { codec, limits, server }: Asking,
  duplex: Duplex,
  octets: Uint8Array,
  interim: number
): Effect.Effect<HeadRead<ResponseHead>, TransportError> => {
  const onError = (error: HandshakeError | TransportError): TransportError =>
    error._tag === "TransportError" ? error : malformed(server, error.reason.section, error.reason.rule)
  return Effect.flatMap(Effect.mapError(codec.readResponse(duplex, limits, octets), onError), (read) => {
    if (read.head.status >= 200) return Effect.succeed(read)
    return interim < limits.maxInterimResponses
      ? finalResponse({ codec, limits, server }, duplex, read.leftover, interim + 1)
      : Effect.fail(
          malformed(server, "RFC 9110 §15.2", "interim responses come before a final one, and not without end")
        )
  })
}

const responseOf = (
  { codec, limits }: Asking,
  duplex: Duplex,
  { head, leftover }: HeadRead<ResponseHead>
): Effect.Effect<ProxyResponse> => {
  const framing = BodyFraming.ofResponse(head, "CONNECT")
  if (isHttpViolation(framing)) return Effect.succeed({ head, body: new Uint8Array(0) })
  const bounds = { maxSize: limits.maxRefusalBody, within: limits.closeTimeout }
  return Effect.map(codec.readBody(duplex, framing, bounds, leftover), ({ octets }) => ({ head, body: octets }))
}

/** The proxy opened no tunnel: its whole response is the failure. */
const refusal = (asking: Asking, duplex: Duplex, read: HeadRead<ResponseHead>): Effect.Effect<never, TransportError> =>
  Effect.flatMap(responseOf(asking, duplex, read), (response) => {
    const challenges = read.head.fields.getAll("Proxy-Authenticate")
    const fault =
      read.head.status === 407
        ? ({ _tag: "AuthRequired", challenges, response } as const)
        : ({ _tag: "Refused", response } as const)
    return Effect.fail(proxyError(asking.server, fault))
  })

const negotiate = (asking: Asking, authorization: Authorization) => (duplex: Duplex, target: Target) =>
  Effect.gen(function* () {
    // What may not stand in a head was found before, but for an answer to a challenge: that is a defect of its function.
    yield* Effect.orDie(asking.codec.writeRequest(duplex, requestOf(target, authorization)))
    const read = yield* finalResponse(asking, duplex, new Uint8Array(0), 0)
    // RFC 9110 §9.3.6: whatever its fields say, a 2xx response to CONNECT has no body: what follows is of the tunnel.
    return read.head.status < 300 ? prepend(duplex, read.leftover) : yield* refusal(asking, duplex, read)
  })

const challengesOf = ({ reason }: TransportError): ReadonlyArray<string> | undefined =>
  reason._tag === "Proxy" && reason.fault._tag === "AuthRequired" ? reason.fault.challenges : undefined

/** A Transport through the proxy, over the one that reaches it. `wss:` is refused: TLS goes above. */
export const make = <R = never>(
  options: HttpProxyOptions<R>
): Effect.Effect<Transport["Type"], OptionError, Transport | R> =>
  Effect.gen(function* () {
    const { auth } = options
    yield* checkServer(options)
    const asking: Asking = { codec: yield* HttpCodec, limits: yield* resolve("client"), server: options }
    const lower = yield* Transport
    const connect = (authorization: Authorization) => through(lower, options, negotiate(asking, authorization))
    if (typeof auth !== "function") {
      return { connect: connect(auth === undefined ? undefined : yield* basic(auth)) }
    }
    const context = yield* Effect.context<R>()
    const again = (target: Target, error: TransportError): Effect.Effect<Duplex, TransportError, Scope.Scope> => {
      const challenges = challengesOf(error)
      if (challenges === undefined) return Effect.fail(error)
      return Effect.flatMap(Effect.provide(auth(challenges), context), (answer) =>
        Option.isNone(answer) ? Effect.fail(error) : connect(answer.value)(target)
      )
    }
    const first = connect(undefined)
    return { connect: (target: Target) => Effect.catchAll(first(target), (error) => again(target, error)) }
  }).pipe(Effect.provide(codecLayer))

/** Provides `make`. */
export const layer = <R = never>(options: HttpProxyOptions<R>): Layer.Layer<Transport, OptionError, Transport | R> =>
  Layer.effect(Transport, make(options))

/** What a configuration says of a proxy. */
export interface HttpProxySettings extends ProxyServer {
  /** Credentials, sent with the first request. */
  readonly auth?: ProxyCredentials | undefined
}

/** `layer` with options from the configuration. */
export const layerConfig = (
  options: Config.Config.Wrap<HttpProxySettings>
): Layer.Layer<Transport, OptionError | ConfigError.ConfigError, Transport> =>
  Layer.unwrapEffect(Effect.map(Config.unwrap(options), (settings) => layer(settings)))
