import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { EncodeError } from "../../src/typed/EncodeError.js"

const issue = Either.getOrThrow(Either.flip(ParseResult.encodeUnknownEither(Schema.Number)("s3cr3t")))

describe("EncodeError", () => {
  it("says what is wrong, and has the cause", () => {
    const inexpressible = EncodeError.of({ _tag: "Inexpressible", encoding: "JSON", cause: "why" })
    expect(inexpressible).toMatchObject({ message: "a value cannot be expressed in JSON", cause: "why" })
    const mismatch = EncodeError.of({ _tag: "Mismatch", issue })
    expect(mismatch.message).toBe("a value does not match the schema of what is sent")
    expect(mismatch.cause).toBeInstanceOf(ParseResult.ParseError)
  })
})
