/** Whatever takes a `Socket` or a `SocketServer` of @effect/platform runs on ours, without knowing it. */
import * as DevToolsClient from "@effect/experimental/DevTools/Client"
import * as DevToolsServer from "@effect/experimental/DevTools/Server"
import { describe, expect, it } from "@effect/vitest"
import * as NodeListener from "@effect-websocket/node/NodeListener"
import * as NodeTransport from "@effect-websocket/node/NodeTransport"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Listener from "effect-websocket/Listener"
import * as MemoryTransport from "effect-websocket/MemoryTransport"
import * as WebSocket from "effect-websocket/WebSocket"
import * as PlatformSocket from "../src/PlatformSocket.js"
import * as PlatformSocketServer from "../src/PlatformSocketServer.js"
import { leavesNothing } from "./support/leavesNothing.js"
import { turns } from "./support/serving.js"

leavesNothing()

const transports = {
  "in memory": MemoryTransport.layer,
  "over TCP": Layer.merge(NodeTransport.layerTcp(), NodeListener.layerTcp())
}

describe("DevTools of @effect/experimental", () => {
  for (const [name, transport] of Object.entries(transports)) {
    it.scopedLive(`${name}: the server sees the spans of a client, as they begin and as they end`, () =>
      Effect.gen(function* () {
        const seen = yield* Queue.unbounded<string>()
        const server = DevToolsServer.run((client) =>
          Effect.forever(
            Effect.flatMap(client.queue.take, (request) =>
              request._tag === "Span" ? seen.offer(`${request.name} ${request.status._tag}`) : Effect.void
            )
          )
        )
        yield* Effect.forkScoped(Effect.provide(server, PlatformSocketServer.layerSocketServer()))
        const tracer = Layer.provide(DevToolsClient.layerTracer, PlatformSocket.layerSocket(yield* Listener.uri("/")))
        yield* turns().pipe(Effect.withSpan("watched"), Effect.provide(tracer))
        expect([yield* seen.take, yield* seen.take]).toEqual(["watched Started", "watched Ended"])
      }).pipe(Effect.provide(Layer.merge(WebSocket.layer, transport)))
    )
  }
})
