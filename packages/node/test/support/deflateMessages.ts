/** Messages, agreements and settings for the tests of compression. */
import * as fc from "fast-check"
import { ofHandle } from "../../src/NodeDeflateHandle.js"
import { ofPublic } from "../../src/NodeDeflatePublic.js"
import type { DeflateStreams } from "../../src/NodeDeflateStream.js"
import { text } from "./engines.js"

/** What everything is tested with. */
export const kinds: ReadonlyArray<readonly [string, DeflateStreams]> = [
  ["Node's zlib", ofHandle],
  ["the public API", ofPublic]
]

/** Messages that are alike, as those of an application are, and some that are not. */
export const messages = fc.array(
  fc.oneof(
    fc.string({ maxLength: 40 }).map((s) => text(JSON.stringify({ id: 1, type: "quote", note: s, list: [s, s] }))),
    fc.uint8Array({ maxLength: 300 }),
    fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 9 }), fc.nat(3000)).map(([octets, size]) => {
      return Uint8Array.from({ length: size }, (_, index) => octets[index % octets.length] ^ (index >> 9))
    })
  ),
  { maxLength: 6 }
)

export const agreements = fc.record({
  serverNoContextTakeover: fc.boolean(),
  clientNoContextTakeover: fc.boolean(),
  serverMaxWindowBits: fc.integer({ min: 8, max: 15 }),
  clientMaxWindowBits: fc.integer({ min: 8, max: 15 })
})

export const settings = fc.record({ level: fc.integer({ min: 0, max: 9 }), memLevel: fc.integer({ min: 1, max: 9 }) })

/** Octets that cannot be compressed. */
export const random = (size: number, seed = 1): Uint8Array => {
  let state = seed
  return Uint8Array.from({ length: size }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return state >>> 24
  })
}
