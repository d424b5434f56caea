import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { Signal } from "../../src/waiting/Signal.js"
import { test, turns } from "../support/leavesNothing.js"

describe("Signal", () => {
  test("a condition that holds is not waited for", function* () {
    yield* new Signal().until(() => true)
  })

  test("who waits goes on when it was woken and the condition holds, not before", function* () {
    const signal = new Signal()
    let value = 0
    const waiting = yield* Effect.fork(signal.until(() => value > 1))
    yield* turns(2)
    value = 1
    signal.wake()
    yield* turns(2)
    expect(yield* Fiber.poll(waiting)).toMatchObject({ _tag: "None" })
    value = 2
    signal.wake()
    yield* Fiber.join(waiting)
  })

  test("who was interrupted is not asked again", function* () {
    const signal = new Signal()
    let asked = 0
    const condition = () => {
      asked++
      return false
    }
    const waiting = yield* Effect.fork(signal.until(condition))
    yield* turns(2)
    yield* Fiber.interrupt(waiting)
    const before = asked
    signal.wake()
    expect(asked).toBe(before)
  })

  test("all who wait are woken, also when one of them changes what the others wait for", function* () {
    const signal = new Signal()
    let tokens = 0
    const take = Effect.zipRight(
      signal.until(() => tokens > 0),
      Effect.sync(() => {
        tokens--
      })
    )
    const waiting = yield* Effect.forEach([1, 2, 3], () => Effect.fork(take))
    yield* turns(2)
    tokens = 3
    signal.wake()
    yield* Effect.forEach(waiting, Fiber.join)
    expect(tokens).toBe(0)
  })

  test("`once` is called back once, in the order of the calls, and nobody who comes meanwhile", function* () {
    yield* Effect.void
    const signal = new Signal()
    const woken: Array<string> = []
    signal.wake()
    signal.once(() => {
      woken.push("first")
      signal.once(() => woken.push("late"))
    })
    signal.once(() => woken.push("second"))
    signal.wake()
    expect([woken, signal.isEmpty]).toEqual([["first", "second"], false])
    signal.wake()
    signal.wake()
    expect([woken, signal.isEmpty]).toEqual([["first", "second", "late"], true])
  })

  test("who stops is not called back, also when it is another's turn that stops it", function* () {
    yield* Effect.void
    const signal = new Signal()
    const woken: Array<string> = []
    signal.once(() => {
      woken.push("first")
      stopSecond()
    })
    const stopSecond = signal.once(() => woken.push("second"))
    const stopThird = signal.once(() => woken.push("third"))
    stopThird()
    stopThird()
    signal.once(() => woken.push("fourth"))
    expect(signal.isEmpty).toBe(false)
    signal.wake()
    expect(woken).toEqual(["first", "fourth"])
    signal.once(() => woken.push("fifth"))()
    expect(signal.isEmpty).toBe(true)
  })
})
