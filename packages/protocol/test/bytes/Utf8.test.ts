import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { decode, encode, encodeInto, Utf8Validator } from "../../src/bytes/Utf8.js"
import { cutAt, everyCut, hexOf, octetsOf, utf8 } from "../support/frames.js"
import { isUtf8Beginning } from "../support/reference.js"

/** Where a check of the chunks, one after the other, fails; -1: nowhere. */
const check = (chunks: ReadonlyArray<Uint8Array>): { readonly bad: number; readonly isComplete: boolean } => {
  const validator = new Utf8Validator()
  let before = 0
  for (const chunk of chunks) {
    const bad = validator.push(chunk, 0, chunk.length)
    if (bad >= 0) return { bad: before + bad, isComplete: false }
    before += chunk.length
  }
  return { bad: -1, isComplete: validator.isComplete }
}

/** The same, slowly: the first octet up to which the octets are not the beginning of UTF-8. */
const firstBad = (octets: Uint8Array): number => {
  for (let end = 1; end <= octets.length; end++)
    if (!isUtf8Beginning(Buffer.from(octets.subarray(0, end)))) return end - 1
  return -1
}

const ascii = (length: number) => "61".repeat(length)

const valid: ReadonlyArray<readonly [string, string]> = [
  ["nothing", ""],
  ["RFC 3629 §7: A<NOT IDENTICAL TO><ALPHA>.", "41e289a2ce912e"],
  ["RFC 3629 §7: hangugeo", "ed959ceab5adec96b4"],
  ["RFC 3629 §7: nihongo", "e697a5e69cace8aa9e"],
  ["RFC 3629 §7: a byte order mark and a stump of tree", "efbbbff0a38eb4"],
  ["NUL", "00"],
  ["U+007F, U+0080, U+07FF, U+0800", "7fc280dfbfe0a080"],
  ["U+D7FF, U+E000, U+FFFE, U+FFFF", "ed9fbfee8080efbfbeefbfbf"],
  ["U+10000, U+10FFFF", "f0908080f48fbfbf"],
  ["much ASCII around a sequence", `${ascii(40)}c3a9${ascii(70)}`]
]

const invalid: ReadonlyArray<readonly [string, string, number]> = [
  ["a continuation without a beginning", "80", 0],
  ["overlong c0", "c080", 0],
  ["overlong c1", "c1bf", 0],
  ["overlong e0", "e09fbf", 1],
  ["overlong f0", "f08fbfbf", 1],
  ["a surrogate", "eda080", 1],
  ["a pair of surrogates (CESU-8)", "edafbfedb080", 1],
  ["above U+10FFFF", "f4908080", 1],
  ["f5", "f5808080", 0],
  ["a sequence of five", "f888808080", 0],
  ["fe", "fe", 0],
  ["ff", "ff", 0],
  ["two octets, the second ASCII", "c328", 1],
  ["three octets, the third ASCII", "e28228", 2],
  ["four octets, the fourth the first of another", "f09f98c3", 3],
  ["a beginning after a beginning", "c3c3a9", 1],
  ["after 15 of ASCII", `${ascii(15)}ff`, 15],
  ["after 23 of ASCII", `${ascii(23)}ff`, 23],
  ["after 31 of ASCII", `${ascii(31)}ff`, 31],
  ["after 32 of ASCII", `${ascii(32)}ff${ascii(40)}`, 32],
  ["after 100 of ASCII", `${ascii(100)}c3${ascii(40)}`, 101]
]

describe("RFC 3629 §4 Utf8Validator", () => {
  it.each(valid)("MUST accept %s", (_, hex) => {
    for (const chunks of everyCut(octetsOf(hex))) expect(check(chunks)).toEqual({ bad: -1, isComplete: true })
  })

  it.each(invalid)("MUST refuse %s at its first bad octet", (_, hex, bad) => {
    for (const chunks of everyCut(octetsOf(hex))) expect(check(chunks).bad).toBe(bad)
  })

  it("knows that a sequence is unfinished", () => {
    expect(check([octetsOf("61e282")])).toEqual({ bad: -1, isComplete: false })
  })

  it("forgets an unfinished sequence", () => {
    const validator = new Utf8Validator()
    validator.push(octetsOf("c3"), 0, 1)
    validator.reset()
    expect(validator.push(octetsOf("61"), 0, 1)).toBe(-1)
    expect(validator.isComplete).toBe(true)
  })

  it("looks at the given range only", () => {
    expect(new Utf8Validator().push(octetsOf("ff61ff"), 1, 2)).toBe(-1)
    expect(new Utf8Validator().push(octetsOf("ff61ff"), 1, 3)).toBe(2)
  })

  it("finds the first bad octet of any octets, however they are cut", () => {
    const near = fc.array(
      fc.constantFrom(0x61, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc2, 0xe0, 0xe1, 0xed, 0xf0, 0xf4, 0xf5)
    )
    const octets = fc.oneof(
      near.map((list) => Uint8Array.from(list)),
      fc.fullUnicodeString().map(utf8)
    )
    fc.assert(
      fc.property(octets, fc.array(fc.nat(), { maxLength: 4 }), (octets, cuts) => {
        expect(check(cutAt(octets, cuts)).bad).toBe(firstBad(octets))
      })
    )
  })

  it("accepts all code points of one, two and three octets, and every 61st of four", () => {
    const validator = new Utf8Validator()
    for (let point = 0; point <= 0x10ffff; point += point < 0x10000 ? 1 : 61) {
      if (point >= 0xd800 && point <= 0xdfff) continue
      const octets = encode(String.fromCodePoint(point))
      if (validator.push(octets, 0, octets.length) !== -1 || !validator.isComplete)
        expect.fail(`U+${point.toString(16)}`)
    }
  })
})

describe("RFC 3629 decode", () => {
  it.each(valid)("MUST accept %s", (_, hex) => {
    const octets = octetsOf(hex)
    expect(encode(decode(octets, 0, octets.length) as string)).toEqual(octets)
  })

  it.each(invalid)("MUST refuse %s", (_, hex) => {
    expect(decode(octetsOf(hex), 0, hex.length / 2)).toBeUndefined()
  })

  it("MUST refuse a sequence that is unfinished", () => {
    expect(decode(octetsOf("61e282"), 0, 3)).toBeUndefined()
  })

  it("keeps a byte order mark", () => {
    expect(decode(octetsOf("efbbbf41"), 0, 4)).toBe("\ufeffA")
  })

  it("decodes the given range only", () => {
    expect(decode(octetsOf("ff6162ff").subarray(1), 0, 2)).toBe("ab")
  })
})

describe("RFC 3629 encode", () => {
  it("law: decode(encode(text)) = text", () => {
    fc.assert(
      fc.property(fc.fullUnicodeString({ maxLength: 120 }), (text) => {
        const octets = encode(text)
        expect(decode(octets, 0, octets.length)).toBe(text)
      })
    )
  })

  it("law: encodeInto writes what encode gives, and nothing before it", () => {
    fc.assert(
      fc.property(fc.string16bits({ maxLength: 120 }), fc.nat(5), (text, at) => {
        const target = new Uint8Array(at + 3 * text.length)
        const length = encodeInto(text, target, at)
        expect(target.subarray(0, at + length)).toEqual(Uint8Array.of(...new Uint8Array(at), ...encode(text)))
      })
    )
  })

  it("makes U+FFFD of a lone surrogate", () => {
    const target = new Uint8Array(9)
    expect(hexOf(encode("a\ud800"))).toBe("61efbfbd")
    expect(encodeInto("\udc00a", target, 0)).toBe(4)
    expect(hexOf(target.subarray(0, 4))).toBe("efbfbd61")
  })
})
