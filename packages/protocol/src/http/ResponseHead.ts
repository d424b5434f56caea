/**
 * The head of a response (RFC 9112 §4): as a value, as octets, as lines for a log.
 *
 * `decodeLine` reads the status line alone; `HeadDecoder` puts the rest to it. What a status means is not judged here.
 *
 * @example
 * ```ts
 * import { Fields } from "@effect-websocket/protocol/http/Fields"
 * import * as ResponseHead from "@effect-websocket/protocol/http/ResponseHead"
 *
 * const octets = ResponseHead.encode(ResponseHead.make(404, Fields.from({ "Content-Length": "0" })))
 * ```
 *
 * @example
 * ```ts
 * import { Fields } from "@effect-websocket/protocol/http/Fields"
 * import * as ResponseHead from "@effect-websocket/protocol/http/ResponseHead"
 *
 * const withFields = ResponseHead.decodeLine("HTTP/1.1 101 Switching Protocols")
 * if (typeof withFields === "function") console.log(ResponseHead.format(withFields(Fields.empty))) // for a log
 * ```
 */
import type { Fields } from "./Fields.js"
import { isDigits, isLineText } from "./Grammar.js"
import * as HeadLines from "./HeadLines.js"
import { decode as decodeVersion, type HttpVersion } from "./HttpVersion.js"
import { type HttpViolation, httpViolation, isHttpViolation } from "./HttpViolation.js"

/** The head of a response. */
export interface ResponseHead {
  readonly version: HttpVersion
  /** Three digits, the first not 0. */
  readonly status: number
  /** The reason phrase; may be empty. */
  readonly reason: string
  readonly fields: Fields
}

/** RFC 9110 §15, and those of RFC 6585, for the statuses that an opening handshake can end with. */
const reasonPhrases = new Map<number, string>([
  [100, "Continue"],
  [101, "Switching Protocols"],
  [103, "Early Hints"],
  [200, "OK"],
  [204, "No Content"],
  [301, "Moved Permanently"],
  [302, "Found"],
  [303, "See Other"],
  [304, "Not Modified"],
  [307, "Temporary Redirect"],
  [308, "Permanent Redirect"],
  [400, "Bad Request"],
  [401, "Unauthorized"],
  [403, "Forbidden"],
  [404, "Not Found"],
  [405, "Method Not Allowed"],
  [407, "Proxy Authentication Required"],
  [408, "Request Timeout"],
  [409, "Conflict"],
  [410, "Gone"],
  [413, "Content Too Large"],
  [414, "URI Too Long"],
  [417, "Expectation Failed"],
  [421, "Misdirected Request"],
  [426, "Upgrade Required"],
  [429, "Too Many Requests"],
  [431, "Request Header Fields Too Large"],
  [500, "Internal Server Error"],
  [501, "Not Implemented"],
  [502, "Bad Gateway"],
  [503, "Service Unavailable"],
  [504, "Gateway Timeout"],
  [505, "HTTP Version Not Supported"]
])

/** A head of HTTP/1.1. Without a `reason` it has the phrase of the registry, or none for a status we do not know. */
export const make = (status: number, fields: Fields, reason?: string): ResponseHead => ({
  version: "1.1",
  status,
  reason: reason ?? reasonPhrases.get(status) ?? "",
  fields
})

const notStatusLine = httpViolation(
  "Syntax",
  "RFC 9112 §4",
  "a status line is a version, a status of three digits, and a reason phrase, with one space between them",
  400
)

/** The status line, without its CRLF, of a head whose fields are still to come. */
export const decodeLine = (line: string): ((fields: Fields) => ResponseHead) | HttpViolation => {
  const version = decodeVersion(line.slice(0, 8))
  if (isHttpViolation(version)) return version
  const status = line.slice(9, 12)
  // §4: the space behind the status is there even if there is no reason phrase.
  const isSpaced = line[8] === " " && line[12] === " "
  if (!isSpaced || !isDigits(status) || status.startsWith("0")) return notStatusLine
  return (fields) => ({ version, status: Number(status), reason: line.slice(13), fields })
}

const startLine = ({ reason, status, version }: ResponseHead): string => `HTTP/${version} ${status} ${reason}`

const invalidLine = ({ reason, status }: ResponseHead): string | undefined => {
  if (!Number.isInteger(status) || status < 100 || status > 999) return "RFC 9110 §15: a status has three digits"
  return isLineText(reason) ? undefined : "RFC 9112 §4: a reason phrase has no controls, and nothing over U+00FF"
}

/** The octets of the head. Throws a TypeError for what may not stand in it; see `invalidField` for the fields. */
export const encode = (head: ResponseHead): Uint8Array =>
  HeadLines.encode(startLine(head), invalidLine(head), head.fields)

/** The lines of the head, for a log: no credentials, and what is not printable ASCII is escaped. */
export const format = (head: ResponseHead): string => HeadLines.format(startLine(head), head.fields)
