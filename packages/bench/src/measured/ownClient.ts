/** The client of this library, through its public API: it sends back what the sink sends, in each style. */
import * as NodeTransport from "@effect-websocket/node/NodeTransport"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as WebSocket from "effect-websocket/WebSocket"
import { ready } from "./Control.js"
import { echoing } from "./echoing.js"
import { setting, uriOf } from "./Setting.js"

const own = setting()
const echo = echoing(own.style)

const connection = Effect.scoped(Effect.flatMap(WebSocket.connect(uriOf(own)), echo))

ready(0)
Effect.replicateEffect(connection, own.connections, { concurrency: "unbounded", discard: true }).pipe(
  Effect.provide(Layer.merge(WebSocket.layer, NodeTransport.layerTcp())),
  Effect.runFork
)
