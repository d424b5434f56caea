/**
 * One field line of a head or a trailer section (RFC 9112 §5), without its CRLF: a field out, or a violation.
 *
 * @example
 * ```ts
 * import { decode } from "@effect-websocket/protocol/http/FieldLine"
 *
 * const field = decode("Host: example.com") // { name: "Host", value: "example.com" }
 * ```
 */
import type { Field } from "./Fields.js"
import { isToken, trimOws } from "./Grammar.js"
import { type HttpViolation, httpViolation } from "./HttpViolation.js"

const folded = httpViolation("Syntax", "RFC 9112 §5.2", "a field is not folded: no line begins with white space", 400)
const unnamed = httpViolation("Syntax", "RFC 9112 §5.1", "a field line begins with a token and a colon", 400)

/** `line` has no controls but HTAB: a `LineReader` gave it. */
export const decode = (line: string): Field | HttpViolation => {
  // Stricter: §5.2 lets a server replace a fold by spaces.
  if (line.startsWith(" ") || line.startsWith("\t")) return folded
  const name = line.slice(0, Math.max(line.indexOf(":"), 0))
  // §5.1: no white space is between the name and the colon.
  return isToken(name) ? { name, value: trimOws(line.slice(name.length + 1)) } : unnamed
}
