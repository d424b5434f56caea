import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { andThen, orEffect } from "../../src/handshake/orEffect.js"
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
  test("of values there is no effect, of effects and failures there is one", function* () {
    const next = (n: number) => n + 1
    expect(andThen<number, never, never, number, never, never>(1, next)).toBe(2)
    expect(yield* orEffect(andThen(Effect.succeed(1), next))).toBe(2)
    const failing = andThen<number, never, never, never, string, never>(1, () => Effect.fail("no"))
    expect(yield* Effect.flip(orEffect(failing))).toBe("no")
    expect(yield* Effect.flip(orEffect(andThen(Effect.fail("no"), next)))).toBe("no")
  })
})
