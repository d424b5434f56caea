import { describe, expect } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { Act } from "../../src/waiting/Act.js"
import { Wait, watch } from "../../src/waiting/Wait.js"
import { test } from "../support/leavesNothing.js"

/** Something that will be told. */
class Event {
  exit: Exit.Exit<number, string> | undefined
  looks = 0
  readonly waiting: Set<() => void> = new Set()
  readonly wait: Wait<number, string> = new Wait<number, string>(
    () => {
      this.looks++
      return this.exit
    },
    (again) => {
      this.waiting.add(again)
      return () => this.waiting.delete(again)
    }
  )

  /** Whoever waits looks again. */
  tell(exit?: Exit.Exit<number, string>): void {
    this.exit = exit
    const all = [...this.waiting]
    this.waiting.clear()
    for (const again of all) again()
  }
}

describe("Wait, as an effect", () => {
  test("gives at once what is there already", function* () {
    const event = new Event()
    event.tell(Exit.succeed(1))
    expect(yield* event.wait).toBe(1)
    event.tell(Exit.fail("broken"))
    expect(yield* Effect.flip(event.wait)).toBe("broken")
    expect(event.waiting.size).toBe(0)
  })

  test("nothing is looked at before it is run", function* () {
    const event = new Event()
    const fiber = yield* Effect.fork(event.wait)
    expect(event.looks).toBe(0)
    yield* Fiber.interrupt(fiber)
  })

  test("waits until it is told, and goes on waiting when that was for somebody else", function* () {
    const event = new Event()
    const fiber = yield* Effect.fork(event.wait)
    yield* Effect.yieldNow()
    event.tell()
    expect([fiber.unsafePoll(), event.waiting.size]).toEqual([null, 1])
    event.tell(Exit.succeed(2))
    expect(yield* Fiber.join(fiber)).toBe(2)
  })

  test("who is interrupted waits no more", function* () {
    const event = new Event()
    const fiber = yield* Effect.fork(event.wait)
    yield* Effect.yieldNow()
    expect(event.waiting.size).toBe(1)
    yield* Fiber.interrupt(fiber)
    event.tell(Exit.succeed(1))
    expect(event.waiting.size).toBe(0)
  })
})

describe("watch", () => {
  /** What is told, and how to stop. */
  const watching = <A, E>(effect: Effect.Effect<A, E>) =>
    Effect.map(Effect.runtime<never>(), (runtime) => {
      const told: Array<Exit.Exit<A, E>> = []
      const stop = watch(effect, runtime, (exit) => void told.push(exit))
      return { told, stop }
    })

  test("a wait is watched without a fiber", function* () {
    const event = new Event()
    const { told } = yield* watching(event.wait)
    event.tell()
    expect(told).toEqual([])
    event.tell(Exit.fail("broken"))
    expect(told).toEqual([Exit.fail("broken")])
  })

  test("who stops it is told nothing", function* () {
    const event = new Event()
    const { stop, told } = yield* watching(event.wait)
    stop()
    stop()
    event.tell(Exit.succeed(1))
    expect([told, event.waiting.size]).toEqual([[], 0])
  })

  test("what need not wait is told at once", function* () {
    let acts = 0
    for (const [effect, exit] of [
      [Exit.succeed(1), Exit.succeed(1)],
      [Exit.fail("no"), Exit.fail("no")],
      [new Act(() => acts++), Exit.void]
    ] as const) {
      const { stop, told } = yield* watching<unknown, unknown>(effect)
      stop()
      expect(told).toEqual([exit])
    }
    expect(acts).toBe(1)
  })

  test("everything else has a fiber, which is interrupted when it is stopped", function* () {
    const { told } = yield* watching(Effect.as(Effect.yieldNow(), 1))
    yield* Effect.yieldNow()
    yield* Effect.yieldNow()
    expect(told).toEqual([Exit.succeed(1)])
    const { stop, told: interrupted } = yield* watching(Effect.never)
    stop()
    yield* Effect.yieldNow()
    expect(interrupted.map((exit) => Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause))).toEqual([true])
  })

  test("how a wait goes on is watched, too", function* () {
    let again: (() => void) | undefined
    let isThere = false
    const wait = new Wait<number>(
      () => (isThere ? Effect.zipRight(Effect.yieldNow(), Effect.never) : undefined),
      (callBack) => {
        again = callBack
        return () => {}
      }
    )
    const { stop, told } = yield* watching(wait)
    isThere = true
    again?.()
    yield* Effect.yieldNow()
    expect(told).toEqual([])
    stop()
    yield* Effect.yieldNow()
    expect(told.map(Exit.isInterrupted)).toEqual([true])
  })
})
