import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { encoding, messagePack } from "../src/MessagePack.js"

const octets = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(" ", ""), "hex"))

const Reading = Schema.Struct({
  name: Schema.String,
  values: Schema.Array(Schema.Number),
  raw: Schema.Uint8ArrayFromSelf,
  at: Schema.DateFromSelf,
  note: Schema.optional(Schema.String)
})

describe("MessagePack", () => {
  it("what is encoded is decoded again, dates and octets included", () => {
    const readings = messagePack(Reading)
    const reading = { name: "é", values: [1, -1, 0.5], raw: Uint8Array.of(1, 2), at: new Date(1_000_000_000_123) }
    const message = Either.getOrThrow(readings.encode(reading) as Either.Either<Uint8Array>)
    expect(message).toBeInstanceOf(Uint8Array)
    expect(readings.decode(message)).toEqual(Either.right(reading))
  })

  it("as its specification writes it", () => {
    const any = messagePack(Schema.Unknown)
    expect(any.encode({ compact: true, schema: 0 })).toEqual(
      Either.right(octets("82 a7 636f6d70616374 c3 a6 736368656d61 00"))
    )
  })

  it("members that are undefined are left out, as in JSON", () => {
    expect(encoding().encode({ a: undefined })).toEqual(Either.right(octets("80")))
  })

  it("integers of 64 bits are numbers, or bigints when that is asked for", () => {
    const large = octets("cf 0020000000000001")
    expect(encoding().decode(large)).toEqual(Either.right(2 ** 53))
    expect(encoding({ bigints: true }).decode(large)).toEqual(Either.right(2n ** 53n + 1n))
    expect(encoding({ bigints: true }).encode(2n ** 53n + 1n)).toEqual(Either.right(large))
    expect(encoding().encode(1n)).toMatchObject({ left: { _tag: "Inexpressible", encoding: "MessagePack" } })
  })

  it("a text message is of the other kind", () => {
    expect(encoding().decode("{}")).toEqual(Either.left({ _tag: "UnexpectedKind", expected: "binary" }))
  })

  for (const [name, hex] of [
    ["nothing", ""],
    ["four thousand million elements in five octets", "dd ffffffff"],
    ["arrays that claim more than there is, in arrays", "dc ffff dc ffff dc ffff"],
    ["a key that would be a prototype", "81 a9 5f5f70726f746f5f5f 80"],
    ["a key that is no key", "81 c0 00"],
    ["octets behind the value", "c0 c0"]
  ] as const) {
    it(`malformed: ${name}`, () => {
      expect(encoding().decode(octets(hex))).toMatchObject({ left: { _tag: "Malformed", encoding: "MessagePack" } })
    })
  }

  it("a text that is not UTF-8 throws nothing", () => {
    expect(Either.isEither(encoding().decode(octets("a1 ff")))).toBe(true)
  })

  it("any octets give a value or a reason", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (any) => {
        expect(Either.isEither(encoding().decode(any))).toBe(true)
      })
    )
  })

  it("decode(encode(x)) = x", () => {
    const any = encoding()
    const values = fc.jsonValue({ noUnicodeString: false })
    fc.assert(
      fc.property(values, (value) => {
        fc.pre(!JSON.stringify(value).includes("__proto__"))
        const message = Either.getOrThrow(any.encode(value))
        expect(Either.getOrThrow(any.decode(message))).toEqual(JSON.parse(JSON.stringify(value)))
      })
    )
  })
})
