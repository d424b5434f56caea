/** The echo client: `echo-client.ts ws://127.0.0.1:8080/ hello`. TLS for `wss:`, verified (Beast: `websocket/client/sync`, `sync-ssl`). */

import { NodeRuntime } from "@effect/platform-node"
import { NodeTransport } from "@effect-websocket/node"
import { Effect, Layer } from "effect"
import { WebSocket } from "effect-websocket"
import { client } from "./echo.js"

const [uri = "ws://127.0.0.1:8080/", text = "Hello, world!"] = process.argv.slice(2)

client(uri, text).pipe(Effect.provide(Layer.merge(WebSocket.layer, NodeTransport.layer())), NodeRuntime.runMain)
