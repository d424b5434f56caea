/**
 * TCP, TLS and Unix sockets of Node.js as `Listener`.
 *
 * Sockets which come before `accept` runs, or faster than it takes them, wait unread, as many as `backlog` says, those which make
 * their TLS handshakes included; for one more the oldest of these is closed, or else itself. TLS handshakes are made as sockets
 * come, within the limit `handshakeTimeout`; a client which fails one is a line in the debug log, never an end of the listener.
 * Each connection has a fiber and a Scope of its own.
 *
 * @example
 * ```ts
 * import { NodeListener as Node } from "@effect-websocket/node"
 * import { Config, Effect, Layer } from "effect"
 *
 * const pem = { cert: Config.string("CERT"), key: Config.string("KEY") }
 * const fromConfig = [Node.layerTlsConfig(pem), Node.layerTlsOrPlainConfig(pem), Node.layerUnixConfig(Config.string("PATH"))]
 * // With values at hand; as layers, or as services, of which a program may have several.
 * const withTls = (tls: { cert: string; key: string }) => [
 *   Effect.all([Node.makeTcp(), Node.makeTls(tls), Node.makeTlsOrPlain(tls), Node.makeUnix("app.sock")]),
 *   Effect.provide(Node.makeTlsOver(tls), Node.layerTcp({ backlog: 2 * Node.defaults.backlog })),
 *   Layer.provide(Node.layerTlsOver(tls), Node.layerUnix("tls.sock"))
 * ]
 * ```
 */
import * as net from "node:net"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { Listener } from "effect-websocket/Listener"
import { formatAddress } from "effect-websocket/Transport"
import { OptionError, type TransportError } from "effect-websocket/WebSocketError"
import type { TcpOptions, UnixOptions } from "./ListenOptions.js"
import { NodeArrivals } from "./NodeArrivals.js"
import { type Binding, bind } from "./NodeBinding.js"
import * as NodeDuplex from "./NodeDuplex.js"
import * as NodeError from "./NodeError.js"
import * as NodeSocket from "./NodeSocket.js"
import { defined } from "./NodeTlsClient.js"
import * as NodeTlsDetection from "./NodeTlsDetection.js"
import * as NodeTlsOver from "./NodeTlsOver.js"
import * as NodeTlsServer from "./NodeTlsServer.js"

export type { ListenOptions, TcpOptions, UnixOptions } from "./ListenOptions.js"

type Service = Listener["Type"]

/** What holds unless the options say otherwise. */
export const defaults = { host: "127.0.0.1", port: 0, backlog: 511, noDelay: true, keepAlive: false } as const

/** Where and how a listener listens, and what its sockets go through first. */
interface Plan extends Binding {
  readonly server?: net.ServerOpts
  readonly handshake?: NodeTlsServer.Handshake
}

/** The handshake of a socket: it begins at once, whether or not `accept` runs. */
const secured = (arrivals: NodeArrivals, handshake: NodeTlsServer.Handshake, socket: net.Socket) =>
  NodeTlsServer.timely(handshake(socket)).pipe(
    Effect.map((duplex) => arrivals.add(duplex)),
    Effect.onError(() => Effect.sync(() => socket.destroy())),
    Effect.ignore,
    Effect.ensuring(
      Effect.sync(() => {
        arrivals.handshakes.delete(socket)
      })
    )
  )

/** What becomes of a socket that has come. */
const arriving = (arrivals: NodeArrivals, { address, handshake }: Plan) =>
  Effect.map(FiberSet.makeRuntime<never>(), (run) => {
    const info = address._tag === "UnixAddress" ? { local: Option.some(address) } : undefined
    return (socket: net.Socket) => {
      socket.on("error", NodeSocket.unheard)
      if (!arrivals.makeRoom()) return void socket.destroy()
      if (handshake === undefined) return arrivals.add(NodeDuplex.unsafeMake(socket, { info }))
      arrivals.handshakes.add(socket)
      run(secured(arrivals, handshake, socket))
    }
  })

const make = (binding: Plan): Effect.Effect<Service, TransportError, Scope.Scope> =>
  Effect.gen(function* () {
    const { address: asked, listen } = binding
    const arrivals = new NodeArrivals(listen.backlog ?? defaults.backlog)
    const closed = arrivals.close(NodeError.listen(formatAddress(asked), new Error("the listener was closed")))
    const arrive = yield* arriving(arrivals, binding)
    const server = yield* Effect.acquireRelease(
      Effect.sync(() =>
        net
          .createServer({ ...binding.server, allowHalfOpen: true, pauseOnConnect: true }, arrive)
          .on("close", () => Effect.runSync(closed))
      ),
      (server) =>
        Effect.zipRight(
          closed,
          Effect.sync(() => server.close())
        )
    )
    return {
      address: yield* bind(server, binding),
      secure: binding.handshake !== undefined,
      accept: (use) => arrivals.accept(use)
    }
  })

const tcp = (options: TcpOptions, handshake?: NodeTlsServer.Handshake): Plan => {
  const { backlog, host, keepAlive, keepAliveInitialDelay, noDelay, port, ...listen } = {
    ...defaults,
    ...defined(options)
  }
  return {
    address: { _tag: "TcpAddress", hostname: host, port },
    listen: {
      backlog,
      exclusive: listen.exclusive ?? false,
      ipv6Only: listen.ipv6Only ?? false,
      host,
      port
    },
    server: {
      noDelay,
      keepAlive,
      keepAliveInitialDelay: Duration.toMillis(keepAliveInitialDelay ?? 0)
    },
    ...(handshake && { handshake })
  }
}

/** Node.js throws for certificates that do not fit. */
const attempt = <A>(make: () => A): Effect.Effect<A, TransportError> =>
  Effect.try({ try: make, catch: NodeError.tlsHandshake })

const handshakes = (options: NodeTlsServer.TlsOptions): Effect.Effect<NodeTlsServer.Handshake, TransportError> =>
  attempt(() => NodeTlsServer.unsafeMake(options))

/** Listens on TCP. */
export const makeTcp = (options: TcpOptions = {}): Effect.Effect<Service, TransportError, Scope.Scope> =>
  make(tcp(options))

/** Listens on TCP, with TLS. Bad certificates are a `TlsHandshake` failure. */
export const makeTls = (
  options: TcpOptions & NodeTlsServer.TlsOptions
): Effect.Effect<Service, TransportError, Scope.Scope> =>
  Effect.flatMap(handshakes(options), (handshake) => make(tcp(options, handshake)))

/**
 * Listens on TCP for clients that speak TLS and for those that do not: their first octets tell, so a client must speak first.
 * Whether a connection is encrypted is in its `info`. The URI of the Listener is the encrypted one, `wss:`; with `ws:` the same
 * address is reached in the clear.
 */
export const makeTlsOrPlain = (
  options: TcpOptions & NodeTlsServer.TlsOptions
): Effect.Effect<Service, TransportError, Scope.Scope> =>
  Effect.flatMap(handshakes(options), (handshake) => make(tcp(options, NodeTlsDetection.tlsOrPlain(handshake))))

/** Listens on a Unix socket. Its file is removed at the end, and at the begin if a server that is dead left it behind. */
export const makeUnix = (
  path: string,
  options: UnixOptions = {}
): Effect.Effect<Service, TransportError, Scope.Scope> =>
  make({ address: { _tag: "UnixAddress", path }, listen: { backlog: defaults.backlog, ...defined(options), path } })

/**
 * TLS over the connections of another Listener, whatever they are. Handshakes are made when `accept` takes the connections; one
 * which fails is a line in the debug log. Its end without close_notify is `TlsTruncated`. For TCP `makeTls` costs less.
 */
export const makeTlsOver = (options: NodeTlsServer.TlsOptions): Effect.Effect<Service, TransportError, Listener> =>
  Effect.flatMap(Listener, ({ accept, address }) =>
    Effect.map(
      attempt(() => NodeTlsOver.server(options)),
      (handshake) => ({
        address,
        secure: true,
        accept: (use) =>
          accept((lower) =>
            Effect.matchEffect(NodeTlsServer.timely(handshake(lower)), { onFailure: () => Effect.void, onSuccess: use })
          )
      })
    )
  )

/** Provides `makeTcp`. */
export const layerTcp = (options?: TcpOptions): Layer.Layer<Listener, TransportError> =>
  Layer.scoped(Listener, makeTcp(options))

/** Provides `makeTls`. */
export const layerTls = (options: TcpOptions & NodeTlsServer.TlsOptions): Layer.Layer<Listener, TransportError> =>
  Layer.scoped(Listener, makeTls(options))

/** Provides `makeTlsOrPlain`. */
export const layerTlsOrPlain = (
  options: TcpOptions & NodeTlsServer.TlsOptions
): Layer.Layer<Listener, TransportError> => Layer.scoped(Listener, makeTlsOrPlain(options))

/** Provides `makeTlsOver`. */
export const layerTlsOver = (options: NodeTlsServer.TlsOptions): Layer.Layer<Listener, TransportError, Listener> =>
  Layer.effect(Listener, makeTlsOver(options))

/** Provides `makeUnix`. */
export const layerUnix = (path: string, options?: UnixOptions): Layer.Layer<Listener, TransportError> =>
  Layer.scoped(Listener, makeUnix(path, options))

type FromConfig<O> = (
  options: Config.Config.Wrap<O>
) => Layer.Layer<Listener, ConfigError.ConfigError | OptionError | TransportError>

/** What comes from outside of the program is checked by name; what is written in it, Node.js refuses. */
const checkPort = ({ port = 0 }: TcpOptions): Effect.Effect<void, OptionError> =>
  Number.isInteger(port) && port >= 0 && port <= 65_535
    ? Effect.void
    : Effect.fail(new OptionError({ option: "port", rule: "an integer from 0 to 65535" }))

const fromConfig =
  <O extends TcpOptions>(layer: (options: O) => Layer.Layer<Listener, TransportError>): FromConfig<O> =>
  (wrapped) =>
    Layer.unwrapEffect(Effect.map(Effect.tap(Config.unwrap(wrapped), checkPort), layer))

/**
 * `layerTcp` with options from the configuration. A port out of range is an `OptionError`.
 *
 * @example
 * ```ts
 * import { NodeListener } from "@effect-websocket/node"
 * import { Config } from "effect"
 *
 * export const listener = NodeListener.layerTcpConfig({
 *   host: Config.withDefault(Config.string("HOST"), "127.0.0.1"),
 *   port: Config.port("PORT")
 * })
 * ```
 */
export const layerTcpConfig: FromConfig<TcpOptions> = fromConfig(layerTcp)

/** `layerTls` with options from the configuration. A port out of range is an `OptionError`. */
export const layerTlsConfig: FromConfig<TcpOptions & NodeTlsServer.TlsOptions> = fromConfig(layerTls)

/** `layerTlsOrPlain` with options from the configuration. A port out of range is an `OptionError`. */
export const layerTlsOrPlainConfig: FromConfig<TcpOptions & NodeTlsServer.TlsOptions> = fromConfig(layerTlsOrPlain)

/** `layerUnix` with its path, and options, from the configuration. */
export const layerUnixConfig = (
  path: Config.Config<string>,
  options: Config.Config.Wrap<UnixOptions> = {}
): Layer.Layer<Listener, ConfigError.ConfigError | TransportError> =>
  Layer.unwrapEffect(Effect.map(Config.all([path, Config.unwrap(options)]), (both) => layerUnix(...both)))
