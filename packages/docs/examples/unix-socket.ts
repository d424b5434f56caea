/** Client and server over a Unix socket (Beast: `websocket/client/async-local`, `websocket/server/async-local`). */
import { NodeListener, NodeTransport } from "@effect-websocket/node"
import { Effect, Layer } from "effect"
import { WebSocket } from "effect-websocket"
import { client, server } from "./echo.js"

/** Serves at this path and talks to it: only the lowest layer is another one. */
export const program = (path: string) => {
  const socket = Layer.merge(NodeListener.layerUnix(path), NodeTransport.layerUnix(path))
  const layers = Layer.provideMerge(server, Layer.merge(WebSocket.layer, socket))
  return Effect.provide(client("ws://localhost/", "over a Unix socket"), layers)
}
