import * as stream from "node:stream"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as NodeDuplex from "../src/NodeDuplex.js"
import { event, pattern, socketPair, turns, until } from "./support/sockets.js"

/** A stream which passes on what was written when it is told to. */
const held = (options: stream.DuplexOptions = {}) => {
  const waiting: Array<{ readonly chunk: Buffer; readonly done: (error?: Error) => void }> = []
  const written: Array<string> = []
  const native = new stream.Duplex({
    highWaterMark: 16,
    read() {},
    write: (chunk, _encoding, done) => void waiting.push({ chunk, done }),
    ...options
  })
  const pass = () => {
    const { chunk, done } = waiting.shift()!
    written.push(chunk.toString())
    done()
  }
  return { native, waiting, written, pass }
}

const octets = (length: number) => Buffer.alloc(length, "x")

describe("writing", () => {
  it.scopedLive("several chunks are one write of the system", () =>
    Effect.gen(function* () {
      const batches: Array<number> = []
      const native = new stream.Duplex({
        read() {},
        writev: (chunks, done) => {
          batches.push(chunks.length)
          done()
        }
      })
      const duplex = yield* NodeDuplex.fromDuplex(native)
      duplex.unsafeWrite([octets(1), octets(2), octets(3)])
      duplex.unsafeWrite([])
      duplex.unsafeWrite([octets(1)])
      expect(batches).toEqual([3, 1])
    })
  )

  it.scopedLive("after end, and on a dead stream, nothing is written and nothing thrown", () =>
    Effect.gen(function* () {
      const { native, written } = held({ write: (_chunk, _encoding, done) => done() })
      const errors: Array<unknown> = []
      native.on("error", (error) => errors.push(error))
      const duplex = yield* NodeDuplex.fromDuplex(native)
      yield* duplex.end
      yield* duplex.end
      duplex.unsafeWrite([octets(1)])
      yield* duplex.abort
      yield* duplex.end
      duplex.unsafeWrite([octets(1), octets(1)])
      yield* turns()
      expect(written).toEqual([])
      expect(errors).toEqual([])
    })
  )

  it.scopedLive("unsafeBuffered grows while the peer does not read, and drain waits until it does", () =>
    Effect.gen(function* () {
      const { far, near } = yield* socketPair
      const duplex = yield* NodeDuplex.fromDuplex(near)
      const chunk = pattern(1024 * 1024)
      for (let count = 0; count < 32; count++) duplex.unsafeWrite([chunk])
      yield* turns(50)
      expect(duplex.unsafeBuffered()).toBeGreaterThan(1024 * 1024)
      const draining = yield* Effect.fork(duplex.drain)
      yield* turns(50)
      expect((yield* Fiber.poll(draining))._tag).toBe("None")
      far.resume()
      yield* Fiber.join(draining)
      expect(duplex.unsafeBuffered()).toBe(0)
    })
  )
})

describe("drain", () => {
  it.scopedLive("is done at once when nothing is buffered", () =>
    Effect.gen(function* () {
      const { native } = held()
      yield* (yield* NodeDuplex.fromDuplex(native)).drain
      expect(native.eventNames()).not.toContain("drain")
    })
  )

  it.scopedLive.each([
    ["below", 5],
    ["above", 50]
  ] as const)("%s the high-water mark of Node.js, waits until all is passed on", ([, length]) =>
    Effect.gen(function* () {
      const { native, pass, waiting } = held()
      const duplex = yield* NodeDuplex.fromDuplex(native)
      duplex.unsafeWrite([octets(length)])
      duplex.unsafeWrite([octets(length)])
      expect(duplex.unsafeBuffered()).toBe(2 * length)
      const draining = yield* Effect.fork(duplex.drain)
      yield* turns()
      pass()
      yield* turns()
      expect((yield* Fiber.poll(draining))._tag).toBe("None")
      while (waiting.length > 0) pass()
      yield* Fiber.join(draining)
      expect(duplex.unsafeBuffered()).toBe(0)
    })
  )

  it.scopedLive("waits for what is written while it waits, too", () =>
    Effect.gen(function* () {
      const { native, pass, waiting } = held()
      const duplex = yield* NodeDuplex.fromDuplex(native)
      duplex.unsafeWrite([octets(5)])
      const draining = yield* Effect.fork(duplex.drain)
      yield* turns()
      duplex.unsafeWrite([octets(5)])
      pass()
      pass()
      yield* turns()
      expect((yield* Fiber.poll(draining))._tag).toBe("None")
      while (waiting.length > 0) {
        pass()
        yield* turns(1)
      }
      yield* Fiber.join(draining)
      expect(duplex.unsafeBuffered()).toBe(0)
    })
  )

  it.scopedLive.each([
    ["before", true],
    ["after", false]
  ] as const)("ends also when end was called %s it", ([, before]) =>
    Effect.gen(function* () {
      const { native, pass, waiting } = held()
      const duplex = yield* NodeDuplex.fromDuplex(native)
      duplex.unsafeWrite([octets(50)])
      if (before) yield* duplex.end
      const draining = yield* Effect.fork(duplex.drain)
      yield* turns()
      if (!before) yield* duplex.end
      while (waiting.length > 0) pass()
      yield* Fiber.join(draining)
    })
  )

  it.scopedLive("many may wait, and Node.js warns of no leak", () =>
    Effect.gen(function* () {
      const warnings: Array<unknown> = []
      const onWarning = (warning: unknown) => warnings.push(warning)
      process.on("warning", onWarning)
      const { native, pass, waiting } = held()
      const duplex = yield* NodeDuplex.fromDuplex(native)
      duplex.unsafeWrite([octets(50)])
      const draining = yield* Effect.forEach(Array.from({ length: 50 }), () => Effect.fork(duplex.drain))
      yield* turns()
      while (waiting.length > 0) pass()
      yield* Fiber.joinAll(draining)
      yield* turns()
      process.off("warning", onWarning)
      expect(warnings).toEqual([])
    })
  )

  it.scopedLive.each([5, 50])("fails when the connection ends with %i octets buffered", (length) =>
    Effect.gen(function* () {
      const { native } = held()
      const duplex = yield* NodeDuplex.fromDuplex(native)
      duplex.unsafeWrite([octets(length)])
      const draining = yield* Effect.fork(Effect.flip(duplex.drain))
      yield* turns()
      yield* duplex.abort
      expect((yield* Fiber.join(draining)).reason).toEqual({ _tag: "Read" })
      expect((yield* Effect.flip(duplex.drain)).reason).toEqual({ _tag: "Read" })
    })
  )

  it.scopedLive("fails with Write when the write fails", () =>
    Effect.gen(function* () {
      const { native, waiting } = held()
      const duplex = yield* NodeDuplex.fromDuplex(native)
      duplex.unsafeWrite([octets(5)])
      const draining = yield* Effect.fork(Effect.flip(duplex.drain))
      yield* turns()
      const cause = Object.assign(new Error("no route"), { code: "EHOSTUNREACH", syscall: "write" })
      waiting[0]!.done(cause)
      const error = yield* Fiber.join(draining)
      expect(error.reason).toEqual({ _tag: "Write" })
      expect(error.cause).toBe(cause)
    })
  )

  it.scopedLive("fails when the peer resets while it waits", () =>
    Effect.gen(function* () {
      const { far, near } = yield* socketPair
      const duplex = yield* NodeDuplex.fromDuplex(near)
      duplex.unsafeWrite([pattern(32 * 1024 * 1024)])
      const draining = yield* Effect.fork(Effect.flip(duplex.drain))
      yield* turns()
      far.resetAndDestroy()
      expect((yield* Fiber.join(draining)).reason).toEqual({ _tag: "Reset" })
    })
  )

  it.scopedLive("succeeds after both sides have ended in order", () =>
    Effect.gen(function* () {
      const { far, near } = yield* socketPair
      const duplex = yield* NodeDuplex.fromDuplex(near)
      duplex.unsafeWrite([octets(100)])
      far.resume().end()
      yield* duplex.teardown("server")
      yield* duplex.drain
    })
  )

  it.scopedLive("an interrupted drain leaves the others waiting", () =>
    Effect.gen(function* () {
      const { native, pass, waiting } = held()
      const duplex = yield* NodeDuplex.fromDuplex(native)
      duplex.unsafeWrite([octets(50)])
      const one = yield* Effect.fork(duplex.drain)
      const other = yield* Effect.fork(duplex.drain)
      yield* turns()
      yield* Fiber.interrupt(one)
      while (waiting.length > 0) pass()
      yield* Fiber.join(other)
    })
  )
})

describe("end", () => {
  it.scopedLive("comes after what is buffered", () =>
    Effect.gen(function* () {
      const { far, near } = yield* socketPair
      const duplex = yield* NodeDuplex.fromDuplex(near)
      duplex.unsafeWrite([pattern(3_000_000)])
      yield* duplex.end
      let length = 0
      far.on("data", (chunk) => {
        length += chunk.length
      })
      far.resume()
      yield* event(far, "end")
      expect(length).toBe(3_000_000)
      yield* until(() => near.writableFinished)
    })
  )
})
