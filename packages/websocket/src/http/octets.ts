/** Octets that outlive the chunks they came in, which are only lent. */
import { concat } from "@effect-websocket/protocol/bytes/Octets"

/** Kept by each connection that has none left over: the same for all. */
const none = new Uint8Array(0)

/** A copy of what `chunks` have from octet `next` of the chunk with the number `index` on. */
export const remainder = (chunks: ReadonlyArray<Uint8Array>, index: number, next: number): Uint8Array => {
  const isAll = next === chunks[index].length && index === chunks.length - 1
  return isAll ? none : concat([chunks[index].subarray(next), ...chunks.slice(index + 1)])
}
