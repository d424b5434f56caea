import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { isUndone, later, Prompt } from "../../src/waiting/Prompt.js"
import { test } from "../support/leavesNothing.js"

/** Gives how often it was attempted; at once after so many attempts, or when it was waited for. */
class Counting extends Prompt<number, string> {
  attempts = 0
  waits = 0

  constructor(readonly atOnceAfter: number) {
    super()
  }

  attempt(): number | typeof later {
    return ++this.attempts > this.atOnceAfter ? this.attempts : later
  }

  commit(): Effect.Effect<number, string> {
    this.waits++
    return this.atOnceAfter === Infinity ? Effect.fail("never") : Effect.succeed(-1)
  }
}

class Broken extends Prompt<void, never> {
  attempt(): never {
    throw "boom"
  }

  commit(): Effect.Effect<void> {
    return Effect.sync(() => this.attempt())
  }
}

/** How many steps the interpreter takes for it. */
const stepsOf = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.suspend(() => {
    let steps = 0
    const counting = Effect.withScheduler(effect, {
      shouldYield: () => {
        steps++
        return false
      },
      scheduleTask: (task) => queueMicrotask(task)
    })
    return Effect.map(counting, () => steps)
  })

const inGenerator = (prompt: Prompt<unknown, unknown>, times: number) =>
  Effect.gen(function* () {
    for (let n = 0; n < times; n++) yield* prompt
  })

describe("Prompt", () => {
  test("a generator goes on with what it gives at once, as often as it is asked", function* () {
    const prompt = new Counting(0)
    expect([yield* prompt, yield* prompt, yield* prompt]).toEqual([1, 2, 3])
    expect(prompt.waits).toBe(0)
  })

  test("a generator takes no step of the interpreter for it", function* () {
    const none = yield* stepsOf(inGenerator(new Counting(0), 0))
    expect(yield* stepsOf(inGenerator(new Counting(0), 100))).toBe(none)
    expect(yield* stepsOf(inGenerator(new Counting(Infinity), 1)).pipe(Effect.either)).toMatchObject({ left: "never" })
  })

  test("what must be waited for is, and then it gives that value", function* () {
    const prompt = new Counting(1)
    expect([yield* prompt, yield* prompt]).toEqual([-1, 2])
    expect(prompt).toMatchObject({ attempts: 2, waits: 1 })
  })

  test("its failure is one of the generator", function* () {
    const exit = yield* Effect.exit(inGenerator(new Counting(Infinity), 1))
    expect(exit).toEqual(Exit.fail("never"))
  })

  test("a defect is one of the fiber: a try in the generator does not see it", function* () {
    let seen: unknown
    const exit = yield* Effect.exit(
      Effect.gen(function* () {
        try {
          yield* new Broken()
        } catch (error) {
          seen = error
        }
      })
    )
    expect(exit).toEqual(Exit.die("boom"))
    expect(seen).toBeUndefined()
  })

  test("elsewhere it is an effect like any other", function* () {
    const prompt = new Counting(Infinity)
    expect(Effect.isEffect(prompt)).toBe(true)
    const recovered = yield* prompt.pipe(Effect.catchAll((error) => Effect.succeed(error)))
    expect(recovered).toBe("never")
    expect(yield* Effect.all([new Counting(0), new Counting(0)])).toEqual([-1, -1])
  })

  test("isUndone: whether an effect is left to be done", function* () {
    const done = new Counting(0)
    expect(isUndone(undefined)).toBe(false)
    expect(isUndone(done)).toBe(false)
    expect(done.attempts).toBe(1)
    expect(isUndone(new Counting(Infinity))).toBe(true)
    expect(isUndone(Effect.void)).toBe(true)
    yield* Effect.void
  })
})
