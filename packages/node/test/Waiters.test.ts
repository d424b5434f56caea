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

  it.live("who is interrupted waits no more, and tells it", () =>
    Effect.gen(function* () {
      const waiters = new Waiters()
      const told: Array<boolean> = []
      const fiber = yield* Effect.fork(waiters.waitFor(Effect.void, () => told.push(waiters.isEmpty)))
      yield* turns()
      expect(waiters.isEmpty).toBe(false)
      yield* Fiber.interrupt(fiber)
      expect([waiters.isEmpty, told]).toEqual([true, [true]])
    })
  )

  it.live("one who was interrupted does not keep others from being woken, in their order", () =>
    Effect.gen(function* () {
      const waiters = new Waiters()
      const woken: Array<string> = []
      const wait = (name: string) => Effect.fork(waiters.waitFor(Effect.sync(() => void woken.push(name))))
      const [gone, second, third, fourth] = yield* Effect.forEach(["gone", "second", "third", "fourth"], wait)
      yield* turns()
      yield* Fiber.interruptAll([gone!, third!])
      waiters.wake()
      yield* Fiber.joinAll([second!, fourth!])
      expect([woken, waiters.isEmpty]).toEqual([["second", "fourth"], true])
    })
  )

  it("wake without anybody is nothing", () => {
    new Waiters().wake()
  })
})
