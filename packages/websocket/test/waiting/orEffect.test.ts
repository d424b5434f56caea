import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { andThen, type OrEffect, orDie, orEffect } from "../../src/waiting/orEffect.js"
import { test } from "../support/leavesNothing.js"

describe("orEffect", () => {
  test("takes a value as it is, also undefined", function* () {
    expect(yield* orEffect<{ a: string }, never, never>({ a: "1" })).toEqual({ a: "1" })
    expect(yield* orEffect<undefined, never, never>(undefined)).toBe(undefined)
  })

  test("runs an effect, which may fail", function* () {
    expect(yield* orEffect<number, never, never>(Effect.succeed(2))).toBe(2)
    expect(yield* Effect.flip(orEffect<never, string, never>(Effect.fail("no")))).toBe("no")
  })

  test("takes an Option as it is, though it is an Effect too", function* () {
    expect(yield* orEffect<Option.Option<number>, never, never>(Option.some(1))).toEqual(Option.some(1))
    expect(yield* orEffect<Option.Option<number>, never, never>(Option.none())).toEqual(Option.none())
    expect(yield* orEffect<Option.Option<number>, never, never>(Effect.succeed(Option.some(1)))).toEqual(Option.some(1))
  })
})

describe("andThen", () => {
  const next = (n: number) => n + 1
  const behind = (value: OrEffect<number, string>) => andThen<number, string, never, number, never, never>(value, next)

  test("of a value there is no effect", function* () {
    yield* Effect.void
    expect(behind(1)).toBe(2)
  })

  test("of an effect or a failure there is one", function* () {
    expect(yield* orEffect(behind(Effect.succeed(1)))).toBe(2)
    expect(yield* Effect.flip(orEffect(behind(Effect.fail("no"))))).toBe("no")
    const refused = andThen<number, never, never, number, string, never>(1, () => Effect.fail("no"))
    expect(yield* Effect.flip(orEffect(refused))).toBe("no")
  })
})

describe("orDie", () => {
  test("what is made is as it is, and what is thrown is a defect", function* () {
    expect(orDie(() => 1)).toBe(1)
    const thrown = orDie<number, never, never>(() => {
      throw "boom"
    })
    expect(yield* Effect.exit(orEffect(thrown))).toEqual(Exit.die("boom"))
  })
})
