import { describe, expect, it } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { Observers } from "../../src/connection/Observers.js"
import type { ControlFrame } from "../../src/connection/WebSocket.js"

const ping = (octet: number): ControlFrame => ({ _tag: "Ping", payload: Uint8Array.of(octet) })

const watch = (observers: Observers) =>
  Effect.tap(Effect.fork(Effect.map(Stream.runCollect(observers.stream), Chunk.toReadonlyArray)), () =>
    Effect.repeatN(Effect.yieldNow(), 10)
  )

describe("PARITY C-04: those who watch control frames", () => {
  it.effect("each sees all frames from its begin on, in order, and the end", () =>
    Effect.gen(function* () {
      const observers = new Observers()
      expect(observers.isEmpty).toBe(true)
      observers.tell(ping(0))
      const one = yield* watch(observers)
      observers.tell(ping(1))
      const two = yield* watch(observers)
      observers.tell(ping(2))
      observers.end()
      expect(yield* Fiber.join(one)).toEqual([ping(1), ping(2)])
      expect(yield* Fiber.join(two)).toEqual([ping(2)])
    })
  )

  it.effect("a slow one loses the oldest of 64, and still sees the end", () =>
    Effect.gen(function* () {
      const observers = new Observers()
      const slow = yield* watch(observers)
      for (let octet = 0; octet < 100; octet++) observers.tell(ping(octet))
      observers.end()
      const seen = yield* Fiber.join(slow)
      expect(seen.length).toBeLessThanOrEqual(65)
      expect(seen.at(-1)).toEqual(ping(99))
    })
  )

  it.effect("nothing is kept when nobody watches any more; after the end there is nothing to see", () =>
    Effect.gen(function* () {
      const observers = new Observers()
      const one = yield* watch(observers)
      expect(observers.isEmpty).toBe(false)
      yield* Fiber.interrupt(one)
      expect(observers.isEmpty).toBe(true)
      observers.end()
      expect(yield* Stream.runCollect(observers.stream)).toEqual(Chunk.empty())
    })
  )
})
