import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as MemoryTransport from "../../src/MemoryTransport.js"
import * as RateLimit from "../../src/RateLimit.js"
import type { MemoryOptions } from "../../src/transport/MemoryPipe.js"
import { test, turns } from "../support/leavesNothing.js"
import { pass, watching } from "../support/passing.js"
import { concat, octets } from "../support/peer.js"

/** A client that may write so much in a second, and what its server has received. */
const limited = (writeBytesPerSecond: number, memory?: MemoryOptions) =>
  Effect.gen(function* () {
    const [lower, server] = yield* MemoryTransport.pair(memory)
    const limiting = Effect.flatMap(RateLimit.make({ writeBytesPerSecond }), (policy) => RateLimit.limit(lower, policy))
    const [client, fibers] = yield* watching(limiting)
    const chunks: Array<Uint8Array> = []
    const ends: Array<string> = []
    const flow = server.unsafeReceive(
      (chunk) => chunks.push(chunk.slice()),
      ({ reason }) => ends.push(reason._tag)
    )
    return { client, server, fibers, flow, ends, all: () => concat(...chunks) }
  })

describe("PARITY R-04: writing within an allowance", () => {
  test("what exceeds it is held, and passed on in the next seconds, in order", function* () {
    const { all, client, fibers } = yield* limited(10)
    const sent = octets(32)
    client.unsafeWrite([sent.slice(0, 4), sent.slice(4, 25), sent.slice(25, 25)])
    client.unsafeWrite([sent.slice(25)])
    yield* turns()
    expect([all().length, client.unsafeBuffered()]).toEqual([10, 22])
    const draining = yield* Effect.fork(client.drain)
    yield* pass("1 second")
    expect([all().length, client.unsafeBuffered()]).toEqual([20, 12])
    yield* pass("1 second")
    expect([all().length, client.unsafeBuffered()]).toEqual([30, 2])
    expect(yield* Fiber.poll(draining)).toEqual(Option.none())
    yield* pass("1 second")
    expect([all(), client.unsafeBuffered()]).toEqual([sent, 0])
    yield* Fiber.join(draining)
    expect(yield* fibers).toBe(0)
  })

  test("what is allowed is passed on at once, without a fiber", function* () {
    const { client, fibers, server } = yield* limited(10)
    client.unsafeWrite([octets(10)])
    expect(client.unsafeBuffered()).toBe(0)
    yield* client.drain
    expect(yield* fibers).toBe(0)
    expect(server.unsafeBuffered()).toBe(0)
  })

  test("what the lower Duplex has not passed on counts as well, and drain waits for both", function* () {
    const { client, flow } = yield* limited(10, { capacity: 0 })
    flow.pause()
    client.unsafeWrite([octets(15)])
    expect(client.unsafeBuffered()).toBe(15)
    const draining = yield* Effect.fork(client.drain)
    yield* pass("1 second")
    expect(client.unsafeBuffered()).toBe(15)
    flow.resume()
    yield* pass("1 second")
    yield* Fiber.join(draining)
    expect(client.unsafeBuffered()).toBe(0)
  })

  test("end comes behind what is held; what is written after it is nothing", function* () {
    const { all, client, ends } = yield* limited(10)
    client.unsafeWrite([octets(15)])
    yield* client.end
    yield* client.end
    client.unsafeWrite([octets(1)])
    yield* turns()
    expect([all().length, ends]).toEqual([10, []])
    yield* pass("1 second")
    expect([all(), ends]).toEqual([octets(15), ["EndOfStream"]])
  })

  test("abort drops what is held, and fails who waits", function* () {
    const { all, client, ends, fibers } = yield* limited(10)
    client.unsafeWrite([octets(15)])
    const draining = yield* Effect.fork(client.drain)
    yield* turns()
    yield* client.abort
    expect(Exit.isFailure(yield* Fiber.await(draining))).toBe(true)
    expect(client.unsafeBuffered()).toBe(0)
    yield* pass("5 seconds")
    expect([all().length, ends]).toEqual([10, ["Reset"]])
    expect(Exit.isFailure(yield* Effect.exit(client.drain))).toBe(true)
    expect(yield* fibers).toBe(0)
  })

  test("a reset by the peer is seen with the next second: drain fails, and nothing is held any more", function* () {
    const { client, fibers, server } = yield* limited(10)
    client.unsafeWrite([octets(1000)])
    const draining = yield* Effect.fork(Effect.flip(client.drain))
    yield* turns()
    yield* server.abort
    yield* pass("1 second")
    expect((yield* Fiber.join(draining)).reason._tag).toBe("Reset")
    expect(client.unsafeBuffered()).toBe(0)
    client.unsafeWrite([octets(1000)])
    yield* pass("1 second")
    expect(yield* fibers).toBe(0)
  })

  test("an interrupted drain changes nothing", function* () {
    const { all, client } = yield* limited(10)
    client.unsafeWrite([octets(15)])
    yield* Fiber.interrupt(yield* Effect.fork(client.drain))
    yield* pass("1 second")
    yield* client.drain
    expect(all()).toEqual(octets(15))
  })

  test("the end of the Scope leaves nothing that waits or sleeps", function* () {
    const scope = yield* Scope.make()
    const { client, fibers, server } = yield* Scope.extend(limited(10), scope)
    client.unsafeWrite([octets(15)])
    server.unsafeWrite([octets(15)])
    yield* turns()
    expect(yield* fibers).toBeGreaterThan(0)
    yield* Scope.close(scope, Exit.void)
    yield* turns()
    expect(yield* fibers).toBe(0)
  })
})
