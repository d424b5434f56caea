/**
 * The version in a start line (RFC 9112 §2.3): only 1.0 and 1.1 share this grammar of messages.
 *
 * @example
 * ```ts
 * import { decode } from "@effect-websocket/protocol/http/HttpVersion"
 *
 * decode("HTTP/1.1") // "1.1"
 * ```
 */
import { isDigits } from "./Grammar.js"
import { type HttpViolation, httpViolation } from "./HttpViolation.js"

/** The versions that are spoken. */
export type HttpVersion = "1.0" | "1.1"

const notVersion = httpViolation("Syntax", "RFC 9112 §2.3", "a version is HTTP/, a digit, a point and a digit", 400)

/** RFC 9110 §15.6.6: a major version that is not supported is answered with 505. */
const otherVersion = httpViolation("Version", "RFC 9112 §2.3", "the version is HTTP/1.1 or HTTP/1.0", 505)

// HTTP-version = HTTP-name "/" DIGIT "." DIGIT; HTTP-name is case-sensitive
const isVersion = (text: string): boolean =>
  text.length === 8 && text.startsWith("HTTP/") && text[6] === "." && isDigits(text.charAt(5) + text.charAt(7))

/** The version of a start line. */
export const decode = (text: string): HttpVersion | HttpViolation => {
  switch (text) {
    case "HTTP/1.1":
      return "1.1"
    case "HTTP/1.0":
      return "1.0"
    default:
      return isVersion(text) ? otherVersion : notVersion
  }
}
