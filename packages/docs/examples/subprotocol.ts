/** Client and server agree on a subprotocol (Beast: "Subprotocols" of the page on handshaking). */
import { Effect, Match } from "effect"
import { WebSocket, WebSocketServer } from "effect-websocket"

/** The server's preference decides; a client that offers none of these gets 400. */
export const server = WebSocketServer.serve(
  (ws) =>
    Match.value(ws.negotiated.subprotocol).pipe(
      Match.when("shout.v2", () => ws.run((message) => ws.send(`${message}!`.toUpperCase()))),
      Match.orElse(() => ws.run((message) => ws.send(`${message}!`)))
    ),
  { subprotocols: ["shout.v2", "shout.v1"], requireSubprotocol: true }
)

/** What was agreed, and an answer in it. */
export const client = (uri: string, subprotocols: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const ws = yield* WebSocket.connect(uri, { subprotocols })
    yield* ws.send("hello")
    return { agreed: ws.negotiated.subprotocol, answer: yield* ws.receive }
  }).pipe(Effect.scoped)
