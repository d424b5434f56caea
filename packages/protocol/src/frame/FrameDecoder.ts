/**
 * Octets in, frames out (RFC 6455 §5.2): all frames of a chunk in one loop, told to a sink as they are recognised.
 *
 * A header is judged as early as its octets allow, and completely before payload is touched. Payload is unmasked in place and
 * handed on in the pieces in which it comes; only a header that is cut is kept here. Knows nothing of messages, except that
 * RSV bits have a meaning on their first frames alone.
 *
 * @example
 * ```ts
 * import { FrameDecoder } from "@effect-websocket/protocol/frame/FrameDecoder"
 *
 * const decoder = new FrameDecoder("client", {
 *   onFrame: ({ length, opcode }) => void console.log(opcode, length),
 *   onPayload: () => undefined,
 *   onFrameEnd: () => undefined
 * })
 * const violation = decoder.decode(Uint8Array.of(0x81, 0x02, 0x68, 0x69))
 * ```
 */
import { plain } from "../bytes/Octets.js"
import type { Role } from "../bytes/Role.js"
import type { FrameHeader } from "./FrameHeader.js"
import { checkFirst, checkSecond, illegal, incomplete, read32, readLength } from "./HeaderChecks.js"
import { mask } from "./Masking.js"
import * as ProtocolViolation from "./ProtocolViolation.js"
import { bring, stage } from "./Stage.js"

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

const noOctets = new Uint8Array(0)

/** Decodes the frames of one direction, however the octets are cut. */
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
  /** Nothing is decoded: for good, or while octets wait. */
  private isHalted = false
  /** Octets of payload that are still to come. */
  private remaining = 0
  private key = 0
  private phase = 0
  private frameStart = 0
  /** A header that is cut. */
  private held: Uint8Array | undefined
  private heldSize = 0
  /** Octets that came while the decoder was paused, or behind those which paused it. */
  private waiting: Array<Uint8Array> | undefined
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

  /** Octets wait for `resume`. */
  get isPaused(): boolean {
    return this.waiting !== undefined
  }

  /** Ignores everything from now on, as §5.5.1 allows after a Close frame. */
  stop(): void {
    this.isHalted = true
    this.waiting = undefined
  }

  /** Called by the sink while it is told of payload: decodes nothing more until `resume`. What comes meanwhile is kept. */
  pause(): void {
    if (this.isHalted) return
    this.isHalted = true
    this.waiting = []
  }

  /** Goes on where it was paused. */
  resume(): ProtocolViolation.ProtocolViolation | undefined {
    if (this.waiting === undefined) return undefined
    const chunks = this.waiting
    this.waiting = undefined
    this.isHalted = false
    // A frame whose payload was complete is ended first, also when nothing came behind it.
    let violation = this.run(noOctets)
    for (let next = 0; next < chunks.length && violation === undefined; next++) violation = this.decode(chunks[next])
    return violation
  }

  /** Stops for good at the frame under way; called by the sink only when it finds its fault while the decoder is paused. */
  fail(violation: ProtocolViolation.ProtocolViolation): ProtocolViolation.ProtocolViolation {
    this.stop()
    this.offset = this.frameStart
    return violation
  }

  /** Decodes all frames in `octets`, which are altered. After a violation or `stop` the rest is ignored. */
  decode(octets: Uint8Array): ProtocolViolation.ProtocolViolation | undefined {
    const chunk = plain(octets)
    if (this.waiting === undefined) return this.run(chunk)
    this.waiting.push(chunk.slice())
    return undefined
  }

  private run(chunk: Uint8Array): ProtocolViolation.ProtocolViolation | undefined {
    const end = chunk.length
    const { offset } = this
    let at = 0
    while (!this.isHalted) {
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
    if (at < end) this.waiting?.push(chunk.slice(at))
    return undefined
  }

  private payload(chunk: Uint8Array, at: number, end: number): number {
    const size = Math.min(end - at, this.remaining)
    const brought = this.isServer ? bring(chunk, at, at + size) : 0
    if (brought === 0) this.deliver(chunk, at, at + size)
    else this.deliver(stage(), 0, brought)
    return at + (brought || size)
  }

  private deliver(octets: Uint8Array, start: number, end: number): void {
    if (this.isServer) {
      mask(octets, start, end, this.key, this.phase)
      this.phase = (this.phase + end - start) & 3
    }
    this.remaining -= end - start
    this.violation = this.sink.onPayload(octets, start, end)
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
