import { describe, expect } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { hostTurn } from "../../src/host/HostTurn.js"
import * as MemoryTransport from "../../src/MemoryTransport.js"
import { whileThere } from "../../src/server/whileThere.js"
import { test, turns } from "../support/leavesNothing.js"
import { octets, text, wire } from "../support/wire.js"

const none = octets("")

/** A server's end at work for its client. */
const atWork = (ahead = none) =>
  Effect.gen(function* () {
    const [near, server] = yield* MemoryTransport.pair({ capacity: 0 })
    const done = yield* Deferred.make<string>()
    const working = yield* Effect.fork(whileThere(server, ahead, Deferred.await(done)))
    yield* turns()
    return { client: wire(near), server, done, working }
  })

describe("work for a client", () => {
  test("is interrupted when the client resets the connection", function* () {
    const { client, working } = yield* atWork()
    yield* client.duplex.abort
    expect(Exit.isInterrupted(yield* Fiber.await(working))).toBe(true)
  })

  test("RFC 9112 §9.6: goes on when the client ends its side, which may wait for its answer", function* () {
    const { client, done, server, working } = yield* atWork()
    yield* client.duplex.end
    yield* turns()
    yield* Deferred.succeed(done, "answer")
    expect((yield* Fiber.join(working)).result).toBe("answer")
    expect(yield* Effect.flip(server.pull)).toMatchObject({ reason: { _tag: "EndOfStream" } })
  })

  test("RFC 9112 §9.3.2: one read of what a client pipelines is kept, and nothing more is read", function* () {
    const { client, done, server, working } = yield* atWork()
    yield* client.write("one")
    yield* turns()
    const second = yield* Effect.fork(client.write("two"))
    yield* turns()
    yield* client.duplex.end
    yield* Deferred.succeed(done, "answer")
    const { ahead } = yield* Fiber.join(working)
    expect(text(ahead)).toBe("one")
    expect((yield* server.pull).map(text)).toEqual(["two"])
    yield* Fiber.join(second)
  })

  test("with something in hand nothing is read, and a reset is not noticed", function* () {
    const { client, done, working } = yield* atWork(octets("GET"))
    yield* client.duplex.abort
    yield* turns()
    expect(Option.isNone(yield* Fiber.poll(working))).toBe(true)
    yield* Deferred.succeed(done, "answer")
    expect(text((yield* Fiber.join(working)).ahead)).toBe("GET")
  })

  test("loses no octets, whenever they come and whenever it is done", function* () {
    for (let moment = 0; moment < 30; moment++) {
      const { client, done, server, working } = yield* atWork()
      const writing = yield* Effect.fork(Effect.zipRight(turns(moment % 5), client.write("GET")))
      yield* Effect.repeatN(hostTurn, Math.floor(moment / 5))
      yield* Deferred.succeed(done, "answer")
      const { ahead } = yield* Fiber.join(working)
      yield* Fiber.join(writing)
      expect(ahead.length > 0 ? text(ahead) : (yield* server.pull).map(text).join("")).toBe("GET")
    }
  })

  test("ends with what the work fails with, and leaves nobody who reads", function* () {
    const [near, server] = yield* MemoryTransport.pair({ capacity: 0 })
    expect(yield* Effect.flip(whileThere(server, none, Effect.fail("no")))).toBe("no")
    yield* wire(near).write("later")
    expect((yield* server.pull).map(text)).toEqual(["later"])
  })
})
