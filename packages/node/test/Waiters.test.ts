import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { Waiters } from "../src/Waiters.js"
import { turns } from "./support/sockets.js"

describe("Waiters", () => {
  it.live("wake resumes all who wait, and nobody who comes later", () =>
    Effect.gen(function* () {
      const waiters = new Waiters()
      const first = yield* Effect.fork(waiters.waitFor(Effect.void))
      const second = yield* Effect.fork(waiters.waitFor(Effect.void))
      yield* turns()
      waiters.wake()
      yield* Fiber.join(first)
      yield* Fiber.join(second)
      const third = yield* Effect.fork(waiters.waitFor(Effect.void))
      yield* turns()
      expect((yield* Fiber.poll(third))._tag).toBe("None")
      waiters.wake()
      yield* Fiber.join(third)
    })
  )

  it.live("who is interrupted waits no more", () =>
    Effect.gen(function* () {
      const waiters = new Waiters()
      const fiber = yield* Effect.fork(waiters.waitFor(Effect.void))
      yield* turns()
      expect(waiters.isEmpty).toBe(false)
      yield* Fiber.interrupt(fiber)
      expect(waiters.isEmpty).toBe(true)
    })
  )

  it("wake without anybody is nothing", () => {
    new Waiters().wake()
  })
})
