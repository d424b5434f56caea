import { describe, expect, it } from "@effect/vitest"
import { Encoder } from "@msgpack/msgpack"
import * as fc from "fast-check"
import { holdsOneValue } from "../../src/typed/holdsOneValue.js"

const octets = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"))

const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false),
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true }),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
    fc.string({ maxLength: 300 }),
    fc.uint8Array({ maxLength: 300 }),
    fc.date({ noInvalidDate: true, min: new Date(0), max: new Date("2200-01-01") }),
    fc.array(tie("value"), { maxLength: 20 }),
    fc.dictionary(fc.string(), tie("value"), { maxKeys: 20 })
  )
})).value

const encoder = new Encoder({ useBigInt64: true })

describe("one whole value of MessagePack", () => {
  it("is what an encoder writes", () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(holdsOneValue(encoder.encode(value))).toBe(true)
      })
    )
  })

  it("is not, when an octet is missing or follows", () => {
    fc.assert(
      fc.property(values, (value) => {
        const encoded = encoder.encode(value)
        expect(holdsOneValue(encoded.subarray(0, -1))).toBe(false)
        expect(holdsOneValue(Uint8Array.of(...encoded, 0))).toBe(false)
      })
    )
  })

  for (const [name, hex] of [
    ["str 8", `d9 20 ${"61".repeat(32)}`],
    ["str 16", `da 0100 ${"61".repeat(256)}`],
    ["str 32", `db 00000001 61`],
    ["bin 8", "c4 01 00"],
    ["bin 16", "c5 0001 00"],
    ["bin 32", "c6 00000001 00"],
    ["ext 8", "c7 03 01 000000"],
    ["ext 16", "c8 0001 01 00"],
    ["ext 32", "c9 00000001 01 00"],
    ["fixext 1", "d4 01 00"],
    ["fixext 16", `d8 01 ${"00".repeat(16)}`],
    ["array 16", "dc 0002 c0 c0"],
    ["array 32", "dd 00000001 c0"],
    ["map 16", "de 0001 a0 c0"],
    ["map 32", "df 00000001 a0 c0"],
    ["float 32", "ca 00000000"],
    ["negative fixint", "ff"]
  ] as const) {
    it(`${name}`, () => expect(holdsOneValue(octets(hex))).toBe(true))
    it(`${name}, one octet short`, () => expect(holdsOneValue(octets(hex).subarray(0, -1))).toBe(false))
  }

  for (const [name, hex] of [
    ["nothing", ""],
    ["the octet that is never used", "c1"],
    ["four thousand million elements", "dd ffffffff"],
    ["four thousand million pairs", "df ffffffff"],
    ["a text of 4 GiB", "db ffffffff"],
    ["an array of more than is left, in arrays", "dc 0010 dc 0010 dc 0010"],
    ["a length that is cut", "dd 0000"],
    ["two values", "c0 c0"]
  ] as const) {
    it(`not: ${name}`, () => expect(holdsOneValue(octets(hex))).toBe(false))
  }

  it("any octets are a value or none, and nothing is thrown", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (any) => void holdsOneValue(any)))
  })

  it("arrays within arrays, a million deep, are no deep recursion", () => {
    const deep = new Uint8Array(1_000_001).fill(0x91)
    deep[1_000_000] = 0xc0
    expect(holdsOneValue(deep)).toBe(true)
  })
})
