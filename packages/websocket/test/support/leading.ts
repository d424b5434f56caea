/** A Duplex with octets in front that nobody sees: they are taken away again above. */
import { over, prepend } from "../../src/DuplexAdapter.js"
import type { Duplex } from "../../src/Transport.js"

export const leading = (lower: Duplex): Duplex => {
  const octets = Uint8Array.of(1, 2, 3)
  const given = prepend(lower, octets)
  let left = octets.length
  return over(given, {
    unsafeReceive: (onOctets, onEnd) =>
      given.unsafeReceive((chunk) => {
        const taken = Math.min(left, chunk.length)
        left -= taken
        if (chunk.length > taken) onOctets(chunk.subarray(taken))
      }, onEnd)
  })
}
