/**
 * Frames in, octets out (RFC 6455 §5.2): written straight into memory of the caller, header and payload in one piece.
 *
 * The payload is copied before it is masked: the caller's octets are never altered. Does not judge: FIN, RSV and opcode are
 * taken as they are given. Masking keys come from the caller (§5.3: fresh and unpredictable ones).
 *
 * @example
 * ```ts
 * import { encode } from "@effect-websocket/protocol/frame/FrameEncoder"
 * import { Opcode } from "@effect-websocket/protocol/frame/Opcode"
 *
 * const frame = { fin: true, rsv: 0, opcode: Opcode.Text, payload: new TextEncoder().encode("hi") }
 * const octets = encode(frame) // 81 02 68 69, as a server sends it
 * ```
 *
 * @example
 * ```ts
 * import { encodeFrame, encodeText } from "@effect-websocket/protocol/frame/FrameEncoder"
 * import { unmasked } from "@effect-websocket/protocol/frame/FrameHeader"
 *
 * // Into a buffer, one behind the other: the first octet has FIN and the opcode.
 * const target = new Uint8Array(64)
 * const behind = encodeText(target, 0, 0x81, "hi", unmasked)
 * encodeFrame(target, behind, 0x82, Uint8Array.of(1, 2, 3), unmasked)
 * ```
 */
import * as Utf8 from "../bytes/Utf8.js"
import type { Frame } from "./Frame.js"
import { encodeHeader, sizeOf, unmasked } from "./FrameHeader.js"
import { mask } from "./Masking.js"

/** Where it does not pay to have the host copy octets (32 octets: 30 ns either way). */
const fewOctets = 32

const copy = (source: Uint8Array, target: Uint8Array, at: number): void => {
  const { length } = source
  if (length >= fewOctets) target.set(source, at)
  else for (let i = 0; i < length; i++) target[at + i] = source[i]
}

/**
 * Writes a frame into `target` at `at`; the index behind it. `first` is the first octet: FIN, RSV and opcode. The key is an
 * integer of 32 bits, or `unmasked`. There must be room for the payload and 14 octets.
 */
export const encodeFrame = (
  target: Uint8Array,
  at: number,
  first: number,
  payload: Uint8Array,
  maskingKey: number
): number => {
  const start = encodeHeader(target, at, first, payload.length, maskingKey)
  copy(payload, target, start)
  const end = start + payload.length
  if (maskingKey !== unmasked) mask(target, start, end, maskingKey, 0)
  return end
}

/**
 * Writes a frame whose payload is a text; lone surrogates become U+FFFD. As `encodeFrame`, but there must be room for
 * 14 octets and three for each character (UTF-16 unit).
 */
export const encodeText = (target: Uint8Array, at: number, first: number, text: string, maskingKey: number): number => {
  const isMasked = maskingKey !== unmasked
  // Most texts are ASCII: the header for that is guessed, and the text moved when it is longer.
  const guess = at + sizeOf(text.length, isMasked)
  const length = Utf8.encodeInto(text, target, guess)
  const start = at + sizeOf(length, isMasked)
  if (start !== guess) target.copyWithin(start, guess, guess + length)
  encodeHeader(target, at, first, length, maskingKey)
  const end = start + length
  if (isMasked) mask(target, start, end, maskingKey, 0)
  return end
}

/** A frame as octets of its own; masked when a key is given. */
export const encode = (frame: Frame, maskingKey: number = unmasked): Uint8Array => {
  const octets = new Uint8Array(sizeOf(frame.payload.length, maskingKey !== unmasked) + frame.payload.length)
  encodeFrame(octets, 0, (frame.fin ? 0x80 : 0) | (frame.rsv << 4) | frame.opcode, frame.payload, maskingKey)
  return octets
}
