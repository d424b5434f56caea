import { describe, expect, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { binary, type Codec, codec, encodingOf, json, text } from "../../src/typed/Codec.js"

const Point = Schema.Struct({ x: Schema.Number, at: Schema.DateFromString })
const point = { x: 1, at: new Date(0) }

class Factor extends Context.Tag("Factor")<Factor, number>() {}

const halfOf = (input: number) => Effect.map(Factor, (factor) => input / factor)
const Scaled = Schema.transformOrFail(Schema.Number, Schema.Number, {
  decode: (input) => halfOf(input),
  encode: (value) => Effect.map(Factor, (factor) => value * factor)
})

/** What needs no waiting. */
const now = <A, E>(effect: Effect.Effect<A, E>): Either.Either<A, E> => {
  if (!Either.isEither(effect)) throw new Error("it has to be waited for")
  return effect as Either.Either<A, E>
}

describe("JSON", () => {
  const points = json(Point)

  it("encodes and decodes at once, transformations included", () => {
    const message = Either.getOrThrow(now(points.encode(point)))
    expect(message).toBe('{"x":1,"at":"1970-01-01T00:00:00.000Z"}')
    expect(now(points.decode(message))).toEqual(Either.right(point))
  })

  it("octets are of the other kind", () => {
    expect(now(points.decode(Uint8Array.of(123, 125)))).toEqual(
      Either.left({ _tag: "UnexpectedKind", expected: "text" })
    )
  })

  for (const message of ["", "{", "nonsense", "{'x':1}", "1 2", "\ufeff{}"]) {
    it(`malformed: ${JSON.stringify(message)}`, () => {
      expect(now(points.decode(message))).toMatchObject({ left: { _tag: "Malformed", encoding: "JSON" } })
    })
  }

  it("a mismatch has the issue", () => {
    const decoded = now(points.decode('{"x":"1","at":"now"}'))
    expect(decoded).toMatchObject({ left: { _tag: "Mismatch", issue: { _tag: "Composite" } } })
    expect(now(points.encode({ x: "1" } as never))).toMatchObject({ left: { _tag: "Mismatch" } })
  })

  for (const value of [1n, undefined, () => 1, Symbol("s")]) {
    it(`inexpressible: ${String(value)}`, () => {
      expect(now(json(Schema.Unknown).encode(value))).toMatchObject({
        left: { _tag: "Inexpressible", encoding: "JSON" }
      })
    })
  }

  it("a circle is inexpressible", () => {
    const circle: Record<string, unknown> = {}
    circle.self = circle
    expect(now(json(Schema.Unknown).encode(circle))).toMatchObject({ left: { _tag: "Inexpressible" } })
  })

  it("a member named __proto__ is a member, and changes no prototype", () => {
    const decoded = Either.getOrThrow(now(json(Schema.Unknown).decode('{"__proto__":{"admin":true}}'))) as object
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype)
  })
})

describe("texts and octets", () => {
  it("are the encoded side of the schema", () => {
    const numbers = text(Schema.NumberFromString)
    expect(now(numbers.decode("42"))).toEqual(Either.right(42))
    expect(now(numbers.encode(42))).toEqual(Either.right("42"))
    expect(now(numbers.decode("x"))).toMatchObject({ left: { _tag: "Mismatch" } })
    expect(now(numbers.decode(new Uint8Array(2)))).toEqual(Either.left({ _tag: "UnexpectedKind", expected: "text" }))
  })

  it("of octets too", () => {
    const octets = binary(Schema.Uint8ArrayFromSelf)
    expect(now(octets.decode(Uint8Array.of(1)))).toEqual(Either.right(Uint8Array.of(1)))
    expect(now(octets.encode(Uint8Array.of(1)))).toEqual(Either.right(Uint8Array.of(1)))
    expect(now(octets.decode("1"))).toEqual(Either.left({ _tag: "UnexpectedKind", expected: "binary" }))
  })
})

describe("an encoding of one's own", () => {
  it("is two functions, which may throw", () => {
    const lines = encodingOf({
      name: "lines",
      kind: "text",
      decode: (message) => {
        if (!message.endsWith("\n")) throw new Error("no end")
        return message.slice(0, -1).split("\n")
      },
      encode: (value) => (value as ReadonlyArray<string>).map((line) => `${line}\n`).join("")
    })
    const codecOfLines = codec(lines, Schema.Array(Schema.String))
    expect(now(codecOfLines.encode(["a", "b"]))).toEqual(Either.right("a\nb\n"))
    expect(now(codecOfLines.decode("a\nb\n"))).toEqual(Either.right(["a", "b"]))
    const decoded = now(codecOfLines.decode("a"))
    expect(decoded).toMatchObject({ left: { _tag: "Malformed", encoding: "lines", cause: new Error("no end") } })
  })
})

describe("a schema with requirements, or with asynchronous parts", () => {
  const scaled: Codec<number, Factor> = json(Scaled)

  it.effect("is waited for, with what it needs", () =>
    Effect.gen(function* () {
      expect(Either.isEither(scaled.decode("10"))).toBe(false)
      expect(yield* scaled.decode("10")).toBe(5)
      expect(yield* scaled.encode(5)).toBe("10")
      expect(yield* Effect.flip(scaled.decode('"10"'))).toMatchObject({ _tag: "Mismatch" })
    }).pipe(Effect.provideService(Factor, 2))
  )

  it.effect("its failure is a mismatch", () => {
    const Refused = Schema.transformOrFail(Schema.String, Schema.String, {
      decode: (input, _, ast) =>
        Effect.zipRight(Effect.yieldNow(), Effect.fail(new ParseResult.Type(ast, input, "refused"))),
      encode: (value) => Effect.succeed(value)
    })
    return Effect.map(Effect.flip(json(Refused).decode('"a"')), (reason) =>
      expect(reason).toMatchObject({ _tag: "Mismatch" })
    )
  })
})
