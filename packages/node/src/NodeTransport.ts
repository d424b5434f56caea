/**
 * TCP, TLS and Unix sockets of Node.js as `Transport`.
 *
 * A transport does what was asked or refuses: `wss:` over plain TCP is `Unsupported`, not a downgrade. Certificates are
 * verified unless the application says otherwise. Interruption while a name is resolved, a connection is opened, or a TLS
 * handshake is made destroys the socket.
 *
 * @example
 * ```ts
 * import { connect } from "node:net"
 * import { NodeDuplex, NodeTransport } from "@effect-websocket/node"
 * import { Config, Effect } from "effect"
 *
 * // From the configuration; as services, between which a program may choose; or of a stream that is there already.
 * const fromConfig = [
 *   NodeTransport.layerTcpConfig({ noDelay: Config.boolean("NO_DELAY") }),
 *   NodeTransport.layerTlsConfig({ servername: Config.string("SERVER_NAME") }),
 *   NodeTransport.layerUnixConfig(Config.string("SOCKET"))
 * ]
 * const services = [
 *   NodeTransport.make(),
 *   NodeTransport.makeTcp(),
 *   NodeTransport.makeTls({ servername: "example.com" }),
 *   NodeTransport.makeUnix("/run/app.sock")
 * ]
 * const overTcp = Effect.provide(NodeTransport.makeTlsOver(), NodeTransport.layerTcp())
 * const opened = NodeTransport.fromDuplex(connect(8080, "127.0.0.1"))
 * const nobodys = NodeDuplex.unsafeMake(connect(8080, "127.0.0.1"))
 * ```
 */

import * as net from "node:net"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { type Duplex, formatAddress, type Target, Transport } from "effect-websocket/Transport"
import { TransportError } from "effect-websocket/WebSocketError"
import * as NodeDuplex from "./NodeDuplex.js"
import * as NodeError from "./NodeError.js"
import * as NodeSocket from "./NodeSocket.js"
import { defined, type TlsOptions, tlsClient } from "./NodeTlsClient.js"
import * as NodeTlsOver from "./NodeTlsOver.js"

export { fromDuplex } from "./NodeDuplex.js"
export type { TlsOptions } from "./NodeTlsClient.js"

type Service = Transport["Type"]
type Connect = (target: Target) => Effect.Effect<Duplex, TransportError, Scope.Scope>

/** Options of TCP. Those without a comment are what `net.connect` of Node.js says of them. */
export interface TcpOptions
  extends Pick<
    net.TcpNetConnectOpts,
    "autoSelectFamily" | "autoSelectFamilyAttemptTimeout" | "family" | "hints" | "localAddress" | "localPort" | "lookup"
  > {
  /** Sends small segments at once, without Nagle's algorithm. true. */
  readonly noDelay?: boolean | undefined
  /** Whether the kernel probes an idle connection. false. */
  readonly keepAlive?: boolean | undefined
  /** Silence before the first probe. What the kernel has. */
  readonly keepAliveInitialDelay?: Duration.DurationInput | undefined
}

const unsupported = (feature: string) => Effect.fail(new TransportError({ reason: { _tag: "Unsupported", feature } }))

const addressOf = ({ host, port }: Target): string => formatAddress({ _tag: "TcpAddress", hostname: host, port })

const tcpOptions = (options: TcpOptions, { host, port }: Target) => ({
  ...defined(options),
  host,
  port,
  allowHalfOpen: true,
  noDelay: options.noDelay ?? true,
  keepAlive: options.keepAlive ?? false,
  keepAliveInitialDelay: Duration.toMillis(options.keepAliveInitialDelay ?? 0)
})

const connectTcp =
  (options: TcpOptions): Connect =>
  (target) =>
    NodeSocket.open({
      // Paused at once: otherwise Node.js reads as soon as it is connected.
      create: () => net.connect(tcpOptions(options, target)).pause(),
      ready: "connect",
      use: (socket) => Effect.succeed(NodeDuplex.unsafeMake(socket)),
      failure: (cause) => NodeError.open(addressOf(target), cause)
    })

const connectTls = (options: TcpOptions & TlsOptions): Connect => {
  const client = tlsClient(options)
  const create = (target: Target) => {
    const { keepAlive, keepAliveInitialDelay, noDelay, ...tcp } = tcpOptions(options, target)
    return client.connect(target, tcp).setNoDelay(noDelay).setKeepAlive(keepAlive, keepAliveInitialDelay)
  }
  return (target) =>
    Effect.suspend(() => {
      let connected = false
      const onConnect = () => {
        connected = true
      }
      return NodeSocket.open({
        create: () => create(target).once("connect", onConnect),
        ready: "secureConnect",
        use: (socket) => client.duplex(socket),
        failure: (cause, socket) =>
          connected || socket === undefined ? NodeError.tlsHandshake(cause) : NodeError.open(addressOf(target), cause)
      })
    })
}

const connectUnix =
  (path: string): Connect =>
  () =>
    NodeSocket.open({
      create: () => net.connect({ path, allowHalfOpen: true }).pause(),
      ready: "connect",
      use: (socket) =>
        Effect.succeed(NodeDuplex.unsafeMake(socket, { info: { remote: Option.some({ _tag: "UnixAddress", path }) } })),
      failure: (cause) => NodeError.open(formatAddress({ _tag: "UnixAddress", path }), cause)
    })

/** TCP for `ws:`; `wss:` is refused. */
export const makeTcp = (options: TcpOptions = {}): Service => {
  const connect = connectTcp(options)
  return { connect: (target) => (target.secure ? unsupported("wss: over plain TCP") : connect(target)) }
}

/** TLS over TCP for `wss:`; `ws:` is refused. The end of a TLS stream without close_notify is an `EndOfStream`: Node.js does not tell. */
export const makeTls = (options: TcpOptions & TlsOptions = {}): Service => {
  const connect = connectTls(options)
  return { connect: (target) => (target.secure ? connect(target) : unsupported("ws: over TLS")) }
}

/** TCP for `ws:`, TLS over TCP for `wss:`. */
export const make = (options: TcpOptions & TlsOptions = {}): Service => {
  const tcp = connectTcp(options)
  const tls = connectTls(options)
  return { connect: (target) => (target.secure ? tls(target) : tcp(target)) }
}

/** A Unix socket, whatever the target's host and port are; `wss:` is refused. */
export const makeUnix = (path: string): Service => {
  const connect = connectUnix(path)
  return { connect: (target) => (target.secure ? unsupported("wss: over a plain Unix socket") : connect(target)) }
}

/** TLS for `wss:` over the connections of another Transport, which opens `ws:` unchanged. Its end without close_notify is `TlsTruncated`. */
export const makeTlsOver = (options: TlsOptions = {}): Effect.Effect<Service, never, Transport> =>
  Effect.map(Transport, (lower) => {
    const handshake = NodeTlsOver.client(options)
    const over: Connect = (target) =>
      Effect.flatMap(lower.connect({ ...target, secure: false, carriesTls: true }), (duplex) =>
        handshake(duplex, target)
      )
    return { connect: (target) => (target.secure ? over(target) : lower.connect(target)) }
  })

/** Provides `makeTcp`. */
export const layerTcp = (options?: TcpOptions): Layer.Layer<Transport> => Layer.sync(Transport, () => makeTcp(options))

/** Provides `makeTls`. */
export const layerTls = (options?: TcpOptions & TlsOptions): Layer.Layer<Transport> =>
  Layer.sync(Transport, () => makeTls(options))

/** Provides `make`. */
export const layer = (options?: TcpOptions & TlsOptions): Layer.Layer<Transport> =>
  Layer.sync(Transport, () => make(options))

/** Provides `makeUnix`. */
export const layerUnix = (path: string): Layer.Layer<Transport> => Layer.sync(Transport, () => makeUnix(path))

/** Provides `makeTlsOver`. */
export const layerTlsOver = (options?: TlsOptions): Layer.Layer<Transport, never, Transport> =>
  Layer.effect(Transport, makeTlsOver(options))

/**
 * `layer` with options from the configuration.
 *
 * @example
 * ```ts
 * import { NodeTransport } from "@effect-websocket/node"
 * import { Config, Redacted } from "effect"
 *
 * export const transport = NodeTransport.layerConfig({
 *   localAddress: Config.string("CLIENT_ADDRESS"),
 *   cert: Config.string("CLIENT_CERTIFICATE"),
 *   key: Config.map(Config.redacted("CLIENT_KEY"), Redacted.value)
 * })
 * ```
 */
export const layerConfig = (
  options: Config.Config.Wrap<TcpOptions & TlsOptions>
): Layer.Layer<Transport, ConfigError.ConfigError> => Layer.unwrapEffect(Effect.map(Config.unwrap(options), layer))

/** `layerTcp` with options from the configuration. */
export const layerTcpConfig = (
  options: Config.Config.Wrap<TcpOptions>
): Layer.Layer<Transport, ConfigError.ConfigError> => Layer.unwrapEffect(Effect.map(Config.unwrap(options), layerTcp))

/** `layerTls` with options from the configuration. */
export const layerTlsConfig = (
  options: Config.Config.Wrap<TcpOptions & TlsOptions>
): Layer.Layer<Transport, ConfigError.ConfigError> => Layer.unwrapEffect(Effect.map(Config.unwrap(options), layerTls))

/** `layerUnix` with the path from the configuration. */
export const layerUnixConfig = (path: Config.Config<string>): Layer.Layer<Transport, ConfigError.ConfigError> =>
  Layer.unwrapEffect(Effect.map(path, layerUnix))
