import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Listener } from "../src/Listener.js"
import * as MemoryTransport from "../src/MemoryTransport.js"
import * as RateLimit from "../src/RateLimit.js"
import { type Duplex, Transport } from "../src/Transport.js"
import { transportContract } from "../src/testing/transportContract.js"
import * as WebSocket from "../src/WebSocket.js"
import * as WebSocketServer from "../src/WebSocketServer.js"
import { test, turns } from "./support/leavesNothing.js"
import { pass, whilePassing } from "./support/passing.js"
import { octets } from "./support/peer.js"

const memory = MemoryTransport.layer

const both = (limits: RateLimit.RateLimits) =>
  Layer.merge(RateLimit.layerTransport(limits), RateLimit.layerListener(limits)).pipe(Layer.provide(memory))

for (const [name, limits] of Object.entries({
  "without limits": {},
  "at 300 kB a second each way": { readBytesPerSecond: 300_000, writeBytesPerSecond: 300_000 },
  "reading 200 kB a second": { readBytesPerSecond: 200_000 },
  "writing 200 kB a second": { writeBytesPerSecond: 200_000 }
})) {
  describe(`Transport contract over memory, ${name}`, () => {
    for (const { effect, name } of transportContract) {
      it.scoped(name, () => whilePassing(Effect.provide(effect, both(limits))))
    }
  })
}

const target = { host: "any.host", port: 80, secure: false }

describe("PARITY R-02, R-05: a policy", () => {
  test("is without limits unless they are given", function* () {
    const policy = yield* RateLimit.make()
    expect(yield* policy.limits).toEqual({ readBytesPerSecond: Infinity, writeBytesPerSecond: Infinity })
  })

  test("can be changed while it is in use: what is not given stays", function* () {
    const [lower, server] = yield* MemoryTransport.pair()
    const policy = yield* RateLimit.make({ readBytesPerSecond: 7, writeBytesPerSecond: 10 })
    const client = yield* RateLimit.limit(lower, policy)
    let arrived = 0
    server.unsafeReceive(
      ({ length }) => {
        arrived += length
      },
      () => {}
    )
    client.unsafeWrite([octets(100)])
    yield* turns()
    yield* policy.setLimits({ writeBytesPerSecond: 30 })
    expect(yield* policy.limits).toEqual({ readBytesPerSecond: 7, writeBytesPerSecond: 30 })
    yield* turns()
    expect(arrived).toBe(10)
    yield* pass("1 second")
    expect(arrived).toBe(40)
    yield* policy.setLimits({ writeBytesPerSecond: Infinity })
    yield* pass("1 second")
    expect(arrived).toBe(100)
  })

  test("limits that are none are an OptionError, and change nothing", function* () {
    const policy = yield* RateLimit.make({ readBytesPerSecond: 5 })
    for (const wrong of [0, -1, 1.5, Number.NaN, -Infinity]) {
      const error = yield* Effect.flip(RateLimit.make({ writeBytesPerSecond: wrong }))
      expect(error.message).toBe("option writeBytesPerSecond: an integer of at least 1, or Infinity")
      yield* Effect.flip(policy.setLimits({ readBytesPerSecond: 9, writeBytesPerSecond: wrong }))
      yield* Effect.flip(Effect.scoped(Layer.build(both({ readBytesPerSecond: wrong }))))
    }
    expect(yield* policy.limits).toEqual({ readBytesPerSecond: 5, writeBytesPerSecond: Infinity })
  })

  test("R-03: an allowance may be of one's own making", function* () {
    const [lower, server] = yield* MemoryTransport.pair()
    const waiting: Array<() => void> = []
    let left = 3
    const own: RateLimit.Allowance = {
      unsafeTake: (wanted) => {
        const taken = Math.min(wanted, left)
        left -= taken
        return taken
      },
      unsafeIsUsedUp: () => left === 0,
      unsafeOnRenewal: (callback) => {
        waiting.push(callback)
        return () => {}
      }
    }
    const client = yield* RateLimit.limit(lower, { read: own, write: own })
    client.unsafeWrite([octets(5)])
    expect((yield* server.pull)[0].length).toBe(3)
    yield* turns()
    left = 10
    waiting.shift()?.()
    expect((yield* server.pull)[0].length).toBe(2)
  })
})

/** How many octets the servers of some clients have received, all together and each. */
const arrivals = (limits: RateLimit.RateLimits | RateLimit.RatePolicy) =>
  Effect.gen(function* () {
    const layers = Layer.provideMerge(RateLimit.layerTransport(limits), memory)
    const context = yield* Layer.build(layers)
    const arrived: Array<number> = []
    const count = (duplex: Duplex) =>
      Effect.sync(() => {
        const at = arrived.push(0) - 1
        duplex.unsafeReceive(
          ({ length }) => {
            arrived[at] += length
          },
          () => {}
        )
      })
    const serve = Effect.flatMap(Listener, ({ accept }) =>
      accept((duplex) => Effect.zipRight(count(duplex), Effect.never))
    )
    yield* Effect.forkScoped(Effect.provide(serve, context))
    const connect = Effect.provide(
      Effect.flatMap(Transport, (transport) => transport.connect(target)),
      context
    )
    const clients = yield* Effect.all([connect, connect, connect])
    for (const client of clients) client.unsafeWrite([octets(1000)])
    return arrived
  })

describe("PARITY R-06: layers", () => {
  test("limits are those of each connection by itself", function* () {
    const arrived = yield* arrivals({ writeBytesPerSecond: 10 })
    yield* turns()
    expect(arrived).toEqual([10, 10, 10])
    yield* pass("1 second")
    expect(arrived).toEqual([20, 20, 20])
  })

  test("a policy is shared by all connections, which take turns", function* () {
    const arrived = yield* arrivals(yield* RateLimit.make({ writeBytesPerSecond: 10 }))
    yield* turns()
    expect(arrived).toEqual([10, 0, 0])
    yield* pass("1 second")
    yield* pass("1 second")
    expect(arrived.reduce((sum, count) => sum + count)).toBe(30)
    for (let second = 0; second < 3; second++) yield* pass("1 second")
    expect(arrived.map((count) => count > 0)).toEqual([true, true, true])
    expect(arrived.reduce((sum, count) => sum + count)).toBe(60)
  })

  test("a WebSocket over limited connections: everything arrives, later", function* () {
    const server = WebSocketServer.serve((ws) => ws.run((message) => ws.send(message)))
    const limits = { readBytesPerSecond: 1000, writeBytesPerSecond: 1000 }
    const transport = Layer.merge(RateLimit.layerTransport(limits), RateLimit.layerListener(limits))
    const layers = Layer.provideMerge(server, Layer.merge(WebSocket.layer, Layer.provide(transport, memory)))
    const echoed = Effect.gen(function* () {
      const ws = yield* WebSocket.connect("ws://any.host/")
      yield* ws.send(octets(5000))
      return yield* ws.receive
    })
    expect(yield* whilePassing(Effect.scoped(Effect.provide(echoed, layers)))).toEqual(octets(5000))
  })
})
