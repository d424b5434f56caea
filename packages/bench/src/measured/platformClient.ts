/** The client of Effect's own platform: its Socket over the WebSocket of the host. */
import * as Socket from "@effect/platform/Socket"
import * as NodeSocket from "@effect/platform-node/NodeSocket"
import * as Effect from "effect/Effect"
import { ready } from "./Control.js"
import { setting, uriOf } from "./Setting.js"

const own = setting()

const connection = Effect.scoped(
  Effect.gen(function* () {
    const socket = yield* Socket.makeWebSocket(uriOf(own))
    const write = yield* socket.writer
    yield* socket.runRaw(write)
  })
)

ready(0)
Effect.replicateEffect(connection, own.connections, { concurrency: "unbounded", discard: true }).pipe(
  Effect.provide(NodeSocket.layerWebSocketConstructor),
  Effect.runFork
)
