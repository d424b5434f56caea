import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as NodeDuplex from "../src/NodeDuplex.js"
import { pair, receive, silent } from "./support/duplexes.js"
import { pattern, read, readAll, turns, until } from "./support/sockets.js"

describe("reading", () => {
  it.scopedLive("nothing is read until somebody asks: the peer's writes stall, and then go on", () =>
    Effect.gen(function* () {
      const { duplex, far, near } = yield* pair
      const sent = pattern(32 * 1024 * 1024)
      far.write(sent)
      yield* turns(100)
      expect(near.bytesRead).toBe(0)
      expect(far.writableLength).toBeGreaterThan(0)
      expect((yield* read(duplex, sent.length)).equals(sent)).toBe(true)
      expect(near.isPaused()).toBe(true)
    })
  )

  it.scopedLive("an interrupted pull loses nothing, whenever the interruption comes", () =>
    Effect.gen(function* () {
      const { duplex, far } = yield* pair
      const sent = pattern(200_000)
      const received: Array<Uint8Array> = []
      const pulling = Effect.map(duplex.pull, (chunks) => received.push(...chunks))
      for (let offset = 0, delay = 0; offset < sent.length; offset += 1000, delay = (delay + 1) % 7) {
        const fiber = yield* Effect.fork(pulling)
        far.write(sent.subarray(offset, offset + 1000))
        yield* turns(delay)
        yield* Fiber.interrupt(fiber)
      }
      far.end()
      received.push((yield* readAll(duplex)).octets)
      expect(Buffer.concat(received).equals(sent)).toBe(true)
    })
  )

  it.scopedLive("after an interrupted pull nothing more is read", () =>
    Effect.gen(function* () {
      const { duplex, far, near } = yield* pair
      const fiber = yield* Effect.fork(duplex.pull)
      yield* turns()
      yield* Fiber.interrupt(fiber)
      expect(near.isPaused()).toBe(true)
      far.write("later")
      expect((yield* read(duplex, 5)).toString()).toBe("later")
    })
  )

  it.scopedLive("of two pulls each chunk goes to one, and the end to both", () =>
    Effect.gen(function* () {
      const { duplex, far } = yield* pair
      const first = yield* Effect.fork(readAll(duplex))
      const second = yield* Effect.fork(readAll(duplex))
      far.end(pattern(300_000))
      const results = [yield* Fiber.join(first), yield* Fiber.join(second)]
      expect(results.reduce((sum, { octets }) => sum + octets.length, 0)).toBe(300_000)
      expect(results.map(({ error }) => error.reason._tag)).toEqual(["EndOfStream", "EndOfStream"])
    })
  )

  it.scopedLive("what pull did not take comes first in unsafeReceive, after it has returned", () =>
    Effect.gen(function* () {
      const native = silent()
      const duplex = yield* NodeDuplex.fromDuplex(native)
      const fiber = yield* Effect.fork(duplex.pull)
      yield* turns()
      native.push("one ")
      yield* until(() => native.readableLength === 0)
      yield* Fiber.interrupt(fiber)
      native.push("two")
      const { chunks, octets } = receive(duplex)
      expect(chunks).toEqual([])
      yield* until(() => octets().toString().endsWith("two"))
      expect(["two", "one two"]).toContain(octets().toString())
    })
  )

  it.scopedLive("paused before the first octet, nothing comes until resume", () =>
    Effect.gen(function* () {
      const { duplex, far } = yield* pair
      const { chunks, flow, octets } = receive(duplex)
      flow.pause()
      far.write("octets")
      yield* turns(50)
      expect(chunks).toEqual([])
      flow.resume()
      flow.resume()
      yield* until(() => octets().toString() === "octets")
    })
  )

  it.scopedLive("the end of the peer is noticed at the latest when reading resumes", () =>
    Effect.gen(function* () {
      const { duplex, far } = yield* pair
      const { errors, flow, octets } = receive(duplex)
      flow.pause()
      far.end("octets")
      yield* turns(50)
      flow.resume()
      yield* until(() => errors.length > 0)
      expect(octets().toString()).toBe("octets")
      expect(errors.map(({ reason }) => reason._tag)).toEqual(["EndOfStream"])
    })
  )
})
