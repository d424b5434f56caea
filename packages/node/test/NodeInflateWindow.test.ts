import * as zlib from "node:zlib"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Flush } from "../src/NodeDeflateStream.js"
import { maxBlockSize, NodeInflateWindow } from "../src/NodeInflateWindow.js"

const remembered = (window: NodeInflateWindow): Uint8Array => {
  const block = new Uint8Array(maxBlockSize)
  const size = window.writeBlock(block)
  return new Uint8Array(zlib.inflateRawSync(block.subarray(0, size), { finishFlush: Flush.Sync }))
}

describe("the window of a peer (RFC 7692 §7.2.2)", () => {
  it("is the last 2^bits octets, however they came", () => {
    const parts = fc.array(fc.tuple(fc.nat(1500), fc.nat(255)), { maxLength: 12 })
    const property = fc.property(fc.integer({ min: 9, max: 12 }), parts, (bits, list) => {
      const window = new NodeInflateWindow(bits)
      let all: ReadonlyArray<number> = []
      for (const [size, first] of list) {
        const octets = Uint8Array.from({ length: size + 4 }, (_, index) => first + index * 7)
        window.append(octets, 2, size + 2)
        all = [...all, ...octets.subarray(2, size + 2)].slice(-(2 ** bits))
        expect(window.size).toBe(all.length)
      }
      expect(remembered(window)).toEqual(Uint8Array.from(all))
    })
    fc.assert(property, { numRuns: 100 })
  })

  it("may be as large as the format allows", () => {
    const window = new NodeInflateWindow(15)
    const octets = new Uint8Array(70_000).map((_, index) => index >> 8)
    window.append(octets, 0, 1000)
    window.append(octets, 1000, octets.length)
    expect(Buffer.compare(remembered(window), octets.subarray(-32_768))).toBe(0)
  })
})
