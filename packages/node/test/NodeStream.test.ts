import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TransportError } from "effect-websocket/WebSocketError"
import * as NodeDuplex from "../src/NodeDuplex.js"
import * as NodeStream from "../src/NodeStream.js"
import { event, pattern, readAll, socketPair, turns, until } from "./support/sockets.js"

/** A stream over our Duplex over TCP, and the peer's socket. */
const pair = Effect.gen(function* () {
  const { far, near } = yield* socketPair
  const duplex = yield* NodeDuplex.fromDuplex(near)
  return { native: (yield* NodeStream.make(duplex)).on("error", () => {}), duplex, far, near }
})

describe("a Duplex as a stream of Node.js", () => {
  it.scopedLive("nothing is read until somebody asks, and what is read is copied", () =>
    Effect.gen(function* () {
      const { far, native, near } = yield* pair
      far.end(pattern(1_000_000))
      yield* turns(50)
      expect(near.bytesRead).toBe(0)
      const chunks: Array<Buffer> = []
      native.on("data", (chunk) => chunks.push(chunk))
      yield* event(native, "end")
      expect(Buffer.concat(chunks).equals(pattern(1_000_000))).toBe(true)
    })
  )

  it.scopedLive("a paused stream stops the peer", () =>
    Effect.gen(function* () {
      const { far, native } = yield* pair
      native.on("data", () => native.pause())
      far.write(pattern(32 * 1024 * 1024))
      yield* turns(100)
      expect(far.writableLength).toBeGreaterThan(0)
    })
  )

  it.scopedLive(
    "empty writes are done at once; what comes meanwhile comes behind them, in order, and then the end",
    () =>
      Effect.gen(function* () {
        const { far, native } = yield* pair
        const log: Array<string> = []
        native.on("data", (chunk) => log.push(String(chunk))).on("end", () => log.push("end"))
        for (const text of ["a", "b", "c"]) {
          native.write("", () => log.push("written"))
          far.write(text)
          yield* turns(1)
        }
        far.end()
        native.write("", () => log.push("written"))
        yield* until(() => log.includes("end"))
        expect(log.filter((entry) => entry === "written").length).toBe(4)
        expect(log.filter((entry) => entry !== "written").join("")).toBe("abcend")
      })
  )

  it.scopedLive("a write is done when the Duplex has passed it on", () =>
    Effect.gen(function* () {
      const { duplex, far, native } = yield* pair
      let done = false
      native.write(pattern(16 * 1024 * 1024), () => {
        done = true
      })
      yield* turns(50)
      expect(done).toBe(false)
      far.resume()
      yield* until(() => done)
      expect(duplex.unsafeBuffered()).toBe(0)
    })
  )

  it.scopedLive("end is a half-close: reading goes on", () =>
    Effect.gen(function* () {
      const { far, native } = yield* pair
      native.end("the last words")
      far.resume()
      expect(String(yield* event(far, "data"))).toBe("the last words")
      yield* event(far, "end")
      far.write("an answer")
      expect(String(yield* event(native, "data"))).toBe("an answer")
    })
  )

  it.scopedLive("a failure of the Duplex is the error of the stream", () =>
    Effect.gen(function* () {
      const { far, native } = yield* pair
      native.resume()
      const failing = yield* Effect.fork(event(native, "error"))
      yield* turns()
      far.resetAndDestroy()
      const error = yield* Fiber.join(failing)
      expect(error).toBeInstanceOf(TransportError)
      expect((error as TransportError).reason._tag).toBe("Reset")
    })
  )

  it.scopedLive("a write which fails is an error", () =>
    Effect.gen(function* () {
      const { duplex, native } = yield* pair
      const failing = yield* Effect.fork(event(native, "error"))
      native.write(pattern(16 * 1024 * 1024))
      yield* turns()
      yield* duplex.abort
      expect(yield* Fiber.join(failing)).toBeInstanceOf(TransportError)
    })
  )

  it.scopedLive("destroying it aborts the Duplex", () =>
    Effect.gen(function* () {
      const { far, native, near } = yield* pair
      native.destroy()
      far.resume()
      yield* event(far, "end")
      expect(near.destroyed).toBe(true)
    })
  )

  it.scopedLive("there and back again is the same Duplex to its user", () =>
    Effect.gen(function* () {
      const { far, native } = yield* pair
      const duplex = yield* NodeDuplex.fromDuplex(native)
      far.end(pattern(100_000))
      const { error, octets } = yield* readAll(duplex)
      expect(octets.equals(pattern(100_000))).toBe(true)
      expect(error.reason._tag).toBe("EndOfStream")
      duplex.unsafeWrite([Buffer.from("back")])
      yield* duplex.drain
      far.resume()
      expect(String(yield* event(far, "data"))).toBe("back")
    })
  )
})
