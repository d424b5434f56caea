/**
 * UTF-8 (RFC 3629): text to octets, whole octets to text, and a check for octets that come in pieces.
 *
 * The check fails at the first octet that can not be part of UTF-8, wherever pieces are cut: RFC 6455 §8.1 is obeyed before
 * a frame has ended. A byte order mark is text like any other and is kept.
 *
 * @example
 * ```ts
 * import { Utf8Validator } from "@effect-websocket/protocol/bytes/Utf8"
 *
 * const validator = new Utf8Validator()
 * const octets = Uint8Array.of(0xe2, 0x82)
 * const isWell = validator.push(octets, 0, octets.length) < 0 // true, though the sequence is not complete
 * ```
 *
 * @example
 * ```ts
 * import * as Utf8 from "@effect-websocket/protocol/bytes/Utf8"
 *
 * const octets = Utf8.encode("tea")
 * Utf8.decode(octets, 1, 3) // "ea"; undefined when it is no UTF-8
 * Utf8.encodeInto("€", new Uint8Array(3), 0) // 3
 * ```
 */
import { wordsOf } from "./Octets.js"

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

/** Below this many octets a view for words does not pay. */
const manyOctets = 32

/** Below this many characters our loop is quicker than the host's encoder, which needs a view (16: 62 ns against 110). */
const fewCharacters = 24

/** The index of a group of 16 octets that are not all ASCII, or of the last group, if that is cut off by `end`. */
const skipWords = (words: DataView, start: number, end: number): number => {
  let at = start
  while (at + 16 <= end) {
    const all =
      words.getInt32(at, true) |
      words.getInt32(at + 4, true) |
      words.getInt32(at + 8, true) |
      words.getInt32(at + 12, true)
    if ((all & 0x80808080) !== 0) return at
    at += 16
  }
  return at
}

/** The index of the first octet that is not ASCII, or `end`. */
const skipAscii = (octets: Uint8Array, start: number, end: number): number => {
  let at = end - start < manyOctets ? start : skipWords(wordsOf(octets), start, end)
  while (at < end && octets[at] < 0x80) at++
  return at
}

/** How many octets follow the first of a sequence (RFC 3629 §4); 0: it is not the first of a sequence. */
const following = (first: number): number => {
  if (first < 0xc2) return 0
  if (first < 0xe0) return 1
  if (first < 0xf0) return 2
  return first < 0xf5 ? 3 : 0
}

/** The least second octet: RFC 3629 §3 forbids longer forms than necessary. */
const leastSecond = (first: number): number => (first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80)

/** The greatest second octet: no surrogates, nothing above U+10FFFF. */
const greatestSecond = (first: number): number => (first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf)

/** The check of octets that come in pieces. */
export class Utf8Validator {
  /** How many octets are missing of the sequence that has begun. */
  private missing = 0
  /** The range of the next octet of it. */
  private least = 0
  private greatest = 0

  /** Whether no sequence is unfinished. */
  get isComplete(): boolean {
    return this.missing === 0
  }

  /** Forgets what came before. */
  reset(): void {
    this.missing = 0
  }

  /** Checks octets[start, end) as what comes next: the index of the first octet that can not be UTF-8, or -1. */
  push(octets: Uint8Array, start: number, end: number): number {
    let at = this.finish(octets, start, end)
    if (at < 0) return ~at
    while (at < end) {
      at = skipAscii(octets, at, end)
      while (at < end && octets[at] >= 0x80) {
        if (!this.begin(octets[at])) return at
        at = this.finish(octets, at + 1, end)
        if (at < 0) return ~at
      }
    }
    return -1
  }

  private begin(first: number): boolean {
    this.missing = following(first)
    this.least = leastSecond(first)
    this.greatest = greatestSecond(first)
    return this.missing > 0
  }

  /** Takes what belongs to the sequence that has begun: the index behind it, or the complement of a bad one's. */
  private finish(octets: Uint8Array, start: number, end: number): number {
    let at = start
    while (this.missing > 0 && at < end) {
      const octet = octets[at]
      if (octet < this.least || octet > this.greatest) return ~at
      this.least = 0x80
      this.greatest = 0xbf
      this.missing--
      at++
    }
    return at
  }
}

/** The text of octets[start, end); undefined: they are not UTF-8. */
export const decode = (octets: Uint8Array, start: number, end: number): string | undefined => {
  try {
    return decoder.decode(new Uint8Array(octets.buffer, octets.byteOffset + start, end - start))
  } catch {
    return undefined
  }
}

/** The octets of a text; lone surrogates become U+FFFD. */
export const encode = (text: string): Uint8Array => encoder.encode(text)

/** How many of the first characters, when they are ASCII, were written. */
const encodeAscii = (text: string, target: Uint8Array, at: number): number => {
  const { length } = text
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i)
    if (unit >= 0x80) return i
    target[at + i] = unit
  }
  return length
}

/** Writes a text at `at`: how many octets it takes. The caller has made room for three octets a character (UTF-16 unit). */
export const encodeInto = (text: string, target: Uint8Array, at: number): number => {
  if (text.length < fewCharacters && encodeAscii(text, target, at) === text.length) return text.length
  return encoder.encodeInto(text, target.subarray(at)).written
}
