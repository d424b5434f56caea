/** Octets that outlive the chunks they came in, which are only lent. */

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

/** A copy of what `chunks` have from octet `next` of the chunk with the number `index` on. */
export const remainder = (chunks: ReadonlyArray<Uint8Array>, index: number, next: number): Uint8Array =>
  concat([chunks[index].subarray(next), ...chunks.slice(index + 1)])
