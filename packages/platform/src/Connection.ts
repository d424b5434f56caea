/**
 * The connection beneath a Socket of this library, in the context of its handlers: the handshake, addresses, Pings.
 */
import * as Context from "effect/Context"
import type { WebSocket } from "effect-websocket/WebSocket"

/** In the context of the handlers of a Socket, and of those of a SocketServer; `Effect.serviceOption` finds it. */
export class Connection extends Context.Tag("@effect-websocket/platform/Connection")<Connection, WebSocket>() {}
