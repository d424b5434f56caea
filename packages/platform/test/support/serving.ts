/** A server in memory for the tests of this package, and what they wait for. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as MemoryTransport from "effect-websocket/MemoryTransport"
import type { Duplex } from "effect-websocket/Transport"
import * as WebSocket from "effect-websocket/WebSocket"
import * as WebSocketServer from "effect-websocket/WebSocketServer"

/** Where the server is: any host and port lead there. */
export const uri = "ws://any.host/chat"

/** The services of both sides, without a server. */
export const memory = Layer.provideMerge(WebSocket.layer, MemoryTransport.layer)

/** A server that handles each connection so. */
export const serving = <E, R>(
  handler: WebSocketServer.Handler<undefined, E, R>,
  options?: WebSocketServer.ServeOptions
) => Layer.provideMerge(WebSocketServer.serve(handler, options), memory)

/** The connection beneath a WebSocket of a server is gone without a Close frame. */
export const lose = (duplex: Duplex): Effect.Effect<void> => duplex.abort

/** Lets whatever can go on without time passing go on. */
export const turns = (count = 40): Effect.Effect<void> =>
  Effect.repeatN(
    Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve))),
    count
  )
