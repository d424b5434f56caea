/** A message of the peer that is no value. */
import * as Data from "effect/Data"
import * as ParseResult from "effect/ParseResult"
import type { Message } from "../MessageSocket.js"
import type { DecodeReason } from "./Codec.js"

const messageOf = (reason: DecodeReason): string => {
  switch (reason._tag) {
    case "UnexpectedKind":
      return `a ${reason.expected} message is expected here, and the peer has sent another one`
    case "Malformed":
      return `a message of the peer is not ${reason.encoding}`
    case "Mismatch":
      return "a message of the peer does not match the schema"
  }
}

const causeOf = (reason: DecodeReason): unknown => {
  if (reason._tag === "Mismatch") return ParseResult.parseError(reason.issue)
  return reason._tag === "Malformed" ? reason.cause : undefined
}

/** A message was not understood. What it says is in `received` and in the cause, not in the text of this error. */
export class DecodeError extends Data.TaggedError("DecodeError")<{
  readonly reason: DecodeReason
  readonly received: Message
  readonly cause: unknown
  /** Whether the connection was closed for it, as `onInvalid` says. */
  readonly hasClosed: boolean
}> {
  static of(reason: DecodeReason, received: Message, hasClosed = false): DecodeError {
    return new DecodeError({ reason, received, cause: causeOf(reason), hasClosed })
  }

  override get message(): string {
    return messageOf(this.reason)
  }
}
