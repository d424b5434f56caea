import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { cut, cutText, firstOctet } from "../../src/message/Fragmenter.js"

describe("RFC 6455 §5.4 Fragmenter", () => {
  it.each([
    [0, 8, [{ start: 0, end: 0, fin: true }]],
    [8, 8, [{ start: 0, end: 8, fin: true }]],
    [
      9,
      8,
      [
        { start: 0, end: 8, fin: false },
        { start: 8, end: 9, fin: true }
      ]
    ],
    [9, Number.POSITIVE_INFINITY, [{ start: 0, end: 9, fin: true }]]
  ])("cuts %d octets in fragments of %d", (length, size, fragments) => {
    expect([...cut(length, size)]).toEqual(fragments)
  })

  it("law: the fragments are the message, only the last has FIN", () => {
    fc.assert(
      fc.property(fc.nat(2000), fc.integer({ min: 1, max: 500 }), (length, size) => {
        const fragments = [...cut(length, size)]
        const starts = fragments.map(({ start }) => start)
        expect([...starts, length]).toEqual([0, ...fragments.map(({ end }) => end)])
        expect(fragments.filter(({ fin }) => fin)).toEqual([fragments[fragments.length - 1]])
        for (const { end, fin, start } of fragments) expect(fin ? size : end - start).toBe(size)
      })
    )
  })

  it("MUST give the opcode and the RSV bits to the first frame, FIN to the last", () => {
    expect([...cut(20, 8)].map((fragment) => firstOctet(fragment, 0x1, 4))).toEqual([0x41, 0x00, 0x80])
    expect([...cut(3, 8)].map((fragment) => firstOctet(fragment, 0x2, 0))).toEqual([0x82])
  })

  it("law: the parts of a text are the text, none is longer than asked, none cuts a surrogate pair", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 2, max: 9 }), (text, size) => {
        const parts = [...cutText(text, size)]
        expect(parts.join("")).toBe(text)
        for (const part of parts) expect(part.length).toBeLessThanOrEqual(size)
        const encoded = parts.map((part) => Buffer.from(part).toString("hex")).join("")
        expect(encoded).toBe(Buffer.from(text).toString("hex"))
      })
    )
    expect([...cutText("", 4)]).toEqual([""])
  })
})
