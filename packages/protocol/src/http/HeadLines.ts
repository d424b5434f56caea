/**
 * The lines of a head (RFC 9112 §2.1), for the wire and for logs: a start line, the fields, an empty line.
 *
 * Strings are Latin-1, one octet per character (RFC 9110 §5.5). The writer is as strict as the reader: what would end a
 * line, or become another octet than meant, never gets out. In a log the credentials are left out, and what a terminal
 * would obey is escaped.
 *
 * @example
 * ```ts
 * import { format } from "@effect-websocket/protocol/http/HeadLines"
 * import { Fields } from "@effect-websocket/protocol/http/Fields"
 *
 * console.log(format("GET / HTTP/1.1", Fields.from({ Cookie: "secret" }))) // the value is ***
 * ```
 *
 * @example
 * ```ts
 * import * as HeadLines from "@effect-websocket/protocol/http/HeadLines"
 * import { Fields } from "@effect-websocket/protocol/http/Fields"
 *
 * const octets = HeadLines.encode("GET / HTTP/1.1", undefined, Fields.from({ Host: "example.com" }))
 * ```
 */
import * as Latin1 from "../bytes/Latin1.js"
import { type Fields, invalidField } from "./Fields.js"

/** Throws a TypeError, a defect, when there is a reason not to write: whoever made the head has not checked its parts. */
const demand = (reason: string | undefined): void => {
  if (reason !== undefined) throw new TypeError(reason)
}

/** The octets of a head. `invalidStart` is the reason why the start line may not be written, or undefined. */
export const encode = (startLine: string, invalidStart: string | undefined, fields: Fields): Uint8Array => {
  demand(invalidStart)
  let lines = `${startLine}\r\n`
  for (const { name, value } of fields) {
    demand(invalidField(name, value))
    lines += `${name}: ${value}\r\n`
  }
  return Latin1.encode(`${lines}\r\n`)
}

const secretNames = new Set(["authorization", "cookie", "proxy-authorization", "set-cookie"])

const escapeCharacter = (character: string): string => {
  const point = character.codePointAt(0) as number
  return point >= 0x20 && point < 0x7f ? character : `\\u{${point.toString(16).padStart(2, "0")}}`
}

const escape = (text: string): string => Array.from(text, escapeCharacter).join("")

/** The lines of a head for a log, without line end at the end: printable ASCII only, no values of credentials. */
export const format = (startLine: string, fields: Fields): string => {
  const lines = Array.from(fields, ({ name, value }) =>
    escape(`${name}: ${secretNames.has(name.toLowerCase()) ? "***" : value}`)
  )
  return [escape(startLine), ...lines].join("\n")
}
