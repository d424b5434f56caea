/**
 * What an application answers a request with, and the response that becomes of it.
 *
 * The framing of a response (RFC 9112 §6) is never the application's: the length of the body and whether another request may
 * follow are set here. Whether its other fields may stand in a head is found out when it is written.
 */
import { encode } from "@effect-websocket/protocol/bytes/Utf8"
import { Fields, type FieldsInput } from "@effect-websocket/protocol/http/Fields"
import * as ResponseHead from "@effect-websocket/protocol/http/ResponseHead"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { HttpResponse } from "../WebSocketError.js"

/** Status, fields and body. `Content-Length` and `Connection` are set, and `Content-Type` for a text unless it is given. */
export interface HttpAnswer {
  readonly status: number
  readonly fields?: FieldsInput | undefined
  /** Text in UTF-8, or octets. Default: none. */
  readonly body?: string | Uint8Array | undefined
}

/** The response, without its framing. */
export const toResponse = ({ body = "", fields = Fields.empty, status }: HttpAnswer): HttpResponse => {
  const given = Fields.from(fields)
  const isText = typeof body === "string" && body !== "" && !given.has("Content-Type")
  const typed = isText ? given.set("Content-Type", "text/plain; charset=utf-8") : given
  return { head: ResponseHead.make(status, typed), body: typeof body === "string" ? encode(body) : body }
}

const noOctets = new Uint8Array(0)

/** RFC 9110 §10.1.1: tells a client that waits to send the body. */
export const goOn: HttpResponse = { head: ResponseHead.make(100, Fields.empty), body: noOctets }

// RFC 9110 §15.3.5, §15.4.5: these end with their heads.
const endsWithHead = (status: number): boolean => status === 204 || status === 304

/** The response with its framing; `isKept`: another request may follow. */
export const framed = ({ body, head }: HttpResponse, isKept: boolean): HttpResponse => {
  const bare = head.fields
    .delete("Transfer-Encoding")
    .delete("Content-Length")
    .set("Connection", isKept ? "keep-alive" : "close")
  if (endsWithHead(head.status)) return { head: { ...head, fields: bare }, body: noOctets }
  // RFC 9110 §15.3.6: 205 has a body of no octets.
  const sent = head.status === 205 ? noOctets : body
  return { head: { ...head, fields: bare.set("Content-Length", String(sent.length)) }, body: sent }
}

/** The response with the time at which it is made, unless it has one (RFC 9110 §6.6.1: a server that has a clock sends Date). */
export const dated = (response: HttpResponse): Effect.Effect<HttpResponse> =>
  Effect.map(Clock.currentTimeMillis, (now) => {
    const { body, head } = response
    if (head.fields.has("Date")) return response
    // RFC 9110 §5.6.7: the form of toUTCString is IMF-fixdate.
    return { head: { ...head, fields: head.fields.append("Date", new Date(now).toUTCString()) }, body }
  })
