import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import * as fc from "fast-check"
import { type Deadlines, on } from "../../src/waiting/Deadlines.js"
import { turns } from "../support/leavesNothing.js"

const adjust = (millis: number) => TestClock.adjust(`${millis} millis`)

/** Runs with deadlines on the TestClock. */
const withDeadlines = (use: (deadlines: Deadlines) => Effect.Effect<void>) =>
  Effect.clockWith((clock) => use(on(clock)))

describe("deadlines on Effect's Clock", () => {
  it.effect("each is called when its time has come, not before, and in the order of time", () =>
    withDeadlines((deadlines) =>
      Effect.gen(function* () {
        const calls: Array<string> = []
        const at = (due: number) =>
          deadlines.add(due, (now) => {
            calls.push(`${due} at ${now}`)
            return Infinity
          })
        for (const due of [300, 100, 200, 100]) at(due)
        yield* adjust(99)
        expect(calls).toEqual([])
        yield* adjust(1)
        expect(calls).toEqual(["100 at 100", "100 at 100"])
        at(150)
        yield* adjust(50)
        yield* adjust(500)
        expect(calls.slice(2)).toEqual(["150 at 150", "200 at 200", "300 at 300"])
      })
    )
  )

  it.effect("one that answers with a later time is called again then", () =>
    withDeadlines((deadlines) =>
      Effect.gen(function* () {
        const calls: Array<number> = []
        deadlines.add(10, (now) => {
          calls.push(now)
          return now < 40 ? now + 10 : Infinity
        })
        for (let i = 0; i < 10; i++) yield* adjust(10)
        expect(calls).toEqual([10, 20, 30, 40])
      })
    )
  )

  it.effect("one that was removed is not called, and may be removed twice, and by what another one does", () =>
    withDeadlines((deadlines) =>
      Effect.gen(function* () {
        const calls: Array<string> = []
        const call = (name: string) => () => {
          calls.push(name)
          return Infinity
        }
        const gone = deadlines.add(10, call("gone"))
        const victim = deadlines.add(20, call("victim"))
        deadlines.remove(gone)
        deadlines.remove(gone)
        deadlines.add(15, () => {
          deadlines.remove(victim)
          return Infinity
        })
        deadlines.add(30, call("last"))
        yield* adjust(100)
        expect(calls).toEqual(["last"])
      })
    )
  )

  it.effect("with the last one the fiber that waits for them is gone", () =>
    withDeadlines((deadlines) =>
      Effect.gen(function* () {
        const before = yield* Fiber.roots
        const left = Effect.map(Fiber.roots, (now) => now.filter((root) => !before.includes(root)).length)
        const one = deadlines.add(10, () => Infinity)
        const other = deadlines.add(20, () => Infinity)
        deadlines.remove(one)
        yield* turns(3)
        expect(yield* left).toBe(1)
        deadlines.remove(other)
        yield* turns(3)
        expect(yield* left).toBe(0)
      })
    )
  )

  it.effect("those that were removed are not held until their time", () =>
    withDeadlines((deadlines) =>
      Effect.gen(function* () {
        const first = deadlines.add(1e9, () => Infinity)
        const calls: Array<number> = []
        for (let due = 1; due <= 20_000; due++) {
          const deadline = deadlines.add(1e6 + due, (now) => {
            calls.push(now)
            return Infinity
          })
          if (due % 5000 !== 0) deadlines.remove(deadline)
        }
        expect(deadlines.size).toBeLessThan(2000)
        yield* adjust(2e6)
        expect(calls.length).toBe(4)
        deadlines.remove(first)
      })
    )
  )

  it.effect("the heap is a queue by time, whatever is added and removed", () =>
    Effect.gen(function* () {
      const plans = fc.sample(fc.array(fc.tuple(fc.nat(50), fc.boolean()), { maxLength: 40 }), 20)
      for (const plan of plans) {
        const calls: Array<number> = []
        yield* withDeadlines((deadlines) =>
          Effect.gen(function* () {
            const begin = deadlines.now
            const kept = plan.filter(([, keep]) => keep).map(([due]) => due + 1)
            const added = plan.map(([due, keep]) => ({
              keep,
              deadline: deadlines.add(begin + due + 1, () => {
                calls.push(due + 1)
                return Infinity
              })
            }))
            for (const { deadline, keep } of added) if (!keep) deadlines.remove(deadline)
            yield* adjust(60)
            expect(calls).toEqual([...calls].sort((a, b) => a - b))
            expect([...calls].sort()).toEqual([...kept].sort())
          })
        )
      }
    })
  )
})
