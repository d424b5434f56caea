import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Latin1 from "../../src/bytes/Latin1.js"

describe("Latin1 (RFC 9110 §5.5)", () => {
  it("one octet is one character, both ways, whatever stands around it", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), fc.uint8Array(), (before, octets, after) => {
        const all = Uint8Array.from([...before, ...octets, ...after])
        const text = Latin1.decode(all, before.length, before.length + octets.length)
        expect(Array.from(text, (character) => character.charCodeAt(0))).toEqual(Array.from(octets))
        expect(Latin1.encode(text)).toEqual(octets)
      })
    )
  })
})
