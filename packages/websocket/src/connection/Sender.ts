/**
 * Messages on their way out: made into frames, with back-pressure.
 *
 * The usual send is synchronous, and therefore atomic without a lock. What has to wait (above the high-water mark), or
 * consists of several frames, takes its turn in a queue; while there is one nobody overtakes it. Control frames go in between
 * (RFC 6455 §5.4).
 */
import { encode, Utf8Validator } from "@effect-websocket/protocol/bytes/Utf8"
import { Opcode } from "@effect-websocket/protocol/frame/Opcode"
import { cut } from "@effect-websocket/protocol/message/Fragmenter"
import type { Message } from "@effect-websocket/protocol/message/Message"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Runtime from "effect/Runtime"
import * as Stream from "effect/Stream"
import { hostTurn } from "../host/HostTurn.js"
import type { LimitValues } from "../Limits.js"
import type { Duplex } from "../Transport.js"
import { SendError, type TransportError } from "../WebSocketError.js"
import { MessageWriter } from "./MessageWriter.js"
import { demandOctets, type Outbox } from "./Outbox.js"
import type { SendOptions } from "./WebSocket.js"

/** §5.2: the bit of the first octet that ends a message. */
const fin = 0x80

/** Octets that may be sent before a turn of the event loop, so that a producer that never waits lets the connection read. */
const turnBudget = 1024 * 1024

/** What each message counts besides its octets in that budget. */
const messageCost = 256

/** What the Sender asks of the connection. */
export interface SenderOwner {
  /** Why nothing may be sent now, or undefined. */
  readonly refusal: () => SendError | undefined
  /** A message was begun and will not be ended: the peer must not take it for whole. */
  readonly onUnfinished: () => void
  /** Everything has left. */
  readonly onDrained: () => void
  readonly onWriteFailure: (error: TransportError) => void
}

export class Sender {
  /** Sends which wait, or consist of several frames: the synchronous path is closed for so long. */
  private queued = 0
  private spent = 0
  private queue: Effect.Semaphore | undefined
  private waiting: Array<() => void> = []
  private isDraining = false

  constructor(
    private readonly duplex: Duplex,
    private readonly outbox: Outbox,
    private readonly limits: LimitValues,
    private readonly runtime: Runtime.Runtime<never>,
    private readonly owner: SenderOwner
  ) {}

  /** More waits to be sent than the high-water mark allows. */
  get isFull(): boolean {
    return this.outbox.buffered > this.limits.highWaterMark
  }

  /** Sends a message at once, or not at all. */
  trySend(message: Message): boolean {
    const { limits } = this
    if (this.queued > 0 || this.spent > turnBudget || message.length > limits.fragmentSize) return false
    if (this.owner.refusal() !== undefined || this.isFull) return false
    this.spent += message.length + messageCost
    if (typeof message === "string") this.outbox.text(fin | Opcode.Text, message)
    else this.outbox.octets(fin | Opcode.Binary, message)
    this.outbox.flushLater()
    return true
  }

  send(message: Message, options?: SendOptions): Effect.Effect<void, SendError> {
    return Effect.suspend(() =>
      options?.kind === undefined && this.trySend(message) ? Effect.void : this.sendInTurn(message, options)
    )
  }

  sendAll(messages: Iterable<Message>, options?: SendOptions): Effect.Effect<void, SendError> {
    return Effect.suspend(() => {
      const iterator = messages[Symbol.iterator]()
      const next = (): Effect.Effect<void, SendError> => {
        for (let item = iterator.next(); !item.done; item = iterator.next()) {
          if (options?.kind === undefined && this.trySend(item.value)) continue
          return Effect.flatMap(this.sendInTurn(item.value, options), next)
        }
        return Effect.void
      }
      return next()
    })
  }

  sendStream<E, R>(
    kind: "text" | "binary",
    body: Stream.Stream<Uint8Array | string, E, R>
  ): Effect.Effect<void, SendError | E, R> {
    return this.inTurn((writer) => {
      const each = (part: Uint8Array | string) => this.writePart(writer, part)
      const end = Effect.suspend(() => (writer.end() ? Effect.void : Effect.fail(badText)))
      return Effect.zipRight(Stream.runForEach(body, each), Effect.zipRight(this.ready, end))
    }, kind)
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

  /** The event loop has turned. */
  turned(): void {
    this.spent = 0
  }

  /** Lets everyone who waits look again: room was made, or the connection is closing. */
  wake(): void {
    const { waiting } = this
    this.waiting = []
    for (const wake of waiting) wake()
  }

  private sendInTurn(message: Message, options?: SendOptions): Effect.Effect<void, SendError> {
    const refusal = this.owner.refusal()
    if (refusal !== undefined) return Effect.fail(refusal)
    if (options?.whenFull === "fail" && (this.queued > 0 || this.isFull)) {
      return Effect.fail(new SendError({ reason: { _tag: "QueueFull", limit: this.limits.highWaterMark } }))
    }
    const kind = options?.kind ?? (typeof message === "string" ? "text" : "binary")
    const octets = typeof message === "string" ? encode(message) : demandOctets(message)
    if (kind === "text" && typeof message !== "string" && !isText(octets)) return Effect.fail(badText)
    return this.inTurn((writer) => this.writeFrames(writer, octets, true), kind)
  }

  private writePart(writer: MessageWriter, part: Uint8Array | string): Effect.Effect<void, SendError> {
    const octets = writer.encode(part)
    if (octets === undefined) return Effect.fail(badText)
    return octets.length === 0 ? Effect.void : this.writeFrames(writer, octets, false)
  }

  private writeFrames(writer: MessageWriter, octets: Uint8Array, isLast: boolean): Effect.Effect<void, SendError> {
    const write = (start: number, end: number) => {
      this.spent += end - start + messageCost
      writer.fragment(octets.subarray(start, end), isLast && end === octets.length)
    }
    return Effect.forEach(
      cut(octets.length, this.limits.fragmentSize),
      ({ end, start }) => Effect.map(this.ready, () => write(start, end)),
      { discard: true }
    )
  }

  /** Runs `write` when all sends before it are done, and closes the synchronous path until it is. */
  private inTurn<E, R>(
    write: (writer: MessageWriter) => Effect.Effect<void, E, R>,
    kind: "text" | "binary"
  ): Effect.Effect<void, E, R> {
    this.queue ??= Effect.unsafeMakeSemaphore(1)
    const { queue } = this
    const message = Effect.suspend(() => {
      const writer = new MessageWriter(this.outbox, kind)
      return Effect.onExit(write(writer), (exit) =>
        Exit.isFailure(exit) && writer.isMidMessage ? Effect.sync(this.owner.onUnfinished) : Effect.void
      )
    })
    return Effect.acquireUseRelease(
      Effect.sync(() => void this.queued++),
      () => queue.withPermits(1)(message),
      () => Effect.sync(() => void this.queued--)
    )
  }

  /** Completes when a frame may be sent. */
  private readonly ready: Effect.Effect<void, SendError> = Effect.suspend(() => {
    const refusal = this.owner.refusal()
    if (refusal !== undefined) return Effect.fail(refusal)
    if (this.isFull) return Effect.zipRight(this.drained, this.ready)
    if (this.spent <= turnBudget) return Effect.void
    this.spent = 0
    return Effect.zipRight(hostTurn, this.ready)
  })

  private readonly drained: Effect.Effect<void> = Effect.async((resume) => {
    const wake = () => resume(Effect.void)
    if (!this.isFull || this.owner.refusal() !== undefined) return wake()
    this.waiting.push(wake)
    this.awaitDrain()
    return Effect.sync(() => {
      this.waiting = this.waiting.filter((other) => other !== wake)
    })
  })

  /** Sees to it that those who wait learn when everything has left. */
  awaitDrain(): void {
    if (this.isDraining) return
    this.isDraining = true
    this.outbox.flush()
    Runtime.runFork(this.runtime)(
      Effect.match(this.duplex.drain, { onFailure: this.owner.onWriteFailure, onSuccess: () => this.onDrained() })
    )
  }

  private onDrained(): void {
    this.isDraining = false
    this.owner.onDrained()
    this.wake()
  }
}

const badText = new SendError({ reason: { _tag: "BadText" } })

const isText = (octets: Uint8Array): boolean => {
  const validator = new Utf8Validator()
  return validator.push(octets, 0, octets.length) === -1 && validator.isComplete
}
