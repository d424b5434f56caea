/** How long a server asks to be left alone (RFC 9110 §10.2.3). */
import * as HttpDate from "@effect-websocket/protocol/http/HttpDate"
import { HandshakeError } from "../WebSocketError.js"

/** Milliseconds from `now`, which is milliseconds since 1970, as the Retry-After field of a refusal says; else 0. */
export const retryAfter = (error: unknown, now: number): number => {
  if (!(error instanceof HandshakeError) || error.reason._tag !== "UpgradeDeclined") return 0
  const { response, retryAfter: seconds } = error.reason
  if (seconds !== undefined) return seconds * 1000
  const values = response.fields.getAll("Retry-After")
  const date = values.length === 1 ? HttpDate.parse(values[0], now) : undefined
  return Math.max(0, (date ?? now) - now)
}
