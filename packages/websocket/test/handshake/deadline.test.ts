import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import { countdown, within } from "../../src/handshake/deadline.js"
import { Wait } from "../../src/waiting/Wait.js"
import { test } from "../support/leavesNothing.js"

describe("within", () => {
  test("gives what comes in time", function* () {
    expect(yield* within(Effect.succeed(1), 10, "Connect")).toBe(1)
    expect(yield* Effect.flip(within(Effect.fail("no"), 10, "Connect"))).toBe("no")
  })

  test("fails at the deadline, with its phase, and interrupts", function* () {
    const events: Array<string> = []
    const late = Effect.onInterrupt(Effect.never, () => Effect.sync(() => events.push("interrupted")))
    const fiber = yield* Effect.fork(Effect.flip(within(late, 1000, "Handshake")))
    yield* TestClock.adjust("999 millis")
    expect((yield* Fiber.poll(fiber))._tag).toBe("None")
    yield* TestClock.adjust("1 millis")
    const error = yield* Fiber.join(fiber)
    expect(error).toMatchObject({ _tag: "TimeoutError", phase: "Handshake" })
    expect(error.message).toBe("waited 1s for the opening handshake (RFC 6455 §4)")
    expect(events).toEqual(["interrupted"])
  })

  test("who only waits does so in no fiber, and no more than he may", function* () {
    const waiting = new Set<() => void>()
    let isThere = false
    const wait = new Wait(
      () => (isThere ? Effect.succeed(1) : undefined),
      (again) => {
        waiting.add(again)
        return () => waiting.delete(again)
      }
    )
    const late = yield* Effect.fork(Effect.flip(within(wait, 1000, "Idle")))
    const interrupted = yield* Effect.fork(within(wait, 1000, "Idle"))
    yield* Effect.yieldNow()
    expect(waiting.size).toBe(2)
    yield* Fiber.interrupt(interrupted)
    expect(waiting.size).toBe(1)
    yield* TestClock.adjust("1 seconds")
    expect(yield* Fiber.join(late)).toMatchObject({ _tag: "TimeoutError", phase: "Idle" })
    expect(waiting.size).toBe(0)
    const fiber = yield* Effect.fork(within(wait, 1000, "Idle"))
    yield* Effect.yieldNow()
    isThere = true
    for (const again of waiting) again()
    expect(yield* Fiber.join(fiber)).toBe(1)
    expect(yield* within(wait, 1000, "Idle")).toBe(1)
  })

  test("Infinity is no deadline", function* () {
    const fiber = yield* Effect.fork(within(Effect.never, Number.POSITIVE_INFINITY, "Connect"))
    yield* TestClock.adjust("10000 days")
    expect((yield* Fiber.poll(fiber))._tag).toBe("None")
    yield* Fiber.interrupt(fiber)
  })
})

describe("countdown", () => {
  test("tells what is left, which is at least 1 ms", function* () {
    yield* Effect.void
    const left = countdown(1000)
    expect(left()).toBe(1000)
    yield* TestClock.adjust("400 millis")
    expect(left()).toBe(600)
    yield* TestClock.adjust("1 hours")
    expect(left()).toBe(1)
  })

  test("of Infinity it is Infinity", function* () {
    yield* Effect.void
    expect(countdown(Number.POSITIVE_INFINITY)()).toBe(Number.POSITIVE_INFINITY)
  })
})
