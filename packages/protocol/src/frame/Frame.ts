/**
 * A whole frame as a value (RFC 6455 §5.2), and as a line for logs.
 *
 * The hot path knows no such value: it is for tests, traces and control frames. A line shows the beginning of the payload;
 * the text in it is the peer's, so that nothing in it is left that a terminal would obey.
 *
 * @example
 * ```ts
 * import * as Frame from "@effect-websocket/protocol/frame/Frame"
 * import { Opcode } from "@effect-websocket/protocol/frame/Opcode"
 *
 * const frame = { fin: true, rsv: 0, opcode: Opcode.Text, payload: Uint8Array.of(0x68, 0x69) }
 * Frame.format(frame, "<") // < Text fin 2 octets "hi"
 * Frame.quote("a line\nand more") // on one line, between quotes
 * ```
 */

import * as Utf8 from "../bytes/Utf8.js"
import { isControl, name, Opcode } from "./Opcode.js"

/** A whole frame. */
export interface Frame {
  readonly fin: boolean
  /** RSV1 is 4, RSV2 is 2, RSV3 is 1. */
  readonly rsv: number
  readonly opcode: Opcode
  /** Not masked. */
  readonly payload: Uint8Array
}

/** Octets of the payload that a line shows. */
export const maxShown = 48

/** First and last of the code points that control a terminal, hide, or change the direction of text. */
const escaped: ReadonlyArray<readonly [number, number]> = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x061c, 0x061c],
  [0x180e, 0x180e],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0xd800, 0xdfff],
  [0xfeff, 0xfeff],
  [0xfff9, 0xfffb],
  [0xe0000, 0xe007f]
]

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0")

const isEscaped = (point: number): boolean => escaped.some(([first, last]) => point >= first && point <= last)

/**
 * A text of a peer for a terminal: what would control it, hides, or changes the direction of text is shown as `\u{1b}`. So are the
 * characters of `also`.
 *
 * @example
 * ```ts
 * import { escape } from "@effect-websocket/protocol/frame/Frame"
 *
 * console.log(escape("\u{1b}[2J wiped")) // prints: \u{1b}[2J wiped
 * ```
 */
export const escape = (text: string, also = ""): string => {
  let shown = ""
  for (const character of text) {
    const point = character.codePointAt(0) as number
    shown += isEscaped(point) || also.includes(character) ? `\\u{${hex(point, 2)}}` : character
  }
  return shown
}

/** A text of a peer in quotes, for logs: escaped, the quotes and backslashes in it too. */
export const quote = (text: string): string => `"${escape(text, '"\\')}"`

const hexOf = (octets: Uint8Array): string => Array.from(octets, (octet) => hex(octet, 2)).join(" ")

/** Where to cut octets: after at most `maxShown`, and not inside of a sequence of UTF-8. */
const shownEnd = (octets: Uint8Array): number => {
  if (octets.length <= maxShown) return octets.length
  let end = maxShown
  while (end > maxShown - 3 && (octets[end] & 0xc0) === 0x80) end--
  return end
}

const preview = (octets: Uint8Array, isText: boolean, length = octets.length): string => {
  if (octets.length === 0) return ""
  const end = shownEnd(octets)
  const text = isText ? Utf8.decode(octets, 0, end) : undefined
  const rest = end < length ? "…" : ""
  return ` ${text === undefined ? hexOf(octets.subarray(0, end)) : quote(text)}${rest}`
}

/** §5.5.1: a code of two octets and a reason; whether they are legal is not judged here. */
const closeBody = (payload: Uint8Array): string => {
  if (payload.length < 2) return preview(payload, false)
  return ` ${(payload[0] << 8) | payload[1]}${preview(payload.subarray(2), true)}`
}

const flags = (frame: Frame): string => {
  const rsv = [1, 2, 3].filter((bit) => (frame.rsv & (8 >> bit)) !== 0).map((bit) => ` rsv${bit}`)
  // §5.5: control frames have FIN anyway.
  return (frame.fin && !isControl(frame.opcode) ? " fin" : "") + rsv.join("")
}

/**
 * One line, as `> Text fin 5 octets "Hello"` or `< Close 1000 "bye"`; ">" is for what we send, "<" for what we receive. Of a long
 * payload only the beginning need be there, when `length` tells how long it is.
 */
export const format = (frame: Frame, direction: "<" | ">", length = frame.payload.length): string => {
  const { opcode, payload, rsv } = frame
  const head = `${direction} ${name(opcode)}${flags(frame)}`
  if (opcode === Opcode.Close) return head + closeBody(payload)
  // RFC 7692 §6: a payload with RSV1 is compressed.
  return `${head} ${length} octets${preview(payload, opcode !== Opcode.Binary && rsv === 0, length)}`
}
