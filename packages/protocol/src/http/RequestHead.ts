/**
 * The head of a request (RFC 9112 §3): as a value, as octets, as lines for a log.
 *
 * `decodeLine` reads the request line alone; `HeadDecoder` puts the rest to it. Whether target and fields make sense is
 * not judged here.
 *
 * @example
 * ```ts
 * import { Fields } from "@effect-websocket/protocol/http/Fields"
 * import * as RequestHead from "@effect-websocket/protocol/http/RequestHead"
 *
 * const head = { method: "GET", target: "/chat", version: "1.1", fields: Fields.from({ Host: "a" }) } as const
 * const octets = RequestHead.encode(head)
 * ```
 *
 * @example
 * ```ts
 * import { Fields } from "@effect-websocket/protocol/http/Fields"
 * import * as RequestHead from "@effect-websocket/protocol/http/RequestHead"
 *
 * const withFields = RequestHead.decodeLine("GET /chat HTTP/1.1", 1024)
 * if (typeof withFields === "function") console.log(withFields(Fields.from({ Host: "a" })).target) // /chat
 * ```
 */
import type { Fields } from "./Fields.js"
import { isRequestTarget, isToken } from "./Grammar.js"
import * as HeadLines from "./HeadLines.js"
import { decode as decodeVersion, type HttpVersion } from "./HttpVersion.js"
import { type HttpViolation, httpViolation, isHttpViolation } from "./HttpViolation.js"

export type { HttpVersion }

/** The head of a request. */
export interface RequestHead {
  /** Case-sensitive: "GET" is not "get". */
  readonly method: string
  /** As it stands on the wire; of an upgrade request path and query. */
  readonly target: string
  readonly version: HttpVersion
  readonly fields: Fields
}

/** RFC 9112 §3: a request-target that is too long is answered with 414. */
export const targetTooLong: HttpViolation = httpViolation(
  "TargetTooLong",
  "RFC 9112 §3",
  "the request-target is not longer than the limit",
  414
)

const notRequestLine = httpViolation(
  "Syntax",
  "RFC 9112 §3",
  "a request line is a method, a target of visible ASCII, and a version, with one space between them",
  400
)

/** The request line, without its CRLF, of a head whose fields are still to come. `maxTargetSize` in octets. */
export const decodeLine = (line: string, maxTargetSize: number): ((fields: Fields) => RequestHead) | HttpViolation => {
  const first = line.indexOf(" ")
  const last = line.lastIndexOf(" ")
  const method = line.slice(0, Math.max(first, 0))
  const target = line.slice(first + 1, Math.max(last, 0))
  if (target.length > maxTargetSize) return targetTooLong
  if (!isToken(method) || !isRequestTarget(target)) return notRequestLine
  const version = decodeVersion(line.slice(last + 1))
  return isHttpViolation(version) ? version : (fields) => ({ method, target, version, fields })
}

const startLine = (method: string, target: string, version: HttpVersion): string =>
  `${method} ${target} HTTP/${version}`

const invalidLine = ({ method, target }: RequestHead): string | undefined => {
  if (!isToken(method)) return "RFC 9110 §9.1: a method is a token"
  return isRequestTarget(target) ? undefined : "RFC 9112 §3.2: a request-target is visible ASCII without a fragment"
}

/** The octets of the head. Throws a TypeError for what may not stand in it; see `invalidField` for the fields. */
export const encode = (head: RequestHead): Uint8Array =>
  HeadLines.encode(startLine(head.method, head.target, head.version), invalidLine(head), head.fields)

/** RFC 9110 §4.2.4, §17.9: neither userinfo nor query belong in a log. */
const redactTarget = (target: string): string => {
  const query = target.indexOf("?")
  const hierarchy = query < 0 ? target : target.slice(0, query)
  const authority = hierarchy.indexOf("://") + 3
  const path = hierarchy.indexOf("/", authority)
  const at = authority < 3 ? -1 : hierarchy.slice(0, path < 0 ? hierarchy.length : path).lastIndexOf("@")
  const shown = at < 0 ? hierarchy : `${hierarchy.slice(0, authority)}***${hierarchy.slice(at)}`
  return query < 0 ? shown : `${shown}?***`
}

/**
 * The lines of the head, for a log. Values of Authorization, Cookie, Proxy-Authorization and Set-Cookie, and the query and
 * the userinfo of the target are `***`; what is not printable ASCII is escaped.
 */
export const format = (head: RequestHead): string =>
  HeadLines.format(startLine(head.method, redactTarget(head.target), head.version), head.fields)
