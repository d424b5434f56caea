/** The server of this library, through its public API: echo in each style, or a broadcast. */
import * as NodeCompression from "@effect-websocket/node/NodeCompression"
import * as NodeListener from "@effect-websocket/node/NodeListener"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Broadcast from "effect-websocket/Broadcast"
import { Listener } from "effect-websocket/Listener"
import * as WebSocket from "effect-websocket/WebSocket"
import * as WebSocketServer from "effect-websocket/WebSocketServer"
import { ready } from "./Control.js"
import { certificate } from "./certificate.js"
import { echoing } from "./echoing.js"
import { observing } from "./observing.js"
import { setting } from "./Setting.js"

const { deflate, largest, mode, style, tls } = setting()
const [name, watching] = observing(style)
const topics = Effect.runSync(Broadcast.make())

/** To everybody, the sender included. */
const broadcast = (ws: WebSocket.WebSocket) =>
  Effect.zipRight(
    topics.subscribe("all", ws),
    ws.run((message) => topics.publish("all", message))
  )

const listener = tls ? NodeListener.layerTls({ ...certificate() }) : NodeListener.layerTcp()

const program = Effect.gen(function* () {
  const { address } = yield* Listener
  ready(address._tag === "TcpAddress" ? address.port : 0)
  yield* Effect.never
})

program.pipe(
  Effect.provide(
    WebSocketServer.serve(mode === "broadcast" ? broadcast : echoing(name), {
      compression: deflate && { threshold: 0 },
      limits: { maxMessageSize: largest, maxFrameSize: largest }
    })
  ),
  Effect.provide(Layer.mergeAll(WebSocket.layer, NodeCompression.layer, listener, watching)),
  Effect.runFork
)
