import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Act } from "../../src/waiting/Act.js"
import { isUndone } from "../../src/waiting/Prompt.js"
import { test } from "../support/leavesNothing.js"

describe("Act", () => {
  test("an act is done when it is asked for, and not before", function* () {
    let acts = 0
    const act = new Act(() => acts++)
    expect(acts).toBe(0)
    yield* act
    yield* Effect.zipRight(act, act)
    expect(acts).toBe(3)
    expect(isUndone(act)).toBe(false)
    expect(acts).toBe(4)
  })
})
