import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { copyOf } from "../../src/message/Slab.js"

const connection = {}

const chunkOf = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i)

describe("Slab", () => {
  it("law: copies are what was copied, and stay so", () => {
    const range = fc.tuple(fc.nat(2999), fc.oneof(fc.nat(1300), fc.constantFrom(64, 65, 1024, 1025)))
    fc.assert(
      fc.property(fc.array(range), (ranges) => {
        const chunk = chunkOf(3000)
        const within = ranges.map(([start, size]) => [start, Math.min(start + size, chunk.length)] as const)
        const copies = within.map(([start, end]) => copyOf(connection, chunk, start, end))
        const expected = within.map(([start, end]) => new Uint8Array(chunk.subarray(start, end)))
        chunk.fill(0xff)
        expect(copies).toEqual(expected)
      })
    )
  })

  it("gives a buffer of its own to what is short, long, or alone in its chunk", () => {
    const chunk = chunkOf(3000)
    for (const [start, end] of [
      [0, 64],
      [0, 1025],
      [2900, 3000],
      [2850, 2950]
    ]) {
      expect(copyOf(connection, chunk, start, end).buffer.byteLength).toBe(end - start)
    }
  })

  it("lets neighbours of one chunk share at most 4 KiB, on multiples of 8", () => {
    const chunk = chunkOf(20_000)
    const copies = Array.from({ length: 100 }, (_, i) => copyOf(connection, chunk, 130 * i, 130 * i + 125))
    expect(new Set(copies.map(({ buffer }) => buffer)).size).toBe(4)
    for (const copy of copies) expect([copy.buffer.byteLength, copy.byteOffset % 8]).toEqual([4096, 0])
  })

  it("does not share between chunks, or between connections", () => {
    const [chunk, other] = [chunkOf(3000), chunkOf(3000)]
    const buffers = [
      copyOf(connection, chunk, 0, 100).buffer,
      copyOf(connection, other, 0, 100).buffer,
      copyOf({}, other, 0, 100).buffer
    ]
    expect(new Set(buffers).size).toBe(3)
  })

  it("does not hold on to large buffers", () => {
    const chunk = new Uint8Array(1 << 20)
    expect(copyOf(connection, chunk, 0, 100).buffer.byteLength).toBe(100)
  })
})
