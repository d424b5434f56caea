import { describe, expect, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { DecodeError } from "../../src/typed/DecodeError.js"

const issue = Either.getOrThrow(
  Either.flip(ParseResult.decodeUnknownEither(Schema.Struct({ token: Schema.Number }))({ token: "s3cr3t" }))
)

describe("DecodeError", () => {
  it("says what is wrong, and nothing of what the message said", () => {
    const messages = [
      DecodeError.of({ _tag: "UnexpectedKind", expected: "text" }, "s3cr3t"),
      DecodeError.of({ _tag: "Malformed", encoding: "JSON", cause: new Error("s3cr3t") }, "s3cr3t"),
      DecodeError.of({ _tag: "Mismatch", issue }, "s3cr3t")
    ].map(({ message }) => message)
    expect(messages).toEqual([
      "a text message is expected here, and the peer has sent another one",
      "a message of the peer is not JSON",
      "a message of the peer does not match the schema"
    ])
  })

  it("has the message, and the cause", () => {
    const malformed = DecodeError.of({ _tag: "Malformed", encoding: "JSON", cause: "why" }, "x")
    expect(malformed).toMatchObject({ received: "x", cause: "why" })
    const mismatch = DecodeError.of({ _tag: "Mismatch", issue }, "x")
    expect(mismatch.cause).toBeInstanceOf(ParseResult.ParseError)
    expect(String(mismatch.cause)).toContain('["token"]')
  })
})
