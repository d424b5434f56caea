/**
 * @effect/rpc over WebSockets of this library, without an HTTP server of @effect/platform: over TCP, TLS, a Unix socket or memory.
 *
 * Within an HTTP application of @effect/platform nothing of this is needed: `RpcServer.layerProtocolWebsocket` runs on
 * `PlatformHttpServer` as it is.
 *
 * @example
 * ```ts
 * import { RpcSerialization } from "@effect/rpc"
 * import { RpcWebSocket } from "@effect-websocket/platform"
 * import { Layer } from "effect"
 *
 * const protocol = Layer.provide(RpcWebSocket.layerClient("wss://example.com/rpc"), RpcSerialization.layerMsgPack)
 * ```
 */
import * as Headers from "@effect/platform/Headers"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import type * as Socket from "@effect/platform/Socket"
import * as RpcClient from "@effect/rpc/RpcClient"
import type { RpcSerialization } from "@effect/rpc/RpcSerialization"
import * as RpcServer from "@effect/rpc/RpcServer"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { FrameStream } from "effect-websocket/FrameStream"
import type { Handshake } from "effect-websocket/Handshake"
import type { Transport } from "effect-websocket/Transport"
import type { WebSocket } from "effect-websocket/WebSocket"
import type { OptionError } from "effect-websocket/WebSocketError"
import * as WebSocketServer from "effect-websocket/WebSocketServer"
import * as PlatformSocket from "./PlatformSocket.js"
import type { ServeOptions } from "./PlatformSocketServer.js"

/** How a client connects, and connects again. */
export interface ClientOptions<E = never, R = never> extends Omit<PlatformSocket.ConnectOptions<E, R>, "finishWithin"> {
  /** Whether calls wait while no connection can be opened, instead of failing. Default false. */
  readonly retryTransientErrors?: boolean | undefined
  /** When to connect again. Default: that of @effect/rpc. */
  readonly retrySchedule?: Schedule.Schedule<unknown, Socket.SocketError> | undefined
}

/**
 * The protocol of an RPC client: it connects, and again whenever the connection has ended. A call whose connection ends fails
 * with `RpcClientError`, whose cause has the code and the reason.
 */
export const layerClient = <E = never, R = never, E2 = never, R2 = never>(
  uri: PlatformSocket.Uri<E2, R2>,
  options: ClientOptions<E, R> = {}
): Layer.Layer<
  RpcClient.Protocol,
  never,
  RpcSerialization | Transport | Handshake | FrameStream | Exclude<R | R2, Scope.Scope>
> =>
  RpcClient.layerProtocolSocket(options).pipe(
    // A stream that nobody reads is a handler that waits; what waits for it to finish would not connect again.
    Layer.provide(PlatformSocket.layerSocket(uri, { ...options, finishWithin: 0 }))
  )

const blank = HttpServerRequest.fromWeb(new Request("http://localhost/"))

/** The request of the handshake, as RPC asks for it: its headers are those of every call, and it gives the Socket. */
const requestOf = ({ negotiated }: WebSocket, socket: Socket.Socket): HttpServerRequest.HttpServerRequest => {
  const { fields, target } = negotiated.request
  const pairs = [...fields].map(({ name }) => [name, fields.combined(name) ?? ""] as const)
  return Object.create(blank, {
    url: { value: target },
    originalUrl: { value: target },
    headers: { value: Headers.fromInput(pairs) },
    upgrade: { value: Effect.succeed(socket) }
  })
}

/**
 * The protocol of an RPC server, over the Listener. The fields of the opening handshake are headers of each call: `authorization`
 * or `cookie` are where middleware looks for them. `authorize` refuses a client before it can call anything.
 */
export const layerServer = <A = unknown, P = never>(
  options: ServeOptions<A, P> = {}
): Layer.Layer<RpcServer.Protocol, OptionError, RpcSerialization | WebSocketServer.Provided<P>> =>
  Layer.scoped(
    RpcServer.Protocol,
    Effect.gen(function* () {
      const { httpApp, protocol } = yield* RpcServer.makeProtocolWithHttpAppWebsocket
      const serve = (ws: WebSocket) =>
        Effect.flatMap(PlatformSocket.fromWebSocket(ws, options), (socket) =>
          Effect.provideService(httpApp, HttpServerRequest.HttpServerRequest, requestOf(ws, socket))
        )
      yield* Layer.build(WebSocketServer.serve(options, serve))
      return protocol
    })
  ) as Layer.Layer<RpcServer.Protocol, OptionError, RpcSerialization | WebSocketServer.Provided<P>>
