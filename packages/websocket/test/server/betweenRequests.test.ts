import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import { defaultsOf } from "../../src/Limits.js"
import * as MemoryTransport from "../../src/MemoryTransport.js"
import { nextOctets, taken } from "../../src/server/betweenRequests.js"
import { test, turns } from "../support/leavesNothing.js"
import { octets, text, wire } from "../support/wire.js"

const limits = { ...defaultsOf("server"), highWaterMark: 100 }

/** A server's end, and its client; both keep no octets on the way. */
const connected = Effect.map(MemoryTransport.pair({ capacity: 0 }), ([near, far]) => ({
  client: wire(near),
  server: far
}))

describe("what was written before the next request", () => {
  test("is taken when no more than limits.highWaterMark of it is left", function* () {
    const { client, server } = yield* connected
    server.unsafeWrite([octets("x".repeat(100))])
    expect(yield* taken(server, limits)).toBe(true)
    server.unsafeWrite([octets("x")])
    const waiting = yield* Effect.fork(taken(server, limits))
    yield* turns()
    expect((yield* Fiber.poll(waiting))._tag).toBe("None")
    yield* client.take(101)
    expect(yield* Fiber.join(waiting)).toBe(true)
  })

  for (const [name, end] of [
    ["within limits.messageTimeout", TestClock.adjust("300 seconds")],
    ["before the client is gone", undefined]
  ] as const) {
    test(`is not taken when that does not come ${name}`, function* () {
      const { client, server } = yield* connected
      server.unsafeWrite([octets("x".repeat(101))])
      const waiting = yield* Effect.fork(nextOctets(server, octets("GET"), limits))
      yield* turns()
      yield* end ?? client.duplex.abort
      expect(yield* Fiber.join(waiting)).toBeUndefined()
    })
  }
})

describe("the octets of the next request", () => {
  test("are those which came with the last one, and then nothing is read", function* () {
    const { client, server } = yield* connected
    yield* client.write("later")
    expect(text((yield* nextOctets(server, octets("GET"), limits))!)).toBe("GET")
    expect(text((yield* nextOctets(server, octets(""), limits))!)).toBe("later")
  })

  test("are waited for, for limits.httpIdleTimeout; what comes later is not lost", function* () {
    const { client, server } = yield* connected
    const waiting = yield* Effect.fork(nextOctets(server, octets(""), limits))
    yield* turns()
    yield* TestClock.adjust("75 seconds")
    expect(yield* Fiber.join(waiting)).toBeUndefined()
    yield* client.write("GET")
    expect(text((yield* nextOctets(server, octets(""), limits))!)).toBe("GET")
  })

  for (const stop of ["end", "abort"] as const) {
    test(`do not come when the client has gone (${stop})`, function* () {
      const { client, server } = yield* connected
      yield* client.duplex[stop]
      expect(yield* nextOctets(server, octets(""), limits)).toBeUndefined()
    })
  }
})
