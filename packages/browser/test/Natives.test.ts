import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Natives } from "../src/Natives.js"

describe("Natives", () => {
  it.effect("are the globals of the platform, unless others are provided", () =>
    Effect.gen(function* () {
      expect(yield* Natives).toBe(globalThis)
      expect(yield* Effect.provideService(Natives, Natives, {})).toEqual({})
    })
  )
})
