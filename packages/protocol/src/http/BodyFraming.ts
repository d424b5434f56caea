/**
 * Where the body of a message ends (RFC 9112 §6.3): a head in, the way its body is delimited out.
 *
 * What two recipients could read in different ways (§11.2, request smuggling) is a violation, also where the RFC lets one
 * of the readings win. Transfer codings other than chunked delimit nothing and are not undone.
 *
 * @example
 * ```ts
 * import { ofRequest } from "@effect-websocket/protocol/http/BodyFraming"
 * import { Fields } from "@effect-websocket/protocol/http/Fields"
 *
 * const fields = Fields.from({ "Content-Length": "4" })
 * const framing = ofRequest({ method: "POST", target: "/", version: "1.1", fields })
 * ```
 *
 * @example
 * ```ts
 * import { ofResponse } from "@effect-websocket/protocol/http/BodyFraming"
 * import { make } from "@effect-websocket/protocol/http/ResponseHead"
 * import { Fields } from "@effect-websocket/protocol/http/Fields"
 *
 * const framing = ofResponse(make(200, Fields.from({ "Content-Length": "4" })), "HEAD") // none: a HEAD has no body
 * ```
 */
import type { Fields } from "./Fields.js"
import { isDigits, tokenList } from "./Grammar.js"
import { type HttpViolation, httpViolation } from "./HttpViolation.js"
import type { RequestHead } from "./RequestHead.js"
import type { ResponseHead } from "./ResponseHead.js"

/** How long the body of a message is (RFC 9112 §6.3). */
export type BodyFraming =
  /** There is no body. */
  | { readonly _tag: "None" }
  /** The body has `length` octets. */
  | { readonly _tag: "Length"; readonly length: number }
  /** The body is for a `ChunkedDecoder`. */
  | { readonly _tag: "Chunked" }
  /** The body ends with the connection; of responses only. */
  | { readonly _tag: "UntilEnd" }

const none: BodyFraming = { _tag: "None" }
const chunked: BodyFraming = { _tag: "Chunked" }
const untilEnd: BodyFraming = { _tag: "UntilEnd" }

const faulty = (section: string, rule: string): HttpViolation => httpViolation("Framing", section, rule, 400)

const badLength = faulty("RFC 9110 §8.6", "there is one Content-Length, of digits only, and below 2^53")
const bothGiven = faulty("RFC 9112 §6.1", "a message has Content-Length or Transfer-Encoding, not both")
const codingInHttp10 = faulty("RFC 9112 §6.1", "a message of HTTP/1.0 has no Transfer-Encoding")
const notChunked = faulty("RFC 9112 §6.3", "the last transfer coding is chunked, and no other one is")

/** RFC 9112 §6.1: a transfer coding that is not understood is answered with 501. */
const unknownCoding = httpViolation("Framing", "RFC 9112 §6.1", "the only transfer coding is chunked", 501)

const ofLength = (values: ReadonlyArray<string>): BodyFraming | HttpViolation => {
  const length = Number(values[0])
  // Stricter: §6.3 rule 5 allows equal values in a list.
  return values.length === 1 && isDigits(values[0]) && Number.isSafeInteger(length)
    ? { _tag: "Length", length }
    : badLength
}

/** RFC 9112 §7: the codings in the order they were applied. */
const ofCodings = (value: string): "Chunked" | "OthersAndChunked" | HttpViolation => {
  const codings = tokenList(value)?.map((coding) => coding.toLowerCase()) ?? []
  if (codings.length === 0 || codings.indexOf("chunked") !== codings.length - 1) return notChunked
  return codings.length === 1 ? "Chunked" : "OthersAndChunked"
}

const ofFields = (fields: Fields, version: RequestHead["version"]): ReturnType<typeof ofCodings> | BodyFraming => {
  const coding = fields.combined("Transfer-Encoding")
  if (coding === undefined) return fields.has("Content-Length") ? ofLength(fields.getAll("Content-Length")) : none
  if (fields.has("Content-Length")) return bothGiven
  return version === "1.0" ? codingInHttp10 : ofCodings(coding)
}

/** How the body of a request is delimited: never by the end of the connection. */
export const ofRequest = (head: RequestHead): BodyFraming | HttpViolation => {
  const framing = ofFields(head.fields, head.version)
  if (framing === "Chunked") return chunked
  return framing === "OthersAndChunked" ? unknownCoding : framing
}

// §6.3 rules 1 and 2: these end with their heads, whatever the fields say.
const isWithoutBody = (status: number, requestMethod: string): boolean =>
  requestMethod === "HEAD" ||
  status < 200 ||
  status === 204 ||
  status === 304 ||
  (requestMethod === "CONNECT" && status < 300)

/** How the body of the response to a request with `requestMethod` is delimited. */
export const ofResponse = (head: ResponseHead, requestMethod: string): BodyFraming | HttpViolation => {
  if (isWithoutBody(head.status, requestMethod)) return none
  const framing = ofFields(head.fields, head.version)
  if (framing === "Chunked" || framing === "OthersAndChunked") return chunked
  // §6.3 rule 8
  return framing === none ? untilEnd : framing
}
