import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as TestClock from "effect/TestClock"
import { Backoff } from "../../src/reconnect/Backoff.js"
import { test } from "../support/leavesNothing.js"

describe("Backoff", () => {
  test("gives the delays of the schedule, and does not wait", function* () {
    const backoff = new Backoff(Schedule.exponential("1 second"))
    expect(yield* Effect.replicateEffect(backoff.next("failure"), 4)).toEqual([1000, 2000, 4000, 8000])
    expect(backoff.failures).toBe(4)
  })

  test("undefined when the schedule is done", function* () {
    const backoff = new Backoff(Schedule.recurs(2))
    expect(yield* Effect.replicateEffect(backoff.next("failure"), 3)).toEqual([0, 0, undefined])
  })

  test("begins anew", function* () {
    const backoff = new Backoff(Schedule.exponential("1 second"))
    yield* Effect.replicateEffect(backoff.next("failure"), 3)
    backoff.reset()
    expect(backoff.failures).toBe(0)
    expect(yield* backoff.next("failure")).toBe(1000)
  })

  test("the schedule sees the failure, and the time", function* () {
    const inputs: Array<string> = []
    const schedule = Schedule.tapInput(Schedule.fixed("10 seconds"), (input: string) =>
      Effect.sync(() => inputs.push(input))
    )
    const backoff = new Backoff(schedule)
    yield* backoff.next("a")
    yield* TestClock.adjust("13 seconds")
    expect(yield* backoff.next("b")).toBe(7000)
    expect(inputs).toEqual(["a", "b"])
  })
})
