import { describe, expect } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { Compression, type CompressionService, defaults } from "../../src/Compression.js"
import { chosen, chosenIn } from "../../src/handshake/chosen.js"
import { test } from "../support/leavesNothing.js"

const service: CompressionService = {
  open: () => {
    throw new Error("no connection is opened here")
  }
}

const provided = Context.make(Compression, service) as Context.Context<never>

describe("the compression that is chosen", () => {
  test("none is wanted unless it is said", function* () {
    expect(chosenIn(Context.empty(), undefined)).toBeUndefined()
    expect(chosenIn(provided, false)).toBeUndefined()
    expect(yield* chosen()).toBeUndefined()
  })

  test("true is with the defaults; options change them; no effect is needed for either", function* () {
    expect(chosenIn(provided, true)).toEqual({ ...defaults, ...service })
    expect(chosenIn(provided, { level: 1 })).toEqual({ ...defaults, level: 1, ...service })
    expect(yield* Effect.provideService(chosen({ level: 1 }), Compression, service)).toMatchObject({ level: 1 })
  })

  test("what is out of range, or has no service, is an OptionError", function* () {
    const outOfRange = chosenIn(provided, { level: 10 }) as Effect.Effect<never, unknown>
    expect(yield* Effect.flip(outOfRange)).toMatchObject({ _tag: "OptionError", option: "compression.level" })
    expect(yield* Effect.flip(chosen(true))).toMatchObject({ _tag: "OptionError", option: "compression" })
  })
})
