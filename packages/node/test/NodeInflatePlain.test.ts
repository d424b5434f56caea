import * as zlib from "node:zlib"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Flush } from "../src/NodeDeflateStream.js"
import { NodeInflatePlain } from "../src/NodeInflatePlain.js"
import { hex, text } from "./support/engines.js"

const inflate = (octets: Uint8Array, stream = new NodeInflatePlain()): Uint8Array | undefined => {
  const output = new Uint8Array(200_000)
  if (!stream.write(Flush.Sync, octets, 0, octets.length, output, output.length)) return undefined
  return output.subarray(0, output.length - stream.availOut)
}

/** `undefined`: it is broken. */
const ofZlib = (octets: Uint8Array): Uint8Array | undefined => {
  try {
    return Uint8Array.from(zlib.inflateRawSync(octets, { finishFlush: Flush.Sync }))
  } catch {
    return undefined
  }
}

describe("inflating without zlib (RFC 1951)", () => {
  it.each([
    ["f3 48 cd c9 c9 07 00", "Hello", "§3.2.6: the fixed codes"],
    ["01 05 00 fa ff 48 65 6c 6c 6f", "Hello", "§3.2.4: a stored block"],
    ["4b 4c 84 01 00", "aaaaaaaaaa", "§3.2.5: a distance shorter than the length"],
    ["03 00", "", "nothing"]
  ])("%s is %j (%s)", (octets, message) => {
    expect(inflate(hex(octets))).toEqual(text(message))
  })

  it("decode(encode(x)) = x, for every strategy of zlib", () => {
    const strategies = fc.constantFrom(0, 1, 2, 3, 4)
    const octets = fc.array(fc.constantFrom(97, 98, 99, 100, 0, 255, 33, 7), { maxLength: 2000, size: "max" })
    const property = fc.property(octets, strategies, fc.integer({ min: 0, max: 9 }), (list, strategy, level) => {
      const message = Uint8Array.from(list)
      expect(inflate(zlib.deflateRawSync(message, { strategy, level }))).toEqual(message)
    })
    fc.assert(property, { numRuns: 100 })
  })

  it("every length and every distance is read", () => {
    const half = Uint8Array.from({ length: 40_000 }, (_, index) => (Math.imul(index, 2654435761) >>> 13) & 0xff)
    const message = Buffer.concat([
      half,
      ...Array.from({ length: 259 }, (_, size) => half.subarray(7_300 + size * 120, 7_300 + size * 121))
    ])
    expect(Buffer.compare(inflate(zlib.deflateRawSync(message, { level: 9 }))!, message)).toBe(0)
  })

  it.each([
    ["07", "a block of type 3"],
    ["03 02", "a distance without octets to refer to, or an unknown symbol"],
    ["01 05 00 00 00", "a length that is not its complement"],
    ["fd ff ff ff ff ff ff", "too many codes"],
    ["05 e0 81 08 00 00 00 00 20 7f eb 0b 00 00", "more codes than there can be"],
    ["04 c0 81 08 00 00 00 00 20 7f eb 0b 00 00", "a block without an end"]
  ])("%s is broken, for zlib too: %s", (octets) => {
    expect(inflate(hex(octets))).toBe(undefined)
    expect(ofZlib(hex(octets))).toBe(undefined)
  })

  it("RFC 1951 §3.2.7: what was changed on its way is broken or not as zlib finds it, with the same octets", () => {
    const words = fc.array(fc.constantFrom("to be ", "or not ", "that is ", "1", "2", "~", "é"), { maxLength: 300 })
    const change = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 }))
    const property = fc.property(words, fc.array(change, { maxLength: 3 }), (list, changes) => {
      // Behind it is more than the codes of a block can be: zlib waits for all of them before it finds that there are none.
      const octets = Buffer.concat([zlib.deflateRawSync(list.join(""), { level: 9 }), new Uint8Array(600)])
      // The head of a block, where its codes are, is changed more often than by chance.
      for (const [at, bits] of changes) octets[at % Math.min(octets.length, 40)]! ^= bits
      expect(inflate(octets)).toEqual(ofZlib(octets))
    })
    fc.assert(property, { numRuns: 1000 })
  })
})
