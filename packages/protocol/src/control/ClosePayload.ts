/**
 * The payload of a Close frame (RFC 6455 §5.5.1): nothing, or a close code of two octets and a reason in UTF-8.
 *
 * Our own faults are told by name, a peer's by a violation. Nothing is truncated.
 *
 * @example
 * ```ts
 * import * as ClosePayload from "@effect-websocket/protocol/control/ClosePayload"
 *
 * const payload = ClosePayload.encode(1000, "done")
 * if (payload instanceof Uint8Array) ClosePayload.decode(payload) // { code: 1000, reason: "done" }
 * ```
 */
import * as Utf8 from "../bytes/Utf8.js"
import * as ProtocolViolation from "../frame/ProtocolViolation.js"
import { isReceivable, isSendable } from "./CloseCode.js"

/** What a Close frame says (§5.5.1). */
export interface ClosePayload {
  /** §7.4 */
  readonly code: number
  /** At most 123 octets of UTF-8; empty when there is none. */
  readonly reason: string
}

/** Why a payload can not be made. */
export type UnsendableClose = "PayloadTooLong" | "BadCloseCode"

/** §5.5: 125 octets of payload, less those of the code. */
export const maxReasonSize = 123

/**
 * The payload for a code and a reason; without a code there is no reason either. Lone surrogates of the reason become
 * U+FFFD. "BadCloseCode": the code may not be on the wire. "PayloadTooLong": the reason has more than 123 octets.
 */
export const encode = (code: number | undefined, reason: string): Uint8Array | UnsendableClose => {
  if (code === undefined) return reason === "" ? new Uint8Array(0) : "BadCloseCode"
  if (!isSendable(code)) return "BadCloseCode"
  // A UTF-16 code unit is at least one octet: nothing long is encoded in vain.
  const octets = reason.length > maxReasonSize ? undefined : Utf8.encode(reason)
  if (octets === undefined || octets.length > maxReasonSize) return "PayloadTooLong"
  const payload = new Uint8Array(2 + octets.length)
  payload[0] = code >>> 8
  payload[1] = code
  payload.set(octets, 2)
  return payload
}

/** What a peer's payload says; undefined: it is empty (§7.1.5, no status received). */
export const decode = (payload: Uint8Array): ClosePayload | ProtocolViolation.ProtocolViolation | undefined => {
  if (payload.length === 0) return undefined
  // §5.5.1: a body begins with an integer of two octets.
  if (payload.length === 1) return ProtocolViolation.badCloseSize
  const code = (payload[0] << 8) | payload[1]
  // §7.4: 1004-1006 and 1015 are never sent; others below 3000 are not registered, over 4999 not defined.
  if (!isReceivable(code)) return ProtocolViolation.badCloseCode
  const reason = Utf8.decode(payload, 2, payload.length)
  return reason === undefined ? ProtocolViolation.badClosePayload : { code, reason }
}
