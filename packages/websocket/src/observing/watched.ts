/** A connection whose frames are watched, both ways. */
import type { Negotiated } from "@effect-websocket/protocol/handshake/Negotiated"
import { deflate } from "@effect-websocket/protocol/handshake/Negotiated"
import { over } from "../DuplexAdapter.js"
import type { Duplex } from "../Transport.js"
import { type FrameListener, FrameTap } from "./FrameTap.js"

/** RFC 7692 §6. */
const rsv1 = 4

/** Tells the listener of each frame; one that was cut by the end of the connection is not told. */
export const watched = (duplex: Duplex, negotiated: Negotiated, listener: FrameListener): Duplex => {
  const { leftover, role } = negotiated
  const reservedBits = deflate(negotiated) === undefined ? 0 : rsv1
  const received = new FrameTap(role, reservedBits, "received", listener)
  const sent = new FrameTap(role === "server" ? "client" : "server", reservedBits, "sent", listener)
  received.push(leftover)
  return over(duplex, {
    unsafeReceive: (onOctets, onEnd) =>
      duplex.unsafeReceive((octets) => {
        received.push(octets)
        onOctets(octets)
      }, onEnd),
    unsafeWrite: (chunks) => {
      for (const octets of chunks) sent.push(octets)
      duplex.unsafeWrite(chunks)
    }
  })
}
