/**
 * Octets in, frames out (RFC 6455 §5.2): all frames of a chunk in one loop, told to a sink as they are recognised.
 *
 * A header is judged as early as its octets allow, and completely before payload is touched. Payload is unmasked in place and
 * handed on in the pieces in which it comes; only a header that is cut is kept here. Knows nothing of messages, except that
 * RSV bits have a meaning on their first frames alone.
 */
import { plain } from "../bytes/Octets.js"
import type { Role } from "../bytes/Role.js"
import type { FrameHeader } from "./FrameHeader.js"
import { mask } from "./Masking.js"
import { isControl, isKnown, Opcode } from "./Opcode.js"
import * as ProtocolViolation from "./ProtocolViolation.js"

/** Who is told of frames. What a function returns stops the decoder. */
export interface FrameSink {
  /** A header is complete and legal; no payload has been touched. The object is used again: valid during the call. */
  readonly onFrame: (header: Readonly<FrameHeader>) => ProtocolViolation.ProtocolViolation | undefined
  /** Octets of the payload, at least one, unmasked in place; lent for the call. */
  readonly onPayload: (
    octets: Uint8Array,
    start: number,
    end: number
  ) => ProtocolViolation.ProtocolViolation | undefined
  /** The payload is complete. */
  readonly onFrameEnd: () => ProtocolViolation.ProtocolViolation | undefined
}

/** The longest header: 2 octets, 8 of length, 4 of masking key. */
const maxHeaderSize = 14

/** Octets of the header are missing. */
const incomplete = -1

/** The length breaks a rule. */
const illegal = -2

const checkFirst = (first: number, reservedBits: number): ProtocolViolation.ProtocolViolation | undefined => {
  const opcode = first & 0x0f
  const startsMessage = opcode === Opcode.Text || opcode === Opcode.Binary
  // §5.2: RSV bits MUST be 0 unless an extension defines them; none does for continuations and control frames.
  if (((first >>> 4) & 0x07 & ~(startsMessage ? reservedBits : 0)) !== 0) return ProtocolViolation.badReservedBits
  // §5.2: an unknown opcode fails the connection.
  if (!isKnown(opcode)) return ProtocolViolation.badOpcode
  // §5.5: control frames MUST NOT be fragmented.
  return isControl(opcode) && first < 0x80 ? ProtocolViolation.badControlFragment : undefined
}

const checkSecond = (
  first: number,
  second: number,
  isServer: boolean
): ProtocolViolation.ProtocolViolation | undefined => {
  // §5.5: control frames have at most 125 octets, so never an extended length.
  if (isControl(first) && (second & 0x7f) > 125) return ProtocolViolation.badControlSize
  const isMasked = second >= 0x80
  if (isMasked === isServer) return undefined
  // §5.1: a client masks all frames, a server none.
  return isServer ? ProtocolViolation.badUnmaskedFrame : ProtocolViolation.badMaskedFrame
}

const read32 = (octets: Uint8Array, at: number): number =>
  (octets[at] << 24) | (octets[at + 1] << 16) | (octets[at + 2] << 8) | octets[at + 3]

/** The length that follows a marker of 126 or 127. */
const readLength = (octets: Uint8Array, at: number, end: number, marker: number): number => {
  if (end - at < (marker === 126 ? 2 : 8)) return incomplete
  if (marker === 126) {
    const length = (octets[at] << 8) | octets[at + 1]
    return length < 126 ? illegal : length
  }
  // §5.2: the most significant bit MUST be 0, and the minimal number of octets MUST be used.
  if (octets[at] >= 0x80) return illegal
  const high = read32(octets, at)
  const low = read32(octets, at + 4) >>> 0
  if (high > 0) return high * 0x1_0000_0000 + low
  return low < 0x1_0000 ? illegal : low
}

export class FrameDecoder {
  /** Octets decoded so far; after a violation, where the header of the offending frame begins. */
  offset = 0
  private readonly isServer: boolean
  // A key is no small integer for V8: the field has that representation from the start.
  private readonly header: FrameHeader = {
    fin: false,
    rsv: 0,
    opcode: 0,
    masked: false,
    length: 0,
    maskingKey: 0xffffffff
  }
  private inFrame = false
  private isStopped = false
  /** Octets of payload that are still to come. */
  private remaining = 0
  private key = 0
  private phase = 0
  private frameStart = 0
  /** A header that is cut. */
  private held: Uint8Array | undefined
  private heldSize = 0
  private violation: ProtocolViolation.ProtocolViolation | undefined

  /**
   * `role` is ours: a server demands masked frames, a client unmasked ones. `reservedBits` are those in use by extensions
   * (RSV1 is 4): legal on the first frame of a message only.
   */
  constructor(
    role: Role,
    private readonly sink: FrameSink,
    private readonly reservedBits = 0
  ) {
    this.isServer = role === "server"
  }

  /** Whether a frame has begun and not ended. */
  get isMidFrame(): boolean {
    return this.inFrame || this.heldSize > 0
  }

  /** Ignores everything from now on, as §5.5.1 allows after a Close frame. */
  stop(): void {
    this.isStopped = true
  }

  /** Decodes all frames in `octets`, which are altered. After a violation or `stop` the rest is ignored. */
  decode(octets: Uint8Array): ProtocolViolation.ProtocolViolation | undefined {
    const chunk = plain(octets)
    const end = chunk.length
    const { offset } = this
    let at = 0
    while (!this.isStopped) {
      if (this.remaining > 0) {
        if (at === end) break
        at = this.payload(chunk, at, end)
      } else if (this.inFrame) {
        this.inFrame = false
        this.violation = this.sink.onFrameEnd()
      } else {
        if (at === end) break
        this.frameStart = offset + at - this.heldSize
        at = this.begin(chunk, at, end)
      }
      if (this.violation !== undefined) return this.fail(this.violation)
    }
    this.offset = offset + at
    return undefined
  }

  private fail(violation: ProtocolViolation.ProtocolViolation): ProtocolViolation.ProtocolViolation {
    this.isStopped = true
    this.offset = this.frameStart
    return violation
  }

  private payload(chunk: Uint8Array, at: number, end: number): number {
    const size = Math.min(end - at, this.remaining)
    const next = at + size
    if (this.isServer) {
      mask(chunk, at, next, this.key, this.phase)
      this.phase = (this.phase + size) & 3
    }
    this.remaining -= size
    this.violation = this.sink.onPayload(chunk, at, next)
    return next
  }

  /** Reads a header: the index behind it, or behind all that there is of it. */
  private begin(chunk: Uint8Array, at: number, end: number): number {
    const size = this.heldSize === 0 ? this.read(chunk, at, end) : incomplete
    if (size === incomplete) return this.hold(chunk, at, end)
    this.start()
    return at + size
  }

  private hold(chunk: Uint8Array, start: number, end: number): number {
    this.held ??= new Uint8Array(maxHeaderSize)
    for (let at = start; at < end; ) {
      this.held[this.heldSize++] = chunk[at++]
      if (this.read(this.held, 0, this.heldSize) === incomplete) continue
      this.held = undefined
      this.heldSize = 0
      this.start()
      return at
    }
    return end
  }

  private start(): void {
    if (this.violation !== undefined) return
    this.inFrame = true
    this.remaining = this.header.length
    this.phase = 0
    this.violation = this.sink.onFrame(this.header)
  }

  /** Reads the header at `at` into `header`: its size, or `incomplete`. Leaves a violation if there is one. */
  private read(octets: Uint8Array, at: number, end: number): number {
    const first = octets[at]
    this.violation = checkFirst(first, this.reservedBits)
    if (this.violation !== undefined) return 1
    if (end - at < 2) return incomplete
    const second = octets[at + 1]
    this.violation = checkSecond(first, second, this.isServer)
    if (this.violation !== undefined) return 2
    const marker = second & 0x7f
    if (marker < 126) return this.readKey(octets, at, 2, end, marker)
    const length = readLength(octets, at + 2, end, marker)
    if (length === incomplete) return incomplete
    return this.readLong(octets, at, marker === 126 ? 4 : 10, end, length)
  }

  private readLong(octets: Uint8Array, at: number, size: number, end: number, length: number): number {
    if (length === illegal) this.violation = ProtocolViolation.badSize
    // Stricter: what cannot be counted exactly is over every limit.
    else if (length > Number.MAX_SAFE_INTEGER) this.violation = ProtocolViolation.frameTooBig(Number.MAX_SAFE_INTEGER)
    return this.violation === undefined ? this.readKey(octets, at, size, end, length) : size
  }

  /** The last part of a header: `size` octets come before the key, if there is one. */
  private readKey(octets: Uint8Array, at: number, size: number, end: number, length: number): number {
    const whole = this.isServer ? size + 4 : size
    if (end - at < whole) return incomplete
    this.key = this.isServer ? read32(octets, at + size) : 0
    const { header } = this
    const first = octets[at]
    header.fin = first >= 0x80
    header.rsv = (first >>> 4) & 0x07
    header.opcode = first & 0x0f
    header.masked = this.isServer
    header.length = length
    header.maskingKey = this.key >>> 0
    return whole
  }
}
