/** A value of the application that is no message: nothing was sent. */
import * as Data from "effect/Data"
import * as ParseResult from "effect/ParseResult"
import type { EncodeReason } from "./Codec.js"

/** A value was not sent. */
export class EncodeError extends Data.TaggedError("EncodeError")<{
  readonly reason: EncodeReason
  readonly cause: unknown
}> {
  static of(reason: EncodeReason): EncodeError {
    const cause = reason._tag === "Mismatch" ? ParseResult.parseError(reason.issue) : reason.cause
    return new EncodeError({ reason, cause })
  }

  override get message(): string {
    return this.reason._tag === "Mismatch"
      ? "a value does not match the schema of what is sent"
      : `a value cannot be expressed in ${this.reason.encoding}`
  }
}
