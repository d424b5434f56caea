import { describe, expect, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Runtime from "effect/Runtime"
import * as TestClock from "effect/TestClock"
import * as fc from "fast-check"
import { AllowancePerSecond, renewal, take } from "../../src/rate/Allowance.js"
import { watching } from "../support/passing.js"

const make = (limit: number) =>
  Effect.zipWith(
    Effect.clock,
    Effect.runtime<never>(),
    (clock, runtime) => new AllowancePerSecond(limit, clock, runtime)
  )

describe("PARITY R-02: AllowancePerSecond", () => {
  it.effect("gives what is left, and no more", () =>
    Effect.gen(function* () {
      const allowance = yield* make(10)
      expect([allowance.unsafeTake(4), allowance.unsafeIsUsedUp()]).toEqual([4, false])
      expect([allowance.unsafeTake(9), allowance.unsafeIsUsedUp()]).toEqual([6, true])
      expect(allowance.unsafeTake(1)).toBe(0)
    })
  )

  it.effect("is whole again each second, at that time and not before; nothing is carried over", () =>
    Effect.gen(function* () {
      const allowance = yield* make(10)
      allowance.unsafeTake(10)
      yield* TestClock.adjust("999 millis")
      expect(allowance.unsafeTake(10)).toBe(0)
      yield* TestClock.adjust("1 millis")
      expect(allowance.unsafeTake(3)).toBe(3)
      yield* TestClock.adjust("5500 millis")
      expect(allowance.unsafeTake(100)).toBe(10)
      yield* TestClock.adjust("499 millis")
      expect(allowance.unsafeTake(1)).toBe(0)
      yield* TestClock.adjust("1 millis")
      expect(allowance.unsafeTake(100)).toBe(10)
    })
  )

  it.effect("without a limit gives everything", () =>
    Effect.gen(function* () {
      const allowance = yield* make(Infinity)
      expect(allowance.unsafeTake(1e12)).toBe(1e12)
      expect(allowance.unsafeIsUsedUp()).toBe(false)
    })
  )

  it.effect("R-02: a lower limit clips what is left at once, a higher one counts from the next second on", () =>
    Effect.gen(function* () {
      for (const before of [10, Infinity]) {
        const allowance = yield* make(before)
        allowance.unsafeSetLimit(4)
        expect(allowance.limit).toBe(4)
        allowance.unsafeSetLimit(100)
        expect(allowance.unsafeTake(100)).toBe(4)
        yield* TestClock.adjust("1 second")
        expect(allowance.unsafeTake(1000)).toBe(100)
      }
    })
  )

  it.effect("a clock that is set back begins a new second", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(100_000)
      const allowance = yield* make(10)
      allowance.unsafeTake(10)
      yield* TestClock.setTime(500)
      expect(allowance.unsafeTake(10)).toBe(10)
      expect(allowance.unsafeTake(10)).toBe(0)
    })
  )

  it.effect("a fiber sleeps while somebody waits, and only then", () =>
    Effect.gen(function* () {
      const [allowance, fibers] = yield* watching(make(1))
      allowance.unsafeTake(1)
      expect(yield* fibers).toBe(0)
      const one = yield* Effect.fork(renewal(allowance))
      const other = yield* Effect.fork(renewal(allowance))
      expect(yield* fibers).toBeGreaterThan(0)
      yield* Fiber.interrupt(one)
      expect(yield* fibers).toBeGreaterThan(0)
      yield* Fiber.interrupt(other)
      expect(yield* fibers).toBe(0)
      const last = yield* Effect.fork(renewal(allowance))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(last)
      expect(yield* fibers).toBe(0)
    })
  )

  it.effect("R-06: who shares one has turns: who wants more stands behind the others", () =>
    Effect.gen(function* () {
      const [allowance, fibers] = yield* watching(make(10))
      allowance.unsafeTake(10)
      const log: Array<string> = []
      const greedy = (name: string): Effect.Effect<never> =>
        Effect.zipRight(
          Effect.map(take(allowance, 10), (taken) => log.push(`${name}${taken}`)),
          Effect.suspend(() => greedy(name))
        )
      const takers = yield* Effect.forEach(["a", "b", "c"], (name) => Effect.fork(greedy(name)))
      for (let second = 0; second < 6; second++) yield* TestClock.adjust("1 second")
      expect(log).toEqual(["a10", "b10", "c10", "a10", "b10", "c10"])
      yield* Fiber.interruptAll(takers)
      expect(yield* fibers).toBe(0)
    })
  )

  it.effect("who waits though something is left is called soon", () =>
    Effect.gen(function* () {
      const allowance = yield* make(10)
      const waiting = yield* Effect.fork(renewal(allowance))
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(waiting)
    })
  )

  it("law: whatever is asked for and when, no second gives more than the limit", () => {
    const step = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 700 }))
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.array(step), (limit, steps) => {
        let now = 0
        const clock = { ...Clock.make(), unsafeCurrentTimeMillis: () => now }
        const allowance = new AllowancePerSecond(limit, clock, Runtime.defaultRuntime)
        const taken = new Map<number, number>()
        for (const [wanted, wait] of steps) {
          const second = Math.floor(now / 1000)
          const before = taken.get(second) ?? 0
          const gained = allowance.unsafeTake(wanted)
          expect(gained).toBe(Math.min(wanted, limit - before))
          taken.set(second, before + gained)
          now += wait
        }
      })
    )
  })
})
