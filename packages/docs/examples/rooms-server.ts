/** The rooms on a TCP port, with their page: `rooms-server.ts 8080`, then http://localhost:8080/?room=tea in two windows. */

import { NodeRuntime } from "@effect/platform-node"
import { NodeListener } from "@effect-websocket/node"
import { Layer } from "effect"
import { WebSocket } from "effect-websocket"
import { server } from "./rooms.js"

const port = Number(process.argv[2] ?? 8080)

server.pipe(
  Layer.provide(Layer.merge(WebSocket.layer, NodeListener.layerTcp({ port }))),
  Layer.launch,
  NodeRuntime.runMain
)
