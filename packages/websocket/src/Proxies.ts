/**
 * Which proxy is used for which connection: by scheme, but for some hosts, said by the application or by the environment.
 *
 * Nothing is taken from the environment unless it is asked for. TLS goes above, as with `HttpProxy` and `Socks5`, between which the
 * scheme of a proxy's URI decides.
 *
 * @example
 * ```ts
 * import { NodeTransport } from "@effect-websocket/node"
 * import { Layer } from "effect"
 * import { Proxies } from "effect-websocket"
 *
 * // As HTTPS_PROXY, NO_PROXY and the others say.
 * const transport = NodeTransport.layerTlsOver().pipe(
 *   Layer.provide(Proxies.layerEnvironment),
 *   Layer.provide(NodeTransport.layerTcp())
 * )
 * ```
 *
 * @example
 * ```ts
 * import { NodeTransport } from "@effect-websocket/node"
 * import { Config, Effect, Layer } from "effect"
 * import { Proxies } from "effect-websocket"
 *
 * const rules = { all: "socks5://127.0.0.1:1080", bypass: ["localhost", "10.0.0.0/8"] }
 * const said = Layer.provide(Proxies.layer(rules), NodeTransport.layerTcp())
 * const configured = Proxies.layerConfig({ all: Config.redacted("CHAT_PROXY") })
 * const transport = Effect.provide(Proxies.make(rules), NodeTransport.layerTcp())
 * ```
 */
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as HttpProxy from "./HttpProxy.js"
import { bypasses, invalidEntry } from "./proxy/Bypass.js"
import * as ProxyUri from "./proxy/ProxyUri.js"
import * as Socks5 from "./Socks5.js"
import { type Target, Transport } from "./Transport.js"
import { OptionError } from "./WebSocketError.js"

type Service = Transport["Type"]

/** A URI such as `http://user:password@proxy.example.com:8080`, `https://…` or `socks5://…`. */
type Uri = string | Redacted.Redacted

/** Which proxies there are. Where none is named the connection is direct. */
export interface ProxyRules {
  /** For `ws:`. */
  readonly ws?: Uri | undefined
  /** For `wss:`. */
  readonly wss?: Uri | undefined
  /** For both, where there is none of their own. */
  readonly all?: Uri | undefined
  /**
   * Hosts that are reached directly: names (with all names below), IP addresses, networks (`10.0.0.0/8`), each with a port if any;
   * `*` for all.
   */
  readonly bypass?: ReadonlyArray<string> | undefined
}

const makeProxy = (
  option: string,
  uri: Uri | undefined
): Effect.Effect<Service | undefined, OptionError, Transport> => {
  if (uri === undefined) return Effect.succeed(undefined)
  const parsed = ProxyUri.parse(Redacted.isRedacted(uri) ? Redacted.value(uri) : uri)
  if ("_tag" in parsed) return Effect.fail(new OptionError({ option, rule: parsed.rule }))
  return parsed.kind === "socks5" ? Socks5.make(parsed) : HttpProxy.make(parsed)
}

const checkBypass = (entries: ReadonlyArray<string>): Effect.Effect<void, OptionError> => {
  const invalid = invalidEntry(entries)
  return invalid === undefined
    ? Effect.void
    : Effect.fail(
        new OptionError({ option: "bypass", rule: `a name, an IP address, a network, or *, unlike ${invalid}` })
      )
}

/** A Transport that goes through the proxies of the rules, over the one that reaches them, and the hosts that need none. */
export const make = (rules: ProxyRules): Effect.Effect<Service, OptionError, Transport> =>
  Effect.gen(function* () {
    const { bypass = [] } = rules
    yield* checkBypass(bypass)
    const direct = yield* Transport
    const all = yield* makeProxy("all", rules.all)
    const ws = (yield* makeProxy("ws", rules.ws)) ?? all ?? direct
    const wss = (yield* makeProxy("wss", rules.wss)) ?? all ?? direct
    const isDirect = bypasses(bypass)
    const choose = ({ carriesTls, host, port, secure }: Target): Service => {
      if (isDirect(host, port)) return direct
      return secure || carriesTls === true ? wss : ws
    }
    return { connect: (target) => choose(target).connect(target) }
  })

/** Provides `make`. */
export const layer = (rules: ProxyRules): Layer.Layer<Transport, OptionError, Transport> =>
  Layer.effect(Transport, make(rules))

/** `layer` with rules from the configuration. */
export const layerConfig = (
  rules: Config.Config.Wrap<ProxyRules>
): Layer.Layer<Transport, OptionError | ConfigError.ConfigError, Transport> =>
  Layer.unwrapEffect(Effect.map(Config.unwrap(rules), layer))

type Variable = Config.Config<Option.Option<Redacted.Redacted>>

/** A variable that is not empty. */
const variable = (name: string): Variable =>
  Config.map(
    Config.option(Config.redacted(name)),
    Option.filter((value) => Redacted.value(value) !== "")
  )

/** The first one that is set. */
const either = (first: Variable, second: Variable): Variable =>
  Config.zipWith(first, second, (a, b) => Option.orElse(a, () => b))

/** In a CGI program a client sets HTTP_PROXY by a field of its request (CVE-2016-5385): there only http_proxy counts. */
const httpProxy = either(
  variable("http_proxy"),
  Config.zipWith(variable("REQUEST_METHOD"), variable("HTTP_PROXY"), (method, uri) =>
    Option.isSome(method) ? Option.none() : uri
  )
)

/** The entries of NO_PROXY, but for those that are none. */
const entriesOf = (list: Option.Option<Redacted.Redacted>): ReadonlyArray<string> =>
  Option.match(list, { onNone: () => "", onSome: Redacted.value })
    .split(",")
    .flatMap((part) => part.split(" "))
    .filter((entry) => entry !== "" && invalidEntry([entry]) === undefined)

/**
 * The rules of the environment: `HTTP_PROXY` for `ws:`, `HTTPS_PROXY` for `wss:`, `ALL_PROXY` for both, `NO_PROXY` for neither, with
 * the lower-case spelling of each first. Read through the ConfigProvider.
 */
export const environment: Config.Config<ProxyRules> = Config.map(
  Config.all({
    ws: httpProxy,
    wss: either(variable("https_proxy"), variable("HTTPS_PROXY")),
    all: either(variable("all_proxy"), variable("ALL_PROXY")),
    bypass: either(variable("no_proxy"), variable("NO_PROXY"))
  }),
  ({ all, bypass, ws, wss }) => ({
    ws: Option.getOrUndefined(ws),
    wss: Option.getOrUndefined(wss),
    all: Option.getOrUndefined(all),
    bypass: entriesOf(bypass)
  })
)

/** `layer` with the rules of the environment. */
export const layerEnvironment: Layer.Layer<Transport, OptionError | ConfigError.ConfigError, Transport> =
  Layer.unwrapEffect(Effect.map(environment, layer))
