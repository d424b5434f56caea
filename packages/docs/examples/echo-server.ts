/** The echo server on a TCP port: `echo-server.ts 8080`. Ctrl+C closes every connection with 1001, and ends it. */

import { NodeRuntime } from "@effect/platform-node"
import { NodeCompression, NodeListener } from "@effect-websocket/node"
import { Console, Effect, Layer } from "effect"
import { Listener, WebSocket } from "effect-websocket"
import { compressing } from "./echo.js"

const port = Number(process.argv[2] ?? 8080)

const announced = Layer.effectDiscard(Effect.flatMap(Listener.uri("/"), Console.log))

Layer.mergeAll(compressing, announced).pipe(
  Layer.provide(Layer.mergeAll(WebSocket.layer, NodeCompression.layer, NodeListener.layerTcp({ port }))),
  Layer.launch,
  NodeRuntime.runMain
)
