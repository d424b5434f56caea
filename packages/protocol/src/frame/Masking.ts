/**
 * Masking (RFC 6455 §5.3): octet i of the payload is XORed with octet i modulo 4 of the masking key. Done twice it is undone.
 *
 * Works in place. A key is an integer of 32 bits, its most significant octet first. The kernels are tiny and see one kind of
 * array each; tails are in a function of their own.
 *
 * @example
 * ```ts
 * import { mask } from "@effect-websocket/protocol/frame/Masking"
 *
 * const octets = Uint8Array.of(0x68, 0x69)
 * mask(octets, 0, octets.length, 0x01020304, 0) // and once more, to have it back
 * ```
 */
import { wordsOf } from "../bytes/Octets.js"
import * as SimdMemory from "./SimdMemory.js"

/** Below this many octets one at a time is quicker (64 octets: 40 ns, by words 38 ns). */
const manyOctets = 48

/** The key as it applies `phase` octets further on. */
const turn = (key: number, phase: number): number =>
  phase === 0 ? key : (key << (8 * phase)) | (key >>> (32 - 8 * phase))

/** The key as a word whose first octet is the least significant. */
const littleEndian = (key: number): number =>
  (key << 24) | ((key & 0xff00) << 8) | ((key >>> 8) & 0xff00) | (key >>> 24)

const maskTail = (octets: Uint8Array, start: number, end: number, key: number): void => {
  let shift = 24
  for (let at = start; at < end; at++) {
    octets[at] ^= key >>> shift
    shift -= 8
  }
}

/** Masks groups of four octets, and at the end up to three more. */
const maskOctets = (octets: Uint8Array, start: number, end: number, key: number): void => {
  const first = key >>> 24
  const second = key >>> 16
  const third = key >>> 8
  const last = end - 3
  let at = start
  for (; at < last; at += 4) {
    octets[at] ^= first
    octets[at + 1] ^= second
    octets[at + 2] ^= third
    octets[at + 3] ^= key
  }
  maskTail(octets, at, end, key)
}

/** Masks groups of 16 octets. */
const maskWords = (words: DataView, start: number, end: number, word: number): void => {
  for (let at = start; at < end; at += 16) {
    words.setInt32(at, words.getInt32(at, true) ^ word, true)
    words.setInt32(at + 4, words.getInt32(at + 4, true) ^ word, true)
    words.setInt32(at + 8, words.getInt32(at + 8, true) ^ word, true)
    words.setInt32(at + 12, words.getInt32(at + 12, true) ^ word, true)
  }
}

/**
 * Masks or unmasks octets[start, end) in place. `phase`, 0 to 3, is the place in the key of the first of them: how many
 * octets of the payload came before, modulo 4.
 */
export const mask = (octets: Uint8Array, start: number, end: number, maskingKey: number, phase: number): void => {
  const key = turn(maskingKey, phase)
  const place = SimdMemory.placeOf(octets)
  if (place >= 0) {
    const tail = end - ((end - start) & 3)
    SimdMemory.maskMemory(place + start, place + tail, littleEndian(key))
    maskTail(octets, tail, end, key)
  } else if (end - start < manyOctets) maskOctets(octets, start, end, key)
  else {
    const middle = end - ((end - start) & 15)
    maskWords(wordsOf(octets), start, middle, littleEndian(key))
    maskOctets(octets, middle, end, key)
  }
}
