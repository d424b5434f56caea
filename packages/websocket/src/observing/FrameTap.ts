/**
 * The frames of one direction of a connection, for those who watch it: read a second time, beside the engine.
 *
 * Octets are copied where they are masked, since reading alters them. What breaks a rule ends the watching: what becomes
 * of the connection is the engine's business.
 */
import type { Role } from "@effect-websocket/protocol/bytes/Role"
import type { Frame } from "@effect-websocket/protocol/frame/Frame"
import { FrameDecoder, type FrameSink } from "@effect-websocket/protocol/frame/FrameDecoder"
import type { FrameHeader } from "@effect-websocket/protocol/frame/FrameHeader"
import { isControl, type Opcode } from "@effect-websocket/protocol/frame/Opcode"

/** As seen from our side. */
export type Direction = "sent" | "received"

/** Is told of frames, when their last octet has passed. */
export interface FrameListener {
  /** How much of the payload of data frames it wants, from the beginning. Of control frames it gets all. */
  readonly keep: number
  /** `size` is how many octets the payload has, `frame.payload` its beginning. */
  readonly onFrame: (direction: Direction, frame: Frame, size: number) => void
}

/** §5.5. */
const maxControlSize = 125

const noOctets = new Uint8Array(0)

export class FrameTap implements FrameSink {
  private readonly decoder: FrameDecoder
  private readonly isMasked: boolean
  private head: Uint8Array = noOctets
  private kept = 0
  private fin = false
  private rsv = 0
  private opcode = 0
  private size = 0

  /** `receiver`: the role of the side that reads these frames. `reservedBits`: those of the extensions in use. */
  constructor(
    receiver: Role,
    reservedBits: number,
    private readonly direction: Direction,
    private readonly listener: FrameListener
  ) {
    this.decoder = new FrameDecoder(receiver, this, reservedBits)
    this.isMasked = receiver === "server"
  }

  /** The next octets of this direction; they are not altered. */
  push(octets: Uint8Array): void {
    this.decoder.decode(this.isMasked ? octets.slice() : octets)
  }

  onFrame({ fin, length, opcode, rsv }: Readonly<FrameHeader>): undefined {
    this.fin = fin
    this.rsv = rsv
    this.opcode = opcode
    this.size = length
    this.kept = 0
    const keep = Math.min(length, isControl(opcode) ? maxControlSize : this.listener.keep)
    this.head = keep === 0 ? noOctets : new Uint8Array(keep)
  }

  onPayload(octets: Uint8Array, start: number, end: number): undefined {
    const { head, kept } = this
    if (kept === head.length) return
    const part = octets.subarray(start, Math.min(end, start + head.length - kept))
    head.set(part, kept)
    this.kept += part.length
  }

  onFrameEnd(): undefined {
    const { fin, head, opcode, rsv } = this
    this.head = noOctets
    this.listener.onFrame(this.direction, { fin, rsv, opcode: opcode as Opcode, payload: head }, this.size)
  }
}
