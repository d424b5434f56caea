/**
 * What many connections send for one message: its payload, and its frames, which are made once.
 *
 * Servers do not mask (RFC 6455 §5.1): all of them send the same octets. A client masks each frame with a key of its own
 * (§5.3), and shares the payload alone.
 */
import { encodeFrame } from "@effect-websocket/protocol/frame/FrameEncoder"
import { sizeOf, unmasked } from "@effect-websocket/protocol/frame/FrameHeader"
import { cut, type Fragment, firstOctet } from "@effect-websocket/protocol/message/Fragmenter"
import type { FramePool } from "./FramePool.js"

/** RFC 7692 §6. */
const rsv1 = 4

/** What many connections send for one message. */
export class PreparedForm {
  private readonly encoded = new Map<number, Uint8Array>()

  constructor(
    readonly payload: Uint8Array,
    private readonly opcode: number,
    readonly isDeflated: boolean,
    private readonly pool: FramePool
  ) {}

  /** The first octet of a frame of it: FIN, RSV and opcode. */
  first(fragment: Fragment): number {
    return firstOctet(fragment, this.opcode, this.isDeflated ? rsv1 : 0)
  }

  /** All frames of it, unmasked, the one behind the other: for all, and never to be altered. */
  frames(fragmentSize: number): Uint8Array {
    const size = Math.min(fragmentSize, this.payload.length)
    const before = this.encoded.get(size)
    if (before !== undefined) return before
    const frames = this.encode(fragmentSize)
    this.encoded.set(size, frames)
    return frames
  }

  private encode(fragmentSize: number): Uint8Array {
    const fragments = [...cut(this.payload.length, fragmentSize)]
    const sizes = fragments.map(({ end, start }) => sizeOf(end - start, false) + end - start)
    const octets = this.pool.take(sizes.reduce((sum, size) => sum + size, 0))
    let at = 0
    for (const fragment of fragments) {
      const payload = this.payload.subarray(fragment.start, fragment.end)
      at = encodeFrame(octets, at, this.first(fragment), payload, unmasked)
    }
    return octets
  }
}
