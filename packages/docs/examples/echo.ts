/** An echo server and its client, over any transport (Beast: `websocket/server/sync`, `async`, `awaitable`, and the clients of the same names). */
import { Console, Effect } from "effect"
import { WebSocket, WebSocketServer } from "effect-websocket"

/** What arrives goes back as it came: text as text, octets as octets, one after the other, with back-pressure. */
export const server = WebSocketServer.serve((ws) => ws.run((message) => ws.send(message)))

/** The same, compressed where the client offers it (Beast: `websocket/server/fast`). Needs the service Compression. */
export const compressing = WebSocketServer.serve((ws) => ws.run((message) => ws.send(message)), { compression: true })

/** Says something, prints the answer, and closes: written one line after the other, blocking nobody. */
export const client = (uri: string, text: string) =>
  Effect.gen(function* () {
    const ws = yield* WebSocket.connect(uri, { fields: { "User-Agent": "effect-websocket example" } })
    yield* ws.send(text)
    yield* Console.log(yield* ws.receive)
    const closure = yield* ws.close()
    yield* Console.log(closure.clean ? "closed" : "lost")
  }).pipe(Effect.scoped)
