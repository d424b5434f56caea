/** How long a server, or a proxy, asks to be left alone (RFC 9110 §10.2.3). */
import { retryAfter as secondsOf } from "@effect-websocket/protocol/handshake/ClientHandshake"
import * as HttpDate from "@effect-websocket/protocol/http/HttpDate"
import type { ResponseHead } from "@effect-websocket/protocol/http/ResponseHead"
import { HandshakeError, TransportError } from "../WebSocketError.js"

/** The response of a refusal. */
const refusalOf = (error: unknown): ResponseHead | undefined => {
  if (error instanceof HandshakeError && error.reason._tag === "UpgradeDeclined") return error.reason.response
  const fault = error instanceof TransportError && error.reason._tag === "Proxy" ? error.reason.fault : undefined
  return fault?._tag === "Refused" ? fault.response.head : undefined
}

/** Milliseconds from `now`, which is milliseconds since 1970, as the Retry-After field of a refusal says; else 0. */
export const retryAfter = (error: unknown, now: number): number => {
  const response = refusalOf(error)
  if (response === undefined) return 0
  const seconds = secondsOf(response)
  if (seconds !== undefined) return seconds * 1000
  const values = response.fields.getAll("Retry-After")
  const date = values.length === 1 ? HttpDate.parse(values[0], now) : undefined
  return Math.max(0, (date ?? now) - now)
}
