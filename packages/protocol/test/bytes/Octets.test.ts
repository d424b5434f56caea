import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { concat, plain, wordsOf } from "../../src/bytes/Octets.js"

describe("Octets", () => {
  it("sees the same memory as words, with the indices of the octets", () => {
    const octets = new Uint8Array([9, 9, 1, 2, 3, 4, 9]).subarray(1)
    expect(wordsOf(octets).getInt32(1, false)).toBe(0x01020304)
    octets[1] = 5
    expect(wordsOf(octets).getInt32(1, false)).toBe(0x05020304)
  })

  it("makes words once for the chunk that was asked for last", () => {
    const octets = new Uint8Array(8)
    expect(wordsOf(octets)).toBe(wordsOf(octets))
    expect(wordsOf(new Uint8Array(8))).not.toBe(wordsOf(octets))
  })

  it("does not hold on to large buffers", () => {
    const view = new Uint8Array(1 << 20).subarray(0, 8)
    expect(wordsOf(view)).not.toBe(wordsOf(view))
  })

  it("makes a Uint8Array of a subclass, over the same memory", () => {
    const buffer = Buffer.from("abc")
    expect(plain(buffer).constructor).toBe(Uint8Array)
    expect(plain(buffer)).toEqual(new Uint8Array([97, 98, 99]))
    expect(plain(buffer).buffer).toBe(buffer.buffer)
    const octets = new Uint8Array(3)
    expect(plain(octets)).toBe(octets)
  })

  it("concat is all octets in order, copied", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 8 })),
        (all) => void expect([...concat(all)]).toEqual(all.flatMap((chunk) => [...chunk]))
      )
    )
    const chunk = Uint8Array.of(1)
    const copy = concat([chunk])
    chunk[0] = 2
    expect([...copy]).toEqual([1])
    expect(concat([]).length).toBe(0)
  })
})
