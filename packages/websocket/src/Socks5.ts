/**
 * Connections through a SOCKS 5 proxy (RFC 1928), with user name and password if it asks for them (RFC 1929).
 *
 * A Transport over the Transport that reaches the proxy. TLS goes above it, and is then verified against the target's name as
 * without a proxy. Names are resolved by the proxy.
 *
 * @example
 * ```ts
 * import { NodeTransport } from "@effect-websocket/node"
 * import { Layer } from "effect"
 * import { Socks5 } from "effect-websocket"
 *
 * const transport = Layer.provide(Socks5.layer({ host: "127.0.0.1", port: 1080 }), NodeTransport.layerTcp())
 * ```
 *
 * @example
 * ```ts
 * import { NodeTransport } from "@effect-websocket/node"
 * import { Config, Effect } from "effect"
 * import { Socks5 } from "effect-websocket"
 *
 * const configured = Socks5.layerConfig({ host: Config.string("SOCKS_HOST"), port: Config.port("SOCKS_PORT") })
 * const transport = Effect.provide(Socks5.make({ host: "127.0.0.1", port: 1080 }), NodeTransport.layerTcp())
 * ```
 */
import { encode } from "@effect-websocket/protocol/bytes/Utf8"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { prepend } from "./DuplexAdapter.js"
import { OctetReader } from "./proxy/OctetReader.js"
import type { ProxyFault } from "./proxy/ProxyFault.js"
import { checkServer, type ProxyCredentials, type ProxyServer, proxyError, through } from "./proxy/ProxyServer.js"
import * as SocksMessage from "./proxy/SocksMessage.js"
import { type Duplex, type Target, Transport } from "./Transport.js"
import { OptionError, TransportError } from "./WebSocketError.js"

export type { ProxyFault } from "./proxy/ProxyFault.js"
export type { ProxyCredentials } from "./proxy/ProxyServer.js"

/** Which proxy, and who we are to it. */
export interface Socks5Options extends ProxyServer {
  /** Offered, and sent when the proxy asks for them. They are not encrypted, unless the way to the proxy is. */
  readonly auth?: ProxyCredentials | undefined
}

/** The octets of credentials. */
interface Secret {
  readonly username: Uint8Array
  readonly password: Uint8Array
}

const fits = ({ length }: Uint8Array): boolean => length >= 1 && length <= SocksMessage.maxLength

const secretOf = ({ auth }: Socks5Options): Effect.Effect<Secret | undefined, OptionError> => {
  if (auth === undefined) return Effect.succeed(undefined)
  const secret = { username: encode(auth.username), password: encode(Redacted.value(auth.password)) }
  return fits(secret.username) && fits(secret.password)
    ? Effect.succeed(secret)
    : Effect.fail(new OptionError({ option: "auth", rule: "RFC 1929 §2: user name and password have 1 to 255 octets" }))
}

const longName = () =>
  new TransportError({ reason: { _tag: "Unsupported", feature: "names of more than 255 octets (RFC 1928 §5)" } })

const endedEarly: ProxyFault = { _tag: "Malformed", section: "RFC 1928", rule: "an answer of the proxy is whole" }

const isFault = (value: number | ProxyFault | undefined): value is ProxyFault => typeof value === "object"

/** The dialogue, on one connection to the proxy. */
const negotiate = (options: Socks5Options, secret: Secret | undefined) => (duplex: Duplex, target: Target) => {
  const fail = (fault: ProxyFault) => Effect.fail(proxyError(options, fault))
  const reader = new OctetReader(duplex)
  const read = (count: number) =>
    Effect.catchIf(
      reader.take(count),
      ({ reason }) => reason._tag === "EndOfStream",
      () => fail(endedEarly)
    )
  const ask = (octets: Uint8Array, count: number) =>
    Effect.zipRight(
      Effect.sync(() => duplex.unsafeWrite([octets])),
      read(count)
    )
  return Effect.gen(function* () {
    const method = SocksMessage.chosenMethod(
      yield* ask(SocksMessage.greeting(secret !== undefined), 2),
      secret !== undefined
    )
    if (isFault(method)) return yield* fail(method)
    if (method === SocksMessage.method.password && secret !== undefined) {
      const fault = SocksMessage.authFault(yield* ask(SocksMessage.credentials(secret.username, secret.password), 2))
      if (fault !== undefined) return yield* fail(fault)
    }
    const length = SocksMessage.addressLength(yield* ask(SocksMessage.connect(target.host, target.port), 4))
    if (isFault(length)) return yield* fail(length)
    // The address where the proxy has bound tells us nothing.
    const bound = length < 0 ? (yield* read(1))[0] : length
    yield* read((bound ?? 0) + 2)
    return prepend(duplex, reader.leftover)
  })
}

/** A Transport through the proxy, over the one that reaches it. `wss:` is refused: TLS goes above. */
export const make = (options: Socks5Options): Effect.Effect<Transport["Type"], OptionError, Transport> =>
  Effect.gen(function* () {
    yield* checkServer(options)
    const secret = yield* secretOf(options)
    const connect = through(yield* Transport, options, negotiate(options, secret))
    return {
      connect: (target) =>
        encode(target.host).length > SocksMessage.maxLength ? Effect.fail(longName()) : connect(target)
    }
  })

/** Provides `make`. */
export const layer = (options: Socks5Options): Layer.Layer<Transport, OptionError, Transport> =>
  Layer.effect(Transport, make(options))

/** `layer` with options from the configuration. */
export const layerConfig = (
  options: Config.Config.Wrap<Socks5Options>
): Layer.Layer<Transport, OptionError | ConfigError.ConfigError, Transport> =>
  Layer.unwrapEffect(Effect.map(Config.unwrap(options), layer))
