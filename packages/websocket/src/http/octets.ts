/** Octets that outlive the chunks they came in, which are only lent. */
import { concat } from "@effect-websocket/protocol/bytes/Octets"

/** A copy of what `chunks` have from octet `next` of the chunk with the number `index` on. */
export const remainder = (chunks: ReadonlyArray<Uint8Array>, index: number, next: number): Uint8Array =>
  concat([chunks[index].subarray(next), ...chunks.slice(index + 1)])
