/**
 * `npm start -- serve`: a chat at `/chat`, an echo at `/echo`, and a page for browsers, on one port.
 *
 * Pages of other origins may not connect. An interruption closes all clients with 1001, and waits for them.
 */
import { NodeListener } from "@effect-websocket/node"
import { Console, Effect, Layer } from "effect"
import { Handshake, Limits, Listener, type Transport, WebSocket, WebSocketServer } from "effect-websocket"
import { Chat } from "./chat.js"
import { answer } from "./pages.js"
import { bold, dim, line } from "./paper.js"

type Room = "chat" | "echo"

const authorize = (request: Handshake.UpgradeRequest): Effect.Effect<Room, Handshake.Rejected> => {
  const path = Handshake.pathOf(request)
  if (path === "/chat" || path === "/echo") return Effect.succeed(path === "/chat" ? "chat" : "echo")
  return Effect.fail(Handshake.reject({ status: 404, body: "WebSockets are at /chat and /echo\n" }))
}

const talk = (chat: Chat, ws: WebSocket.WebSocket) =>
  Effect.zipRight(
    chat.join(ws),
    ws.run((message) => (typeof message === "string" ? chat.say(ws, message) : ws.close(1003, "a chat is text")))
  )

const echo = (ws: WebSocket.WebSocket) => ws.run((message) => ws.send(message))

const server = (chat: Chat) =>
  WebSocketServer.serve(
    { authorize, http: answer, origin: "same-origin", hosts: ["localhost", "127.0.0.1"] },
    (ws, room) => Effect.scoped(room === "chat" ? talk(chat, ws) : echo(ws))
  )

const announce = (address: Transport.Address) => {
  const port = address._tag === "TcpAddress" ? address.port : 0
  return Effect.all([
    Console.log(`${bold("An echo and chat server")}\n`),
    line("page", `http://localhost:${port}/   ${dim("open it in two windows")}`),
    line("chat", `ws://localhost:${port}/chat`),
    line("echo", `ws://localhost:${port}/echo`),
    line("", dim("Ctrl-C closes all clients with 1001 and stops\n"))
  ])
}

const untilInterrupted = (chat: Chat) =>
  Effect.never.pipe(
    Effect.onInterrupt(() => line("stopping", `${chat.size} in the chat, closing everybody with 1001 (Going Away)`))
  )

const serveChat = (chat: Chat, port: number) => {
  const limits = Limits.layer({ maxMessageSize: 16 * 1024, closeTimeout: "2 seconds" })
  const layers = Layer.provideMerge(
    server(chat),
    Layer.mergeAll(WebSocket.layer, NodeListener.layerTcp({ port }), limits)
  )
  const program = Effect.gen(function* () {
    const { address } = yield* Listener.Listener
    yield* announce(address)
    yield* untilInterrupted(chat)
  })
  return Effect.provide(program, layers).pipe(Effect.onInterrupt(() => line("stopped", "nobody is connected any more")))
}

/** Serves on 127.0.0.1 until interrupted. The port 0 is a free one. */
export const serve = (port: number) => Effect.flatMap(Chat.make, (chat) => serveChat(chat, port))
