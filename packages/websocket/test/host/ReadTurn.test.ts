import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { resumeWithin, withReadTurns } from "../../src/host/ReadTurn.js"

/** A fiber that waits, and how to wake it; `log` tells when it goes on. */
const waiting = (log: Array<string>, name: string) => {
  let wake = (): void => {}
  const effect = Effect.zipRight(
    Effect.async<void>((resume) => {
      wake = () => resume(Effect.void)
    }),
    Effect.sync(() => log.push(name))
  )
  return { effect, wake: () => wake() }
}

describe("fibers that go on within the read that woke them", () => {
  it.effect("the first one does, another one goes on later", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const one = waiting(log, "one")
      const two = waiting(log, "two")
      const fibers = yield* withReadTurns(Effect.zip(Effect.fork(one.effect), Effect.fork(two.effect)))
      yield* Effect.yieldNow()
      const both = () => {
        one.wake()
        two.wake()
      }
      resumeWithin({ wake: both })
      expect(log).toEqual(["one"])
      yield* Fiber.joinAll(fibers)
      expect(log).toEqual(["one", "two"])
    })
  )

  it.effect("a fiber of another scheduler goes on as it would without", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const one = waiting(log, "one")
      const fiber = yield* Effect.fork(one.effect)
      yield* Effect.yieldNow()
      resumeWithin(one)
      expect(log).toEqual([])
      yield* Fiber.join(fiber)
    })
  )

  it.effect("outside of a read nothing goes on at once, also after a wake-up that threw", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const one = waiting(log, "one")
      const fiber = yield* withReadTurns(Effect.fork(one.effect))
      yield* Effect.yieldNow()
      const broken = () => {
        throw new Error("broken")
      }
      expect(() => resumeWithin({ wake: broken })).toThrow("broken")
      one.wake()
      expect(log).toEqual([])
      yield* Fiber.join(fiber)
    })
  )

  it.effect("what such a fiber forks runs as ever, and within each other it is the same scheduler", () =>
    Effect.gen(function* () {
      const value = yield* withReadTurns(withReadTurns(Effect.flatMap(Effect.fork(Effect.succeed(7)), Fiber.join)))
      expect(value).toBe(7)
    })
  )
})
