/**
 * A server of this library as `SocketServer` of @effect/platform: its handlers get a `Socket` for each connection.
 *
 * Connections and messages that come before anybody asks for them wait, bounded. A handler that fails closes its connection
 * with 1011, the end of the server all of them with 1001.
 *
 * @example
 * ```ts
 * import { NodeListener } from "@effect-websocket/node"
 * import { PlatformSocketServer } from "@effect-websocket/platform"
 * import { Layer } from "effect"
 *
 * const server = PlatformSocketServer.layerSocketServer().pipe(Layer.provide(NodeListener.layerTcp({ port: 8080 })))
 * ```
 */
import * as Socket from "@effect/platform/Socket"
import * as SocketServer from "@effect/platform/SocketServer"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { Listener } from "effect-websocket/Listener"
import { type Address, formatAddress } from "effect-websocket/Transport"
import type { WebSocket } from "effect-websocket/WebSocket"
import type { OptionError, TransportError } from "effect-websocket/WebSocketError"
import * as WebSocketServer from "effect-websocket/WebSocketServer"
import { Connection } from "./Connection.js"
import { fromWebSocket, type SocketOptions } from "./PlatformSocket.js"

/** How a server accepts, and how its connections behave as Sockets. */
export interface ServeOptions<A = unknown, R = never> extends WebSocketServer.ServeOptions<A, R>, SocketOptions {}

type Service = SocketServer.SocketServer["Type"]

/** It knows no addresses but those of TCP and of Unix sockets. */
const addressOf = (address: Address): SocketServer.Address =>
  address._tag === "MemoryAddress" ? { _tag: "UnixAddress", path: formatAddress(address) } : address

const serverError = (cause: OptionError | TransportError): SocketServer.SocketServerError =>
  new SocketServer.SocketServerError({ reason: cause._tag === "OptionError" ? "Open" : "Unknown", cause })

/** The end of a connection is its own, not a failure of the handler. */
const ownError = (error: unknown): unknown =>
  Socket.isSocketError(error) && error.reason === "Close" ? (error.cause ?? error) : error

/** What a handler's environment is: that of `run`, with the Scope of the connection, and the connection. */
const handling =
  <E, R, _>(
    handler: (socket: Socket.Socket) => Effect.Effect<_, E, R>,
    options: SocketOptions,
    environment: Context.Context<R>
  ) =>
  (ws: WebSocket): Effect.Effect<unknown, unknown, Scope.Scope> =>
    Effect.flatMap(Effect.scope, (scope) =>
      Effect.flatMap(fromWebSocket(ws, options), handler).pipe(
        Effect.mapError(ownError),
        Effect.provide(Context.add(Context.add(environment, Scope.Scope, scope), Connection, ws))
      )
    )

/**
 * A SocketServer over the Listener. Handlers have `Connection` in their context: the handshake, addresses, Pings.
 *
 * @example
 * ```ts
 * import { NodeListener } from "@effect-websocket/node"
 * import { PlatformSocketServer } from "@effect-websocket/platform"
 * import { Effect } from "effect"
 * import { WebSocket } from "effect-websocket"
 *
 * const program = Effect.gen(function* () {
 *   const { run } = yield* PlatformSocketServer.make()
 *   return yield* run((socket) => socket.runRaw((message) => Effect.log(message)))
 * }).pipe(Effect.provide([WebSocket.layer, NodeListener.layerTcp({ port: 8080 })]))
 * ```
 */
export const make = <A = unknown, P = never>(
  options: ServeOptions<A, P> = {}
): Effect.Effect<Service, never, WebSocketServer.Provided<P>> =>
  Effect.map(Effect.context<WebSocketServer.Provided<P>>(), (context) => ({
    address: addressOf(Context.get(context, Listener).address),
    run: <R, E, _>(handler: (socket: Socket.Socket) => Effect.Effect<_, E, R>) =>
      Effect.contextWithEffect((environment: Context.Context<R>) =>
        Effect.provide(WebSocketServer.run(options, handling(handler, options, environment)), context)
      ).pipe(Effect.mapError(serverError)) as Effect.Effect<never, SocketServer.SocketServerError, R>
  }))

/** Provides `make`. */
export const layerSocketServer = <A = unknown, P = never>(
  options?: ServeOptions<A, P>
): Layer.Layer<SocketServer.SocketServer, never, WebSocketServer.Provided<P>> =>
  Layer.effect(SocketServer.SocketServer, make(options))
