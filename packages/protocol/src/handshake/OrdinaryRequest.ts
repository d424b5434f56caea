/**
 * A request of ordinary HTTP on the port of WebSockets (RFC 9112 §3): what every server refuses, whatever the application says.
 *
 * A head comes in; what is needed to read its body and to answer it goes out, or a violation with the status of the answer.
 *
 * @example
 * ```ts
 * import * as OrdinaryRequest from "@effect-websocket/protocol/handshake/OrdinaryRequest"
 * import { Fields } from "@effect-websocket/protocol/http/Fields"
 *
 * const head = { method: "GET", target: "/", version: "1.1", fields: Fields.from({ Host: "example.com" }) } as const
 * const verified = OrdinaryRequest.verify(head)
 * ```
 */
import * as BodyFraming from "../http/BodyFraming.js"
import { awaitsContinue } from "../http/Expectation.js"
import { type HttpViolation, httpViolation, isHttpViolation } from "../http/HttpViolation.js"
import type { RequestHead } from "../http/RequestHead.js"
import * as Authority from "./Authority.js"
import { authorityOf, isTarget } from "./ServerChecks.js"

/** What is needed of an ordinary request to answer it. */
export interface OrdinaryRequest {
  /** Host, and port if written: of a target in absolute form, else of the Host field, which HTTP/1.0 need not have. */
  readonly host: string | undefined
  readonly body: BodyFraming.BodyFraming
  /** RFC 9110 §10.1.1: the body comes when the client was told to go on. */
  readonly awaitsContinue: boolean
}

const badTarget = httpViolation(
  "Syntax",
  "RFC 9112 §3.2",
  "the target is a path with a query if any, or an absolute URI, or an asterisk of OPTIONS",
  400
)
const badHost = httpViolation(
  "Syntax",
  "RFC 9112 §3.2",
  "a request has one Host field with a host, and a port if any",
  400
)

/** RFC 9110 §9.3.6: an answer that is not an error would turn the connection into a tunnel. */
const noTunnels = httpViolation("Syntax", "RFC 9110 §9.3.6", "this server is no proxy: it knows no CONNECT", 501)

const targetViolation = ({ method, target }: RequestHead): HttpViolation | undefined => {
  if (method === "CONNECT") return noTunnels
  return isTarget(target) || (method === "OPTIONS" && target === "*") ? undefined : badTarget
}

const hasHost = ({ fields, version }: RequestHead): boolean => {
  const values = fields.getAll("Host")
  if (values.length === 0) return version === "1.0"
  return values.length === 1 && Authority.parse(values[0]!) !== undefined
}

/** What is to be done for the request, or the rule that it breaks. */
export const verify = (head: RequestHead): OrdinaryRequest | HttpViolation => {
  const body = BodyFraming.ofRequest(head)
  if (isHttpViolation(body)) return body
  const violation = targetViolation(head) ?? (hasHost(head) ? undefined : badHost)
  if (violation !== undefined) return violation
  const expectation = awaitsContinue(head)
  if (isHttpViolation(expectation)) return expectation
  return { host: authorityOf(head.target) ?? head.fields.get("Host"), body, awaitsContinue: expectation }
}
