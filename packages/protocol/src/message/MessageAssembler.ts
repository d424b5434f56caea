/**
 * Data frames in, messages out (RFC 6455 §5.4, §5.6, §6.2).
 *
 * Holds the fragments of at most one message. Knows nothing of control frames: they never reach it. A wrong order of
 * fragments, a limit that is exceeded and text that is not UTF-8 are violations, each found at the first octet that tells.
 *
 * @example
 * ```ts
 * import { FrameDecoder } from "@effect-websocket/protocol/frame/FrameDecoder"
 * import { MessageAssembler } from "@effect-websocket/protocol/message/MessageAssembler"
 *
 * const assembler = new MessageAssembler({ maxMessageSize: 1024, maxFrameSize: 1024, maxFragments: 16 })
 * const decoder = new FrameDecoder("client", {
 *   onFrame: (header) => assembler.onFrame(header),
 *   onPayload: (octets, start, end) => assembler.onPayload(octets, start, end),
 *   onFrameEnd: () => {
 *     const message = assembler.onFrameEnd()
 *     return typeof message === "object" && "rule" in message ? message : void console.log(message)
 *   }
 * })
 * ```
 */
import { concat, plain } from "../bytes/Octets.js"
import * as Utf8 from "../bytes/Utf8.js"
import type { FrameHeader } from "../frame/FrameHeader.js"
import { Opcode } from "../frame/Opcode.js"
import * as ProtocolViolation from "../frame/ProtocolViolation.js"
import type { Message } from "./Message.js"
import { copyOf } from "./Slab.js"
import { Storage } from "./Storage.js"

/** What a peer may make us hold. */
export interface MessageLimits {
  /** Octets of a message, after it was inflated. */
  readonly maxMessageSize: number
  /** Octets of the payload of a frame. */
  readonly maxFrameSize: number
  /** Frames of a message, empty ones counted. */
  readonly maxFragments: number
}

/** The longest string of V8. More than that no application could be given, whatever its limit. */
const maxHeld = 0x1fff_ffe8

/** Long text is decoded as it comes, in parts of this size (2 ms at most): 100 MiB at once take 60 to 700 ms. */
const textPart = 256 * 1024

/** Joins the fragments of one message at a time, within its limits. */
export class MessageAssembler {
  private isText = false
  /** Whether the payload is the message, and not a compressed form of it. */
  private isPlain = true
  /** The frame under way has FIN. */
  private isLast = false
  private streaming = false
  /** Frames of the message under way. */
  private fragments = 0
  /** Octets of them, as their headers say. */
  private announced = 0
  /** A message that was never stored: it was in one piece. */
  private whole: Message | undefined
  /** The part of a long text that is decoded already, and the octets of it. */
  private text = ""
  private textSize = 0
  private readonly utf8 = new Utf8.Utf8Validator()
  private readonly storage = new Storage()

  /** The limits may change while messages come: they are looked at for each frame. */
  constructor(private readonly limits: MessageLimits) {}

  /** A message has begun and not ended. */
  get isOpen(): boolean {
    return this.fragments > 0
  }

  /** Of the message under way, or else of the last one. */
  get kind(): "text" | "binary" {
    return this.isText ? "text" : "binary"
  }

  /** How many octets the message under way may still grow; Infinity while it is not kept. */
  get room(): number {
    return this.streaming ? Infinity : this.maxSize - this.size
  }

  /**
   * A data frame begins. The size of a message is known from the headers, unless it is compressed (RSV1): then `onPayload`
   * takes what was inflated, and counts.
   */
  onFrame(header: Readonly<FrameHeader>): ProtocolViolation.ProtocolViolation | undefined {
    const isFirst = header.opcode !== Opcode.Continuation
    // §5.4: fragments of one message MUST NOT be interleaved with those of another.
    if (isFirst === this.isOpen) return isFirst ? ProtocolViolation.badDataFrame : ProtocolViolation.badContinuation
    if (isFirst) this.begin(header)
    this.isLast = header.fin
    this.fragments++
    this.announced += header.length
    return this.checkLimits(header.length)
  }

  /** Octets of the payload. Text is checked at once, also in the middle of a frame (§8.1). */
  onPayload(octets: Uint8Array, start: number, end: number): ProtocolViolation.ProtocolViolation | undefined {
    const isWhole = this.fragments === 1 && this.isLast && this.announced === end - start
    if (isWhole && this.isPlain && !this.streaming) return this.takeWhole(octets, start, end)
    if (this.isText && this.utf8.push(octets, start, end) >= 0) return ProtocolViolation.badFramePayload
    return this.streaming ? undefined : this.store(octets, start, end)
  }

  /** The message, when the frame that ended was its last; undefined when fragments are still to come. */
  onFrameEnd(): Message | ProtocolViolation.ProtocolViolation | undefined {
    if (!this.isLast) return undefined
    this.fragments = 0
    const { whole } = this
    if (whole === undefined) return this.finish()
    this.whole = undefined
    return whole
  }

  /**
   * Until the end of the message under way, or of the next one when there is none, payload is checked but not kept, and
   * maxMessageSize does not apply; onFrameEnd then gives an empty message. Returns what was kept so far.
   */
  stream(): Uint8Array {
    this.streaming = true
    const { text } = this
    this.text = ""
    this.textSize = 0
    return text === "" ? this.storage.take() : concat([Utf8.encode(text), this.storage.take()])
  }

  private get maxSize(): number {
    return Math.min(this.limits.maxMessageSize, maxHeld)
  }

  /** Octets that are held. */
  private get size(): number {
    return this.textSize + this.storage.size
  }

  private begin(header: Readonly<FrameHeader>): void {
    this.isText = header.opcode === Opcode.Text
    this.isPlain = header.rsv === 0
    this.announced = 0
  }

  private checkLimits(length: number): ProtocolViolation.ProtocolViolation | undefined {
    const { maxFragments, maxFrameSize } = this.limits
    if (length > maxFrameSize) return ProtocolViolation.frameTooBig(maxFrameSize)
    if (this.announced > this.maxSize && this.isPlain && !this.streaming) {
      return ProtocolViolation.messageTooBig(this.maxSize)
    }
    return this.fragments > maxFragments ? ProtocolViolation.tooManyFragments(maxFragments) : undefined
  }

  private takeWhole(octets: Uint8Array, start: number, end: number): ProtocolViolation.ProtocolViolation | undefined {
    this.whole = this.isText ? Utf8.decode(octets, start, end) : copyOf(this, plain(octets), start, end)
    return this.whole === undefined ? ProtocolViolation.badFramePayload : undefined
  }

  private store(octets: Uint8Array, start: number, end: number): ProtocolViolation.ProtocolViolation | undefined {
    const { maxSize, storage } = this
    if (this.size + end - start > maxSize) return ProtocolViolation.messageTooBig(maxSize)
    const isKnown = this.isLast && this.isPlain
    storage.append(octets, start, end, (isKnown ? this.announced : maxSize) - this.textSize, isKnown)
    if (this.isText && storage.size >= textPart) this.decodePart()
    return undefined
  }

  private decodePart(): void {
    const { size } = this.storage
    this.text += this.storage.takeCharacters()
    this.textSize += size - this.storage.size
  }

  private finish(): Message | ProtocolViolation.ProtocolViolation {
    this.streaming = false
    if (!this.isText) return this.storage.take()
    const { text } = this
    this.text = ""
    this.textSize = 0
    // §8.1: a message does not end inside of a sequence.
    return this.utf8.isComplete ? text + this.storage.takeText() : ProtocolViolation.badFramePayload
  }
}
