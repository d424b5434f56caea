/**
 * Octets in, messages and control frames out: the inbound stations of the kernel, put one behind the other.
 *
 * Everything is synchronous. Control frames leave before the messages are inflated and assembled, so that a Ping between
 * fragments is no special case (RFC 6455 §5.4). A peer's fault is returned as a value; nothing is decoded after it. When
 * enough was inflated, in one message or in many, all stations pause, so that the event loop can turn.
 */
import type { Role } from "@effect-websocket/protocol/bytes/Role"
import { FrameDecoder, type FrameSink } from "@effect-websocket/protocol/frame/FrameDecoder"
import type { FrameHeader } from "@effect-websocket/protocol/frame/FrameHeader"
import { isControl, Opcode } from "@effect-websocket/protocol/frame/Opcode"
import type { ProtocolViolation } from "@effect-websocket/protocol/frame/ProtocolViolation"
import type { Message } from "@effect-websocket/protocol/message/Message"
import { MessageAssembler, type MessageLimits } from "@effect-websocket/protocol/message/MessageAssembler"
import type { Engine, InflateSink } from "../Compression.js"

/** §5.5: a control frame has at most 125 octets of payload. */
const maxControlSize = 125

/** RFC 7692 §6: a message whose first frame has RSV1 is compressed. */
const rsv1 = 4

/** A control frame; its payload is lent for the call. */
export type OnControl = (opcode: number, payload: Uint8Array) => ProtocolViolation | undefined

/** Who is told of messages, in the order of the octets. */
export interface MessageSink {
  readonly onMessage: (message: Message) => void
  /** A message begins; nothing of it has been judged yet. Who wants it in pieces calls `startPieces` now. */
  readonly onMessageStart: (kind: "text" | "binary") => void
  /** A piece of a message that is delivered in pieces; lent for the call. */
  readonly onPiece: (octets: Uint8Array) => ProtocolViolation | undefined
  readonly onMessageEnd: () => void
}

export class Receiver implements FrameSink, InflateSink {
  /** How many messages have come to their end. */
  messages = 0
  /** The message under way is delivered in pieces. */
  private inPieces = false
  private control = false
  private opcode = 0
  private length = 0
  /** The message under way is compressed. */
  private isDeflated = false
  private isLast = false
  /** The payload of a control frame that came in parts. */
  private parts: Uint8Array | undefined
  /** Compressor and decompressor of the connection. */
  readonly engine: Engine | undefined
  private readonly decoder: FrameDecoder
  private readonly assembler: MessageAssembler

  /** `openEngine`: when permessage-deflate was agreed. */
  constructor(
    role: Role,
    limits: MessageLimits,
    private readonly sink: MessageSink,
    private readonly onControl: OnControl,
    openEngine?: (sink: InflateSink) => Engine
  ) {
    this.decoder = new FrameDecoder(role, this, openEngine === undefined ? 0 : rsv1)
    this.assembler = new MessageAssembler(limits)
    this.engine = openEngine?.(this)
  }

  /** Decodes what has arrived; while it is paused, keeps it. The octets are altered: they are unmasked in place. */
  receive(octets: Uint8Array): ProtocolViolation | undefined {
    return this.decoder.decode(octets)
  }

  /** What one turn of the event loop should take is inflated: `resume` goes on. */
  get isPaused(): boolean {
    return this.decoder.isPaused
  }

  resume(): ProtocolViolation | undefined {
    const violation = this.inflater?.resume()
    if (violation !== undefined) return this.decoder.fail(violation)
    return this.inflater?.isPaused === true ? undefined : this.decoder.resume()
  }

  /** Octets decoded so far; after a violation the place of it. */
  get offset(): number {
    return this.decoder.offset
  }

  /** A frame or a message has begun and not ended. */
  get isMidMessage(): boolean {
    return this.assembler.isOpen || this.decoder.isMidFrame
  }

  /** A message is being assembled, or delivered in pieces. */
  get isMessageOpen(): boolean {
    return this.assembler.isOpen
  }

  get kind(): "text" | "binary" {
    return this.assembler.kind
  }

  /** Ignores all that comes from now on: nothing may follow a Close frame (§5.5.1). */
  halt(): void {
    this.decoder.stop()
  }

  /** As `halt`; gives back what the engine holds. */
  stop(): void {
    this.halt()
    this.engine?.close()
  }

  /** Delivers the message under way, or beginning, in pieces from here on; gives back what it has so far. */
  startPieces(): Uint8Array {
    this.inPieces = true
    return this.assembler.stream()
  }

  onFrame(header: Readonly<FrameHeader>): ProtocolViolation | undefined {
    this.control = isControl(header.opcode)
    if (this.control) {
      this.opcode = header.opcode
      this.length = 0
      return undefined
    }
    if (!this.assembler.isOpen && header.opcode !== Opcode.Continuation) this.onMessageStart(header)
    this.isLast = header.fin
    return this.assembler.onFrame(header)
  }

  onPayload(octets: Uint8Array, start: number, end: number): ProtocolViolation | undefined {
    if (this.control) {
      this.parts ??= new Uint8Array(maxControlSize)
      this.parts.set(octets.subarray(start, end), this.length)
      this.length += end - start
      return undefined
    }
    return this.isDeflated ? this.inflate(octets, start, end) : this.onOctets(octets, start, end)
  }

  onFrameEnd(): ProtocolViolation | undefined {
    if (this.control) return this.onControlEnd()
    if (this.isDeflated && this.isLast) {
      const violation = this.inflater?.end()
      if (violation !== undefined) return violation
    }
    const result = this.assembler.onFrameEnd()
    if (result === undefined) return undefined
    if (typeof result === "string" || result instanceof Uint8Array) return this.onMessageEnd(result)
    return result
  }

  /** How many octets the message under way may still grow. */
  room(): number {
    return this.assembler.room
  }

  /** Octets of a message, as its sender had them. */
  onOctets(octets: Uint8Array, start: number, end: number): ProtocolViolation | undefined {
    const violation = this.assembler.onPayload(octets, start, end)
    return violation === undefined && this.inPieces ? this.sink.onPiece(octets.subarray(start, end)) : violation
  }

  private get inflater() {
    return this.engine?.inflater
  }

  private inflate(octets: Uint8Array, start: number, end: number): ProtocolViolation | undefined {
    const violation = this.inflater?.push(octets, start, end)
    if (this.inflater?.isPaused === true) this.decoder.pause()
    return violation
  }

  private onMessageStart({ opcode, rsv }: Readonly<FrameHeader>): void {
    this.isDeflated = rsv !== 0
    this.sink.onMessageStart(opcode === Opcode.Text ? "text" : "binary")
  }

  private onControlEnd(): ProtocolViolation | undefined {
    const payload = this.parts === undefined ? new Uint8Array(0) : this.parts.subarray(0, this.length)
    // Control frames are rare: an idle connection holds no buffer for them.
    this.parts = undefined
    return this.onControl(this.opcode, payload)
  }

  private onMessageEnd(message: Message): undefined {
    this.messages++
    if (!this.inPieces) {
      this.sink.onMessage(message)
      return
    }
    this.inPieces = false
    this.sink.onMessageEnd()
  }
}
