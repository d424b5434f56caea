import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { atOnce, Direct } from "../../src/waiting/Direct.js"
import { orEffect } from "../../src/waiting/orEffect.js"
import { test } from "../support/leavesNothing.js"

describe("Direct", () => {
  test("nothing is begun before it is asked for; then all that need not wait is done at once", function* () {
    let begun = 0
    const direct = new Direct<number>(() => ++begun)
    expect(begun).toBe(0)
    expect([atOnce(direct), begun]).toEqual([1, 1])
    expect(yield* direct).toBe(2)
    expect(yield* Effect.map(direct, (n) => n * 10)).toBe(30)
  })

  test("what must wait is what is left of it, and is begun once", function* () {
    let begun = 0
    const direct = new Direct<number, string>(() => {
      begun++
      return Effect.fail("no")
    })
    const left = atOnce(direct)
    expect(Effect.isEffect(left)).toBe(true)
    expect(yield* Effect.flip(orEffect(left))).toBe("no")
    expect(begun).toBe(1)
    expect(yield* Effect.flip(direct)).toBe("no")
  })

  test("every other effect is left as it is", function* () {
    let runs = 0
    const effect = Effect.sync(() => ++runs)
    expect(atOnce(effect)).toBe(effect)
    expect(runs).toBe(0)
    expect(yield* effect).toBe(1)
  })

  test("what it throws is a defect", function* () {
    const broken = new Direct<number>(() => {
      throw "boom"
    })
    expect(yield* Effect.exit(broken)).toEqual(Exit.die("boom"))
  })
})
