import * as v8 from "node:v8"
import * as vm from "node:vm"
import { describe, expect, it } from "@effect/vitest"
import * as NodeListener from "@effect-websocket/node/NodeListener"
import * as NodeTransport from "@effect-websocket/node/NodeTransport"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Supervisor from "effect/Supervisor"
import * as Listener from "effect-websocket/Listener"
import * as MemoryTransport from "effect-websocket/MemoryTransport"
import * as WebSocket from "effect-websocket/WebSocket"
import * as WebSocketServer from "effect-websocket/WebSocketServer"

const transports = {
  memory: MemoryTransport.layer,
  TCP: Layer.merge(NodeTransport.layerTcp(), NodeListener.layerTcp())
}

/** Sockets are read, and fibers that are done have ended. */
const turn = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))

describe("an idle connection", () => {
  for (const [name, transport] of Object.entries(transports)) {
    it.scopedLive(`over ${name} is one suspended fiber, the one of its handler, with deadlines and all`, () =>
      Effect.gen(function* () {
        const supervisor = yield* Supervisor.track
        const waiting = yield* Queue.unbounded<void>()
        const server = WebSocketServer.serve((ws) => Effect.zipRight(waiting.offer(undefined), ws.pull))
        const layers = Layer.provideMerge(server, Layer.merge(WebSocket.layer, transport))
        // Server and clients are watched alike: a client's connection has no fiber of its own.
        const context = yield* Effect.supervised(Layer.build(layers), supervisor)
        const uri = yield* Effect.provide(Listener.uri("/"), context)
        const connect = (count: number) =>
          Effect.gen(function* () {
            const one = Effect.provide(WebSocket.connect(uri), context)
            yield* Effect.supervised(Effect.replicateEffect(one, count, { discard: true }), supervisor)
            yield* Effect.replicateEffect(Queue.take(waiting), count, { discard: true })
            yield* Effect.repeatN(turn, 20)
            return (yield* supervisor.value).length
          })
        const few = yield* connect(3)
        const many = yield* connect(20)
        expect(many - few).toBe(20)
      })
    )
  }
})

/** Calls the garbage collector. */
const collect = (): void => {
  v8.setFlagsFromString("--expose-gc")
  const gc = vm.runInNewContext("gc") as () => void
  gc()
}

/** Octets of all buffers of this process. V8 frees buffers beside the program: the second collection waits for that of the first. */
const buffers = Effect.map(Effect.repeatN(turn, 5), () => {
  collect()
  collect()
  return process.memoryUsage().arrayBuffers
})

describe("PARITY B-14: buffers of idle connections", () => {
  it.scopedLive("there are none: 50 connections that have exchanged a message hold less than 100 octets each", () =>
    Effect.gen(function* () {
      const layers = Layer.provideMerge(
        WebSocketServer.serve((ws) => ws.run((message) => ws.send(message))),
        Layer.merge(WebSocket.layer, MemoryTransport.layer)
      )
      const context = yield* Layer.build(layers)
      const exchange = Effect.gen(function* () {
        const ws = yield* WebSocket.connect("ws://memory/")
        yield* ws.send("x".repeat(2000))
        return (yield* ws.receive).length
      })
      expect(yield* Effect.provide(exchange, context)).toBe(2000)
      const before = yield* buffers
      yield* Effect.provide(Effect.replicateEffect(exchange, 50, { discard: true }), context)
      expect((yield* buffers) - before).toBeLessThan(50 * 100)
    })
  )
})
