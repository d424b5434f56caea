/** The client of this library, through its public API: it sends back what the sink sends, in each style. */
import * as NodeTransport from "@effect-websocket/node/NodeTransport"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as WebSocket from "effect-websocket/WebSocket"
import { ready } from "./Control.js"
import { echoing } from "./echoing.js"
import { observing } from "./observing.js"
import { setting, uriOf } from "./Setting.js"

const own = setting()
const [name, watching] = observing(own.style)
const echo = echoing(name)

const connection = Effect.scoped(Effect.flatMap(WebSocket.connect(uriOf(own)), echo))

ready(0)
Effect.replicateEffect(connection, own.connections, { concurrency: "unbounded", discard: true }).pipe(
  Effect.provide(Layer.mergeAll(WebSocket.layer, NodeTransport.layerTcp(), watching)),
  Effect.runFork
)
