import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { PlainContent } from "../../src/load/Content.js"
import { Replies } from "../../src/load/Replies.js"
import { Ring, type RingOptions } from "../../src/load/Ring.js"

const plain: RingOptions = { kind: "binary", size: 125, masked: false, deflate: false, inFlight: 8 }

const repliesTo = (ring: Ring, masked: boolean, opcode = 2) =>
  new Replies({ opcode, masked }, new PlainContent(ring.payloads, 1))

const takeInPieces = (replies: Replies, octets: Buffer, size: number): number => {
  let count = 0
  for (let at = 0; at < octets.length; at += size) {
    count += replies.take(octets, at, Math.min(octets.length, at + size))
  }
  return count
}

describe("the generator's parser (RFC 6455 §5.2)", () => {
  const shapes = fc.record({
    size: fc.constantFrom(0, 1, 125, 126, 1000, 65_535, 65_536),
    masked: fc.boolean(),
    fragment: fc.constantFrom(undefined, 64, 1000)
  })

  it("counts all the messages of a ring, however they are cut", () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 1, max: 10_000 }), ({ fragment, masked, size }, cut) => {
        const ring = new Ring({ ...plain, size, masked, fragment })
        const octets = ring.slice(0, 8)
        expect(takeInPieces(repliesTo(ring, masked), octets, size > 1000 ? cut + 1000 : cut)).toBe(8)
      }),
      { numRuns: 20 }
    )
  })

  it("counts them octet by octet", () => {
    const ring = new Ring({ ...plain, size: 300, masked: true, fragment: 64 })
    expect(takeInPieces(repliesTo(ring, true), ring.slice(0, 8), 1)).toBe(8)
  })

  it("goes on where the ring begins again", () => {
    const ring = new Ring(plain)
    const replies = repliesTo(ring, false)
    const counts = Array.from({ length: 20 }, (_, round) => replies.take(ring.slice(round * 8, 8), 0, 8 * 127))
    expect(counts).toEqual(counts.map(() => 8))
  })

  const altered = (at: number, xor: number) => () => {
    const ring = new Ring(plain)
    const octets = Buffer.from(ring.slice(0, 8))
    octets[at] ^= xor
    repliesTo(ring, false).take(octets, 0, octets.length)
  }

  it("refuses octets that were not sent", () => {
    expect(altered(60, 1)).toThrow("not the octets")
    expect(altered(127 + 60, 1)).toThrow("not the octets")
  })

  it("refuses another opcode, another mask bit, another length and a message that is not the next one", () => {
    expect(altered(0, 3)).toThrow("begins with")
    expect(altered(1, 0x80)).toThrow("masked wrongly")
    expect(altered(1, 1)).toThrow()
    const ring = new Ring(plain)
    expect(() => repliesTo(ring, false).take(ring.slice(1, 4), 0, 4 * 127)).toThrow("not the octets")
  })

  it("finds a wrong message even where only some are compared", () => {
    const ring = new Ring(plain)
    const replies = new Replies({ opcode: 2, masked: false }, new PlainContent(ring.payloads, 5))
    const octets = Buffer.from(ring.slice(0, 8))
    octets[5 * 127 + 100] ^= 1
    expect(() => replies.take(octets, 0, octets.length)).toThrow("not the octets")
  })
})
