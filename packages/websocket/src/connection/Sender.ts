/**
 * Messages on their way out: made into frames, with back-pressure.
 *
 * The usual send is synchronous, and therefore atomic without a lock. What has to wait (above the high-water mark), or
 * consists of several frames, takes its turn in a line; while there is one nobody overtakes it. Control frames go in between
 * (RFC 6455 §5.4).
 */
import { encode } from "@effect-websocket/protocol/bytes/Utf8"
import { Opcode } from "@effect-websocket/protocol/frame/Opcode"
import { cut, cutText, type Fragment } from "@effect-websocket/protocol/message/Fragmenter"
import type { Message } from "@effect-websocket/protocol/message/Message"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import type { DeflateStep } from "../Compression.js"
import type { LimitValues } from "../Limits.js"
import { SendError } from "../WebSocketError.js"
import type { Deflation } from "./Deflation.js"
import { badText, demandText, partSize } from "./demandText.js"
import { MessageWriter } from "./MessageWriter.js"
import { demandOctets, fin, type Outbox, rsv1 } from "./Outbox.js"
import type { Pace } from "./Pace.js"
import type { PreparedMessage } from "./PreparedMessage.js"
import { Send } from "./Send.js"
import { SendLine } from "./SendLine.js"
import type { SendOptions } from "./WebSocket.js"

/** What an octet counts that is compressed: it takes longer (11 to 30 µs per KiB), and a turn should not. */
const deflateCost = 8

/** Longer ones are not compressed in one go, whatever `fragmentSize` is. */
const maxWhole = 64 * 1024

/** They are compressed in parts of this size, a turn each: what suits DEFLATE least takes 180 µs per KiB, 6 ms. */
const deflateSize = 32 * 1024

/** What the Sender tells the connection. */
export interface SenderOwner {
  /** A message was begun and will not be ended. */
  readonly onUnfinished: () => void
}

/** Writes a message of several frames, or one that had to wait. */
type Write<E, R = never> = (writer: MessageWriter) => Effect.Effect<void, E, R>

export class Sender {
  /** Sends which wait, or consist of several frames: the synchronous path is closed for so long. */
  private line: SendLine | undefined

  /** `deflation`: when permessage-deflate was agreed. */
  constructor(
    private readonly outbox: Outbox,
    private readonly limits: LimitValues,
    private readonly pace: Pace,
    private readonly deflation: Deflation | undefined,
    private readonly owner: SenderOwner
  ) {}

  /** Sends a message at once, or not at all. */
  trySend(message: Message, compress?: boolean): boolean {
    if (this.isBusy || !this.isSingle(message, compress) || !this.pace.isReady) return false
    this.writeSingle(message, compress)
    return true
  }

  send(message: Message, options?: SendOptions): Effect.Effect<void, SendError> {
    return new Send(this, message, options)
  }

  sendAll(messages: Iterable<Message>, options?: SendOptions): Effect.Effect<void, SendError> {
    return Effect.suspend(() => {
      const iterator = messages[Symbol.iterator]()
      const next = (): Effect.Effect<void, SendError> => {
        for (let item = iterator.next(); !item.done; item = iterator.next()) {
          if (options?.kind === undefined && this.trySend(item.value, options?.compress)) continue
          return Effect.flatMap(this.sendInTurn(item.value, options), next)
        }
        return Effect.void
      }
      return next()
    })
  }

  sendStream<E, R>(
    kind: "text" | "binary",
    body: Stream.Stream<Uint8Array | string, E, R>,
    options?: Pick<SendOptions, "compress">
  ): Effect.Effect<void, SendError | E, R> {
    const write = (writer: MessageWriter) => {
      const each = (part: Uint8Array | string) => this.writePart(writer, part)
      const end = this.pace.whenReady(() => (writer.end() ? Effect.void : Effect.fail(badText)))
      return Effect.zipRight(Stream.runForEach(body, each), end)
    }
    return this.writeInTurn(write, kind, Infinity, options?.compress)
  }

  /** Sends a message that goes to many at once, however long it is, or not at all. */
  trySendPrepared(prepared: PreparedMessage): boolean {
    if (this.isBusy || !this.pace.isReady) return false
    this.writePrepared(prepared)
    return true
  }

  sendPrepared(prepared: PreparedMessage): Effect.Effect<void, SendError> {
    return Effect.suspend(() => {
      if (this.trySendPrepared(prepared)) return Effect.void
      return this.pace.refusal() ?? this.inLine.single(() => this.writePrepared(prepared))
    })
  }

  /** Sends a control frame ahead of what waits. */
  control(opcode: number, payload: Uint8Array): void {
    this.outbox.octets(fin | opcode, payload)
    this.outbox.flushLater()
  }

  /** Sends our Close frame, behind all that was sent and ahead of all that waits. */
  close(payload: Uint8Array): void {
    this.outbox.octets(fin | Opcode.Close, payload)
    this.outbox.flush()
  }

  private get isBusy(): boolean {
    return this.line !== undefined && !this.line.isEmpty
  }

  private get inLine(): SendLine {
    this.line ??= new SendLine(this.pace)
    return this.line
  }

  /** Whether it is one frame, which is made in one go. */
  private isSingle(message: Message, compress: boolean | undefined): boolean {
    const { length } = message
    if (length > this.limits.fragmentSize) return false
    return !(length > maxWhole && this.deflation?.applies(length, compress))
  }

  private writeSingle(message: Message, compress: boolean | undefined): void {
    const { deflation, outbox } = this
    if (deflation?.applies(message.length, compress)) this.sendDeflated(deflation, message)
    else if (typeof message === "string") outbox.text(fin | Opcode.Text, message)
    else outbox.octets(fin | Opcode.Binary, message)
    this.pace.spend(message.length)
    outbox.flushLater()
  }

  private writePrepared(prepared: PreparedMessage): void {
    const { deflation, limits, outbox, pace } = this
    const form = deflation === undefined ? prepared.plain : deflation.form(prepared)
    outbox.prepared(form, limits.fragmentSize)
    pace.spend(form.payload.length)
    pace.flushAfterTurn()
  }

  private sendDeflated(deflation: Deflation, message: Message): void {
    const payload = deflation.whole(typeof message === "string" ? message : demandOctets(message))
    this.pace.spend((deflateCost - 1) * message.length)
    const first = rsv1 | (typeof message === "string" ? Opcode.Text : Opcode.Binary)
    // What cannot be compressed becomes longer, and may need another frame.
    for (const { end, fin: isLast, start } of cut(payload.length, this.limits.fragmentSize)) {
      this.outbox.octets((isLast ? fin : 0) | (start === 0 ? first : Opcode.Continuation), payload.subarray(start, end))
    }
  }

  /** Sends a message that has to wait, or consists of several frames. */
  sendInTurn(message: Message, options?: SendOptions): Effect.Effect<void, SendError> {
    const refusal = this.pace.refusal()
    if (refusal !== undefined) return Effect.fail(refusal)
    if (options?.whenFull === "fail" && (this.isBusy || this.pace.isFull)) {
      return Effect.fail(new SendError({ reason: { _tag: "QueueFull", limit: this.limits.highWaterMark } }))
    }
    if (options?.kind === undefined && this.isSingle(message, options?.compress)) {
      return this.inLine.single(() => this.writeSingle(message, options?.compress))
    }
    const kind = options?.kind ?? (typeof message === "string" ? "text" : "binary")
    const write = typeof message === "string" ? this.writeText(message) : this.writeOctets(demandOctets(message), kind)
    return this.writeInTurn(write, kind, message.length, options?.compress)
  }

  private writePart(writer: MessageWriter, part: Uint8Array | string): Effect.Effect<void, SendError> {
    const octets = writer.encode(part)
    if (octets === undefined) return Effect.fail(badText)
    return octets.length === 0 ? Effect.void : this.writeFrames(writer, octets, "flush")
  }

  /** A long text is encoded in parts: at once it would take long. */
  private writeText(text: string): Write<SendError> {
    return (writer) => {
      let left = text.length
      const write = (part: string) => {
        left -= part.length
        return this.writeFrames(writer, encode(part), left === 0 ? "end" : "more")
      }
      return Effect.forEach(cutText(text, partSize), write, { discard: true })
    }
  }

  private writeOctets(octets: Uint8Array, kind: "text" | "binary"): Write<SendError> {
    return (writer) => {
      const write = this.writeFrames(writer, octets, "end")
      return kind === "text" ? Effect.zipRight(demandText(octets), write) : write
    }
  }

  /** Writes a part of a message in fragments; `last` is what comes after the last of them. */
  private writeFrames(writer: MessageWriter, octets: Uint8Array, last: DeflateStep): Effect.Effect<void, SendError> {
    const write = ({ end, fin: isLast, start }: Fragment) =>
      this.pace.whenReady(() => {
        // A turn for each large part; a small message that has waited once must not make the next one wait.
        if (writer.isCompressed && end - start === deflateSize) this.pace.spendTurn()
        else this.pace.spend((writer.isCompressed ? deflateCost : 1) * (end - start))
        writer.fragment(octets.subarray(start, end), isLast ? last : "more")
        return Effect.void
      })
    const { fragmentSize } = this.limits
    const size = writer.isCompressed ? Math.min(deflateSize, fragmentSize) : fragmentSize
    return Effect.forEach(cut(octets.length, size), write, { discard: true })
  }

  /** Writes one message in frames, in its turn. */
  private writeInTurn<E, R>(
    write: Write<E, R>,
    kind: "text" | "binary",
    length: number,
    compress: boolean | undefined
  ): Effect.Effect<void, E, R> {
    const { deflation, limits, outbox } = this
    const message = Effect.suspend(() => {
      const applied = deflation?.applies(length, compress) ? deflation : undefined
      const writer = new MessageWriter(outbox, limits, kind, applied)
      return Effect.onExit(write(writer), (exit) =>
        Exit.isFailure(exit) && writer.isMidMessage ? Effect.sync(() => this.owner.onUnfinished()) : Effect.void
      )
    })
    return this.inLine.whole(message)
  }
}
