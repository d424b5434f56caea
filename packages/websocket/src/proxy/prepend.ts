/** A Duplex that first brings octets which were read from it too early. */
import * as DuplexAdapter from "../DuplexAdapter.js"
import type { Duplex } from "../Transport.js"

/** The same Duplex when there are none. */
export const prepend = (lower: Duplex, octets: Uint8Array): Duplex =>
  octets.length === 0
    ? lower
    : DuplexAdapter.over(lower, {
        unsafeReceive: (onOctets, onEnd) => {
          onOctets(octets)
          return lower.unsafeReceive(onOctets, onEnd)
        }
      })
