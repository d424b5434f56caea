/**
 * The rules of a frame's header (RFC 6455 §5.1, §5.2, §5.5), each judged as soon as its octets are there.
 *
 * @example
 * ```ts
 * import { checkFirst } from "@effect-websocket/protocol/frame/HeaderChecks"
 *
 * const violation = checkFirst(0x83, 0) // opcode 3 is reserved
 * ```
 *
 * @example
 * ```ts
 * import { checkSecond, read32, readLength } from "@effect-websocket/protocol/frame/HeaderChecks"
 *
 * const unmasked = checkSecond(0x81, 0x05, true) // a client masks
 * const length = readLength(Uint8Array.of(0, 200), 0, 2, 126) // 200
 * read32(Uint8Array.of(0, 0, 1, 2), 0) // 258
 * ```
 */
import { isControl, isKnown, Opcode } from "./Opcode.js"
import * as ProtocolViolation from "./ProtocolViolation.js"

/** Octets of the header are missing. */
export const incomplete = -1

/** The length breaks a rule. */
export const illegal = -2

/** The rules of the first octet: FIN, RSV, opcode. `reservedBits` are those that extensions use on the first frame of a message. */
export const checkFirst = (first: number, reservedBits: number): ProtocolViolation.ProtocolViolation | undefined => {
  const opcode = first & 0x0f
  const startsMessage = opcode === Opcode.Text || opcode === Opcode.Binary
  // §5.2: RSV bits MUST be 0 unless an extension defines them; none does for continuations and control frames.
  if (((first >>> 4) & 0x07 & ~(startsMessage ? reservedBits : 0)) !== 0) return ProtocolViolation.badReservedBits
  // §5.2: an unknown opcode fails the connection.
  if (!isKnown(opcode)) return ProtocolViolation.badOpcode
  // §5.5: control frames MUST NOT be fragmented.
  return isControl(opcode) && first < 0x80 ? ProtocolViolation.badControlFragment : undefined
}

/** The rules of the second octet: MASK, and the length of control frames. */
export const checkSecond = (
  first: number,
  second: number,
  isServer: boolean
): ProtocolViolation.ProtocolViolation | undefined => {
  // §5.5: control frames have at most 125 octets, so never an extended length.
  if (isControl(first) && (second & 0x7f) > 125) return ProtocolViolation.badControlSize
  const isMasked = second >= 0x80
  if (isMasked === isServer) return undefined
  // §5.1: a client masks all frames, a server none.
  return isServer ? ProtocolViolation.badUnmaskedFrame : ProtocolViolation.badMaskedFrame
}

/** Four octets, the most significant first, as a signed integer. */
export const read32 = (octets: Uint8Array, at: number): number =>
  (octets[at] << 24) | (octets[at + 1] << 16) | (octets[at + 2] << 8) | octets[at + 3]

/** The length that follows a marker of 126 or 127, or `incomplete`, or `illegal`. */
export const readLength = (octets: Uint8Array, at: number, end: number, marker: number): number => {
  if (end - at < (marker === 126 ? 2 : 8)) return incomplete
  if (marker === 126) {
    const length = (octets[at] << 8) | octets[at + 1]
    return length < 126 ? illegal : length
  }
  // §5.2: the most significant bit MUST be 0, and the minimal number of octets MUST be used.
  if (octets[at] >= 0x80) return illegal
  const high = read32(octets, at)
  const low = read32(octets, at + 4) >>> 0
  if (high > 0) return high * 0x1_0000_0000 + low
  return low < 0x1_0000 ? illegal : low
}
