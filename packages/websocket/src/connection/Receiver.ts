/**
 * Octets in, messages and control frames out: the inbound stations of the kernel, put one behind the other.
 *
 * Everything is synchronous. Control frames leave before the messages are assembled, so that a Ping between fragments is
 * no special case (RFC 6455 §5.4). A peer's fault is returned as a value; nothing is decoded after it.
 */
import type { Role } from "@effect-websocket/protocol/bytes/Role"
import { FrameDecoder, type FrameSink } from "@effect-websocket/protocol/frame/FrameDecoder"
import type { FrameHeader } from "@effect-websocket/protocol/frame/FrameHeader"
import { isControl, Opcode } from "@effect-websocket/protocol/frame/Opcode"
import type { ProtocolViolation } from "@effect-websocket/protocol/frame/ProtocolViolation"
import type { Message } from "@effect-websocket/protocol/message/Message"
import { MessageAssembler, type MessageLimits } from "@effect-websocket/protocol/message/MessageAssembler"

/** §5.5: a control frame has at most 125 octets of payload. */
const maxControlSize = 125

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

export class Receiver implements FrameSink {
  /** How many messages have come to their end. */
  messages = 0
  /** The message under way is delivered in pieces. */
  private inPieces = false
  private control = false
  private opcode = 0
  private length = 0
  /** The payload of a control frame that came in parts. */
  private parts: Uint8Array | undefined
  private readonly decoder: FrameDecoder
  private readonly assembler: MessageAssembler

  constructor(
    role: Role,
    limits: MessageLimits,
    private readonly sink: MessageSink,
    private readonly onControl: OnControl
  ) {
    this.decoder = new FrameDecoder(role, this)
    this.assembler = new MessageAssembler(limits)
  }

  /** Decodes what has arrived. The octets are altered: they are unmasked in place. */
  receive(octets: Uint8Array): ProtocolViolation | undefined {
    return this.decoder.decode(octets)
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
  stop(): void {
    this.decoder.stop()
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
    const isStart = !this.assembler.isOpen && header.opcode !== Opcode.Continuation
    if (isStart) this.sink.onMessageStart(header.opcode === Opcode.Text ? "text" : "binary")
    return this.assembler.onFrame(header)
  }

  onPayload(octets: Uint8Array, start: number, end: number): ProtocolViolation | undefined {
    if (this.control) {
      this.parts ??= new Uint8Array(maxControlSize)
      this.parts.set(octets.subarray(start, end), this.length)
      this.length += end - start
      return undefined
    }
    const violation = this.assembler.onPayload(octets, start, end)
    return violation === undefined && this.inPieces ? this.sink.onPiece(octets.subarray(start, end)) : violation
  }

  onFrameEnd(): ProtocolViolation | undefined {
    if (this.control) return this.onControlEnd()
    const result = this.assembler.onFrameEnd()
    if (result === undefined) return undefined
    if (typeof result === "string" || result instanceof Uint8Array) return this.onMessageEnd(result)
    return result
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
