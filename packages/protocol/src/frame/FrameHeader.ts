/**
 * The header of a frame, in the order of the wire (RFC 6455 §5.2):
 *
 *      0               1               2 to 3            (to 9)            (4 more)
 *     +-+-+-+-+-------+-+-------------+-----------------+-----------------+-------------+---------
 *     |F|R|R|R| opcode|M| length, or  | length, when    | length, when    | masking key,| payload
 *     |I|S|S|S|  (4)  |A| 126: 16 bits| marked with 126 | marked with 127 | when MASK   |
 *     |N|V|V|V|       |S| 127: 64 bits|                 |                 | is set      |
 *     | |1|2|3|       |K|     (7)     |                 |                 |             |
 *     +-+-+-+-+-------+-+-------------+-----------------+-----------------+-------------+---------
 *
 * @example
 * ```ts
 * import { encodeHeader, sizeOf, unmasked } from "@effect-websocket/protocol/frame/FrameHeader"
 *
 * const octets = new Uint8Array(sizeOf(5, false))
 * encodeHeader(octets, 0, 0x81, 5, unmasked)
 * ```
 */

/** Mutable: a decoder fills the same object again for each frame. */
export interface FrameHeader {
  fin: boolean
  /** RSV1 is 4, RSV2 is 2, RSV3 is 1. */
  rsv: number
  opcode: number
  masked: boolean
  /** Octets of payload. */
  length: number
  /** An unsigned integer; its most significant octet is the first on the wire. 0 when not masked. */
  maskingKey: number
}

/** In place of a masking key: the frame is not masked. */
export const unmasked = -1

/** Octets of a header, for a payload of `length` octets. */
export const sizeOf = (length: number, masked: boolean): number =>
  (length < 126 ? 2 : length < 0x10000 ? 4 : 10) + (masked ? 4 : 0)

const put32 = (target: Uint8Array, at: number, value: number): void => {
  target[at] = value >>> 24
  target[at + 1] = value >>> 16
  target[at + 2] = value >>> 8
  target[at + 3] = value
}

/** Writes the length in its shortest form, as §5.2 demands; the index behind it. */
const putLength = (target: Uint8Array, at: number, mask: number, length: number): number => {
  if (length < 126) {
    target[at] = mask | length
    return at + 1
  }
  if (length < 0x10000) {
    target[at] = mask | 126
    target[at + 1] = length >>> 8
    target[at + 2] = length
    return at + 3
  }
  target[at] = mask | 127
  put32(target, at + 1, Math.floor(length / 0x1_0000_0000))
  put32(target, at + 5, length >>> 0)
  return at + 9
}

/**
 * Writes a header into `target` at `at`; the index behind it. `first` is the first octet: FIN, RSV and opcode. The length
 * is in octets, the key an integer of 32 bits or `unmasked`.
 */
export const encodeHeader = (
  target: Uint8Array,
  at: number,
  first: number,
  length: number,
  maskingKey: number
): number => {
  target[at] = first
  if (maskingKey === unmasked) return putLength(target, at + 1, 0, length)
  const next = putLength(target, at + 1, 0x80, length)
  put32(target, next, maskingKey)
  return next + 4
}
