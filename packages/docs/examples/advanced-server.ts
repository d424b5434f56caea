/** HTTP and WebSockets on one port (Beast: `advanced/server`): pages for browsers, an echo at /echo, 404 for the rest. */
import { Effect } from "effect"
import { Handshake, WebSocketServer } from "effect-websocket"

const pages = new Map([
  ["/", { status: 200, fields: { "Content-Type": "text/html; charset=utf-8" }, body: "<h1>Hello</h1>" }],
  ["/health", { status: 200, body: "well\n" }]
])

export const server = WebSocketServer.serve(
  {
    // Ordinary requests. They are pipelined in order, and kept alive; bodies have limits.
    http: (request) =>
      Effect.succeed(pages.get(Handshake.pathOf(request)) ?? { status: 404, body: "there is nothing here\n" }),
    // Requests for a WebSocket: refused with a response, or accepted.
    authorize: (request) =>
      Handshake.pathOf(request) === "/echo"
        ? Effect.void
        : Effect.fail(Handshake.reject({ status: 404, body: "no WebSocket here\n" }))
  },
  (ws) => ws.run((message) => ws.send(message))
)
