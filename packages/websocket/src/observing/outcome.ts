/** What became of a handshake, in a word of a few: the tag of the reason, or of the error. */
import { HandshakeError, OptionError, TimeoutError, TransportError } from "../WebSocketError.js"

/** An error of ours. What an application fails with may be anything, and is not told any further. */
export const isOwn = (error: unknown): error is HandshakeError | TransportError | TimeoutError | OptionError =>
  error instanceof HandshakeError ||
  error instanceof TransportError ||
  error instanceof TimeoutError ||
  error instanceof OptionError

export const outcomeOf = (error: unknown): string => {
  if (!isOwn(error)) return "Other"
  if (error._tag === "OptionError") return error._tag
  return error._tag === "TimeoutError" ? `${error.phase}Timeout` : error.reason._tag
}
