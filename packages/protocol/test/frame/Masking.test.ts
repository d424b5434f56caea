import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { mask } from "../../src/frame/Masking.js"
import { allocate } from "../../src/frame/SimdMemory.js"
import { hexOf, utf8 } from "../support/frames.js"

/** RFC 6455 §5.3, word for word. */
const slowly = (octets: Uint8Array, start: number, end: number, key: number, phase: number): Uint8Array => {
  const maskingKey = [24, 16, 8, 0].map((shift) => (key >>> shift) & 255)
  return octets.map((octet, at) => (at < start || at >= end ? octet : octet ^ maskingKey[(at - start + phase) % 4]))
}

const key = fc.integer({ min: 0, max: 0xffffffff })

const simd = allocate(1024)

/** The octets in memory of either kind. */
const kinds: Readonly<Record<string, (octets: Uint8Array) => Uint8Array>> = {
  "of its own": (octets) => octets.slice(),
  "for SIMD": (octets) => {
    simd.set(octets, 3)
    return simd.subarray(3, 3 + octets.length)
  }
}

for (const [kind, placed] of Object.entries(kinds)) {
  describe(`RFC 6455 §5.3 Masking, in memory ${kind}`, () => {
    it('§5.7: masks "Hello" with 37fa213d', () => {
      const octets = placed(utf8("Hello"))
      mask(octets, 0, 5, 0x37fa213d, 0)
      expect(hexOf(octets)).toBe("7f9f4d5158")
    })

    it("law: octet i is XORed with octet i modulo 4 of the key, in the range and nowhere else", () => {
      fc.assert(
        fc.property(
          fc.uint8Array({ maxLength: 200 }),
          fc.nat(),
          fc.nat(),
          key,
          fc.nat(3),
          (given, a, b, key, phase) => {
            const octets = placed(given)
            const [start, end] = [a % (octets.length + 1), b % (octets.length + 1)].sort((a, b) => a - b)
            const expected = slowly(octets, start, end, key, phase)
            mask(octets, start, end, key, phase)
            expect(octets).toEqual(expected)
          }
        )
      )
    })

    it("masks every length and phase rightly, wherever the octets begin in memory", () => {
      for (let length = 0; length <= 100; length++) {
        for (let phase = 0; phase < 4; phase++) {
          const octets = placed(new Uint8Array(length + 7).fill(length)).subarray(length % 5)
          const expected = slowly(octets, 1, 1 + length, 0xf1e2d3c4, phase)
          mask(octets, 1, 1 + length, 0xf1e2d3c4, phase)
          expect(hexOf(octets)).toBe(hexOf(expected))
        }
      }
    })

    it("law: masked twice, octets are what they were", () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 300 }), key, (octets, key) => {
          const masked = placed(octets)
          mask(masked, 0, masked.length, key, 0)
          mask(masked, 0, masked.length, key, 0)
          expect(masked).toEqual(octets)
        })
      )
    })
  })
}
