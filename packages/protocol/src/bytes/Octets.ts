/**
 * Octets in the shapes that quick loops want: an array of one kind only, words of 32 bits, and all in one piece.
 *
 * Making a DataView costs as much as masking 100 octets (60 ns). So the one made last is kept: a decoder asks again and again
 * for the same chunk.
 *
 * @example
 * ```ts
 * import { concat } from "@effect-websocket/protocol/bytes/Octets"
 *
 * const octets = concat([Uint8Array.of(1), Uint8Array.of(2, 3)])
 * ```
 *
 * @example
 * ```ts
 * import * as Octets from "@effect-websocket/protocol/bytes/Octets"
 *
 * const octets = Octets.plain(Buffer.from([0, 0, 1, 2])) // a Uint8Array, whatever it was
 * Octets.wordsOf(octets).getUint32(0) // 258, without a DataView for each question
 * Octets.isKeepable(octets) // true: it is no great matter to hold on to their memory
 * ```
 */

const maxKept = 320 * 1024

/** Whether a module may hold on to the memory of these octets for the next question about them: it has at most 320 KiB. */
export const isKeepable = (octets: Uint8Array): boolean => octets.buffer.byteLength <= maxKept

let last: Uint8Array = new Uint8Array(0)
let lastWords: DataView = new DataView(last.buffer)

const makeWords = (octets: Uint8Array): DataView => {
  const words = new DataView(octets.buffer, octets.byteOffset, octets.length)
  if (isKeepable(octets)) {
    last = octets
    lastWords = words
  }
  return words
}

/** The same memory as `octets`, with the same indices. */
export const wordsOf = (octets: Uint8Array): DataView => (octets === last ? lastWords : makeWords(octets))

/** A copy of all chunks, one behind the other. */
export const concat = (chunks: ReadonlyArray<Uint8Array>): Uint8Array => {
  const octets = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    octets.set(chunk, at)
    at += chunk.length
  }
  return octets
}

/** The same memory as a Uint8Array and not as a subclass such as Buffer, whose `slice` does not copy. */
export const plain = (octets: Uint8Array): Uint8Array =>
  octets.constructor === Uint8Array ? octets : new Uint8Array(octets.buffer, octets.byteOffset, octets.length)
