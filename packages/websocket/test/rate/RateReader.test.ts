import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as MemoryTransport from "../../src/MemoryTransport.js"
import * as RateLimit from "../../src/RateLimit.js"
import type { Duplex } from "../../src/Transport.js"
import { test, turns } from "../support/leavesNothing.js"
import { pass, watching } from "../support/passing.js"
import { concat, octets } from "../support/peer.js"

/** A client, and a server that may read so much in a second. */
const limited = (readBytesPerSecond: number) =>
  Effect.gen(function* () {
    const [client, lower] = yield* MemoryTransport.pair({ capacity: 0 })
    const limiting = Effect.flatMap(RateLimit.make({ readBytesPerSecond }), (policy) => RateLimit.limit(lower, policy))
    const [server, fibers] = yield* watching(limiting)
    return { client, server, fibers }
  })

/** What was delivered: lengths, and the reason of the end. */
const received = (duplex: Duplex) => {
  const log: Array<number | string> = []
  const chunks: Array<Uint8Array> = []
  const flow = duplex.unsafeReceive(
    (chunk) => {
      chunks.push(chunk.slice())
      log.push(chunk.length)
    },
    ({ reason }) => log.push(reason._tag)
  )
  return { flow, log, all: () => concat(...chunks) }
}

describe("PARITY R-04: reading within an allowance", () => {
  test("a chunk that is larger is delivered in pieces, one each second", function* () {
    const { client, fibers, server } = yield* limited(10)
    const sent = octets(25)
    client.unsafeWrite([sent.slice()])
    yield* client.end
    const { all, log } = received(server)
    yield* turns()
    expect(log).toEqual([10])
    yield* pass("999 millis")
    expect(log).toEqual([10])
    yield* pass("1 millis")
    expect(log).toEqual([10, 10])
    yield* pass("1 second")
    expect(log).toEqual([10, 10, 5, "EndOfStream"])
    expect(all()).toEqual(sent)
    expect(yield* fibers).toBe(0)
  })

  test("used up, it stops reading: the peer's octets stay with the peer", function* () {
    const { client, server } = yield* limited(10)
    const { log } = received(server)
    client.unsafeWrite([octets(10)])
    yield* turns()
    client.unsafeWrite([octets(3)])
    client.unsafeWrite([octets(4)])
    yield* turns()
    expect(log).toEqual([10])
    expect(client.unsafeBuffered()).toBeGreaterThanOrEqual(4)
    yield* pass("1 second")
    expect(log).toEqual([10, 3, 4])
    expect(client.unsafeBuffered()).toBe(0)
  })

  test("a pause is obeyed within a second and at the begin of one, and nothing sleeps meanwhile", function* () {
    const { client, fibers, server } = yield* limited(10)
    const { flow, log } = received(server)
    client.unsafeWrite([octets(25)])
    yield* turns()
    flow.pause()
    yield* turns()
    expect(yield* fibers).toBe(0)
    yield* pass("5 seconds")
    expect(log).toEqual([10])
    flow.resume()
    flow.resume()
    yield* turns()
    expect(log).toEqual([10, 10])
    yield* pass("1 second")
    expect(log).toEqual([10, 10, 5])
  })

  test("pull gives pieces as well; its interruption loses nothing", function* () {
    const { client, server } = yield* limited(10)
    client.unsafeWrite([octets(15)])
    expect((yield* server.pull)[0].length).toBe(10)
    const pulling = yield* Effect.fork(server.pull)
    yield* turns()
    yield* Fiber.interrupt(pulling)
    yield* pass("1 second")
    const rest = yield* server.pull
    expect(concat(...rest)).toEqual(octets(15).slice(10))
  })

  test("octets are lent: what is held is a copy", function* () {
    const lent = octets(20)
    const [, lower] = yield* MemoryTransport.pair()
    const policy = yield* RateLimit.make({ readBytesPerSecond: 10 })
    const lending: Duplex = {
      ...lower,
      unsafeReceive: (onOctets) => {
        onOctets(lent)
        lent.fill(0)
        return { pause: () => {}, resume: () => {} }
      }
    }
    const { all } = received(yield* RateLimit.limit(lending, policy))
    yield* pass("1 second")
    expect(all()).toEqual(octets(20))
  })

  test("abort drops what is held, and tells the end once", function* () {
    const { client, fibers, server } = yield* limited(10)
    const { log } = received(server)
    client.unsafeWrite([octets(25)])
    yield* turns()
    yield* server.abort
    yield* turns()
    yield* pass("5 seconds")
    expect(log).toEqual([10, "Read"])
    expect(yield* fibers).toBe(0)
  })

  test("abort behind an end that could not be told yet", function* () {
    const { client, server } = yield* limited(10)
    const { log } = received(server)
    client.unsafeWrite([octets(25)])
    yield* turns()
    yield* client.abort
    yield* turns()
    expect(log).toEqual([10])
    yield* server.abort
    yield* turns()
    expect(log).toEqual([10, "Reset"])
  })

  test("RFC 6455 §7.1.1: teardown reads to the end, within the allowance", function* () {
    const { client, server } = yield* limited(10)
    const { log } = received(server)
    client.unsafeWrite([octets(30)])
    yield* client.end
    yield* turns()
    const closing = yield* Effect.fork(server.teardown("server"))
    yield* pass("1 second")
    yield* pass("1 second")
    yield* pass("1 second")
    yield* Fiber.join(closing)
    expect(log).toEqual([10, "EndOfStream"])
  })
})
