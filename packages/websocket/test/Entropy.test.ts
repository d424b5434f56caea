import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Entropy, layerSeeded } from "../src/Entropy.js"

describe("RFC 6455 §5.3, §10.3 randomness", () => {
  it.effect("masking keys are unsigned 32-bit integers, and no two of 10 000 in a row are alike (M01)", () =>
    Effect.map(Entropy, (entropy) => {
      const keys = Array.from({ length: 10_000 }, () => entropy.unsafeMaskingKey())
      expect(keys.every((key) => Number.isInteger(key) && key >= 0 && key <= 0xffffffff)).toBe(true)
      // Of 10 000 random keys two are alike about once in 86 runs; many are never.
      expect(new Set(keys).size).toBeGreaterThan(9_990)
    })
  )

  it.effect("the octets of masking keys are spread evenly (M03: chi-square over 400 000 octets)", () =>
    Effect.map(Entropy, (entropy) => {
      const counts = new Array<number>(256).fill(0)
      for (let i = 0; i < 100_000; i++) {
        const key = entropy.unsafeMaskingKey()
        for (const shift of [0, 8, 16, 24]) counts[(key >>> shift) & 0xff]++
      }
      const expected = 400_000 / 256
      const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
      // 255 degrees of freedom: above 400 once in a hundred million runs.
      expect(chiSquare).toBeLessThan(400)
    })
  )

  it.effect("octets are as many as asked for, and fresh", () =>
    Effect.map(Entropy, (entropy) => {
      expect(entropy.unsafeOctets(16)).toHaveLength(16)
      expect(entropy.unsafeOctets(0)).toHaveLength(0)
      expect(entropy.unsafeOctets(16)).not.toEqual(entropy.unsafeOctets(16))
    })
  )

  const draw = Effect.map(Entropy, (entropy) => [
    entropy.unsafeMaskingKey(),
    entropy.unsafeMaskingKey(),
    ...entropy.unsafeOctets(16)
  ])

  it.effect("a seeded source repeats itself, each seed in its own way", () =>
    Effect.gen(function* () {
      const one = yield* Effect.provide(draw, layerSeeded(1))
      expect(yield* Effect.provide(draw, layerSeeded(1))).toEqual(one)
      expect(yield* Effect.provide(draw, layerSeeded(2))).not.toEqual(one)
      // 0 would stay 0 for ever.
      expect(new Set(yield* Effect.provide(draw, layerSeeded(0))).size).toBeGreaterThan(10)
    })
  )
})
