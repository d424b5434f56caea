/**
 * One message cut into the payloads of its frames (RFC 6455 §5.4).
 *
 * Ranges of octets only: neither copies nor sends. Text is cut anywhere, as §5.6 allows.
 *
 * @example
 * ```ts
 * import { cut, firstOctet } from "@effect-websocket/protocol/message/Fragmenter"
 *
 * for (const fragment of cut(100, 64)) console.log(firstOctet(fragment, 0x2, 0))
 * ```
 *
 * @example
 * ```ts
 * import { cutText } from "@effect-websocket/protocol/message/Fragmenter"
 *
 * for (const part of cutText("a long text", 4)) console.log(part) // never within a surrogate pair
 * ```
 */

/** The payload of one frame: the octets [start, end) of the message. */
export interface Fragment {
  readonly start: number
  readonly end: number
  /** It is the last one. */
  readonly fin: boolean
}

/** The fragments of a message of `length` octets, each of `fragmentSize` but the last; at least one, which may be empty. */
export function* cut(length: number, fragmentSize: number): Generator<Fragment, void> {
  let start = 0
  for (; length - start > fragmentSize; start += fragmentSize) yield { start, end: start + fragmentSize, fin: false }
  yield { start, end: length, fin: true }
}

/** The parts of a text, of `size` UTF-16 units or one less: none begins or ends within a surrogate pair. At least one. */
export function* cutText(text: string, size: number): Generator<string, void> {
  let start = 0
  while (text.length - start > size) {
    const last = text.charCodeAt(start + size - 1)
    const end = start + size - (last >= 0xd800 && last <= 0xdbff ? 1 : 0)
    yield text.slice(start, end)
    start = end
  }
  yield text.slice(start)
}

/** The first octet of the frame: FIN, and on the first frame alone the RSV bits and the opcode. */
export const firstOctet = (fragment: Fragment, opcode: number, rsv: number): number =>
  (fragment.fin ? 0x80 : 0) | (fragment.start === 0 ? (rsv << 4) | opcode : 0)
