/**
 * The application's end of what arrives: messages in batches, one by one, as a Stream, or in pieces.
 *
 * What the application has not taken is bounded by `limits.readAhead`: with more, nothing flows.
 */
import { messageTooBig, type ProtocolViolation } from "@effect-websocket/protocol/frame/ProtocolViolation"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Stream from "effect/Stream"
import { resumeWithin } from "../host/ReadTurn.js"
import type { LimitValues } from "../Limits.js"
import type { ReceiveError } from "../WebSocketError.js"
import { Demand } from "../waiting/Demand.js"
import { isUndone } from "../waiting/Prompt.js"
import { batchStream } from "./batchStream.js"
import { Flow, type FlowOwner } from "./Flow.js"
import { Inbox, InboxControl, type InboxEntry, messageCost } from "./Inbox.js"
import type { Observers } from "./Observers.js"
import { Pieces } from "./Pieces.js"
import type { MessageSink, Receiver } from "./Receiver.js"
import type { ControlFrame, Message, MessageStream, RunOptions } from "./WebSocket.js"

const isCleanEnd = (error: ReceiveError): boolean => error._tag === "Closed"

const always = () => true

const ignore = () => {}

/** What the Reader asks of the connection. */
export interface ReaderOwner extends FlowOwner {
  readonly failure: ReceiveError | undefined
  readonly receiver: Receiver
  readonly observers: Observers
  /** The peer broke a rule, which is seen only now. */
  readonly onViolation: (violation: ProtocolViolation) => void
}

export class Reader implements MessageSink {
  readonly flow: Flow
  /** Something was delivered in this turn, which the application sees at its end. */
  hasNews = false
  private isDraining = false
  private failed: Exit.Exit<never, ReceiveError> | undefined
  /** What was asked for last was a message in pieces: so the next ones are begun. */
  private wantsPieces = false
  /** The message that arrives now, when it is in pieces. */
  private pieces: Pieces | undefined
  /** Messages in pieces that nobody has taken yet; all are younger than those in the inbox. */
  private begun: Array<Pieces> = []
  private readonly inbox = new Inbox()
  // Made when first asked for: an idle connection that uses none of them holds none.
  private batches: Effect.Effect<NonEmptyReadonlyArray<Message>, ReceiveError> | undefined
  private singles: Effect.Effect<Message, ReceiveError> | undefined
  private streams: Effect.Effect<MessageStream, ReceiveError> | undefined

  constructor(
    private readonly owner: ReaderOwner,
    private readonly limits: Pick<LimitValues, "readAhead" | "maxMessageSize">
  ) {
    this.flow = new Flow(owner)
  }

  onMessage(message: Message): void {
    this.hasNews = true
    if (!this.isDraining) this.inbox.push(message)
  }

  onMessageStart(kind: "text" | "binary"): void {
    if (this.wantsPieces && !this.isDraining) this.begun.push(this.begin(kind))
  }

  onPiece(octets: Uint8Array): ProtocolViolation | undefined {
    this.hasNews = true
    this.pieces?.push(octets)
    return this.pieces?.isCollected === true ? this.checkSize(this.pieces) : undefined
  }

  onMessageEnd(): void {
    const whole = this.pieces?.end()
    if (whole !== undefined) this.onMessage(whole)
    if (!this.isDraining) this.pieces = undefined
  }

  /** A chunk of the transport has been decoded: wakes who waits, and stops reading when enough is held. */
  turn(): void {
    this.hasNews = false
    if (!this.inbox.isEmpty || this.begun.length > 0) resumeWithin(this.inbox)
    this.pieces?.wake()
    if (!this.isDraining && this.held > this.limits.readAhead) this.flow.isPaused = true
    this.flow.steer()
  }

  /** The connection has ended: who waits sees why, after what has arrived. */
  end(failure: ReceiveError): void {
    this.failed = Exit.fail(failure)
    this.pieces?.wake()
    this.inbox.wake()
  }

  /** We have sent our Close frame: what comes now is read, and is not for the application. */
  drain(): void {
    this.isDraining = true
    this.pieces?.cut()
    this.flow.resume()
  }

  get pull(): Effect.Effect<NonEmptyReadonlyArray<Message>, ReceiveError> {
    this.batches ??= this.demand("hasMessages", () => this.inbox.takeAll())
    return this.batches
  }

  get receive(): Effect.Effect<Message, ReceiveError> {
    this.singles ??= this.demand("hasMessages", () => this.inbox.take())
    return this.singles
  }

  get receiveStream(): Effect.Effect<MessageStream, ReceiveError> {
    this.streams ??= this.demand("hasStreams", () => this.nextStream())
    return this.streams
  }

  get messages(): Stream.Stream<Message, ReceiveError> {
    return batchStream(this.pull, isCleanEnd)
  }

  run<E, R>(
    handler: (message: Message) => Effect.Effect<unknown, E, R> | void,
    options?: RunOptions<E, R>
  ): Effect.Effect<void, ReceiveError | E, R> {
    const onControl = options?.onControl
    if (onControl === undefined) return this.each(handler as (entry: InboxEntry) => Effect.Effect<unknown, E, R> | void)
    const observer = { tell: (frame: ControlFrame) => this.inbox.pushControl(frame), end: () => {} }
    return Effect.acquireUseRelease(
      Effect.sync(() => this.owner.observers.add(observer)),
      () => this.each((entry) => (entry instanceof InboxControl ? onControl(entry.frame) : handler(entry))),
      () =>
        Effect.sync(() => {
          this.owner.observers.remove(observer)
          this.inbox.dropControls()
        })
    )
  }

  private each<E, R>(
    handler: (entry: InboxEntry) => Effect.Effect<unknown, E, R> | void
  ): Effect.Effect<void, ReceiveError | E, R> {
    const body = (): Effect.Effect<unknown, ReceiveError | E, R> => {
      if (this.wantsPieces) this.collect()
      for (let entry = this.inbox.takeEntry(); entry !== undefined; entry = this.inbox.takeEntry()) {
        const effect = handler(entry)
        if (isUndone(effect)) return effect
      }
      this.madeRoom()
      return this.waitFor(Exit.void)
    }
    const loop = Effect.whileLoop({ while: always, body, step: ignore })
    // Held while the connection is idle: `catchIf` would be twice as much.
    return Effect.catchAllCause(loop, (cause) => {
      const isOurs = cause._tag === "Fail" && cause.error === this.owner.failure
      return isOurs && isCleanEnd(cause.error as ReceiveError) ? Effect.void : Effect.failCause(cause)
    })
  }

  private get held(): number {
    const { begun, inbox, pieces } = this
    const taken = begun.at(-1) === pieces ? 0 : (pieces?.size ?? 0)
    return begun.reduce((sum, { size }) => sum + size + messageCost, inbox.size + taken)
  }

  private begin(kind: "text" | "binary"): Pieces {
    const owner = { failure: () => this.owner.failure, onTaken: () => this.madeRoom() }
    this.pieces = new Pieces(kind, owner)
    this.pieces.push(this.owner.receiver.startPieces())
    return this.pieces
  }

  /** A message has begun to arrive, and nobody has it in pieces. */
  private get canBegin(): boolean {
    return this.pieces === undefined && this.owner.receiver.isMessageOpen
  }

  private nextStream(): MessageStream | undefined {
    const message = this.inbox.take()
    if (message !== undefined) return Pieces.ofMessage(message)
    const begun = this.begun.shift()
    if (begun !== undefined) return begun.stream
    return this.canBegin ? this.begin(this.owner.receiver.kind).stream : undefined
  }

  /** Whole messages are asked for. */
  private get hasMessages(): boolean {
    if (this.wantsPieces) this.collect()
    return !this.inbox.isEmpty
  }

  /** Messages in pieces are asked for. */
  private get hasStreams(): boolean {
    this.wantsPieces = true
    return !this.inbox.isEmpty || this.begun.length > 0 || this.canBegin
  }

  /** Takes what there is, or waits for it and begins again. */
  private demand<A>(isThere: "hasMessages" | "hasStreams", take: () => A | undefined): Effect.Effect<A, ReceiveError> {
    return new Demand<A, ReceiveError>(
      () => this[isThere],
      () => {
        const taken = take()
        this.madeRoom()
        return taken
      },
      (again) => this.waitFor(again)
    )
  }

  /** Whole messages are asked for: those that were begun in pieces are put together. */
  private collect(): void {
    this.wantsPieces = false
    const { begun } = this
    this.begun = []
    for (const pieces of begun) {
      const violation = this.checkSize(pieces)
      const whole = violation === undefined ? pieces.collect() : undefined
      if (violation !== undefined) this.owner.onViolation(violation)
      else if (whole !== undefined) this.inbox.push(whole)
    }
  }

  private checkSize({ octets }: Pieces): ProtocolViolation | undefined {
    const { maxMessageSize } = this.limits
    return octets > maxMessageSize ? messageTooBig(maxMessageSize) : undefined
  }

  /** Nothing is there: fails when nothing will come, or waits for the end of the next turn and then does `again`. */
  private waitFor<A, E, R>(again: Effect.Effect<A, E, R>): Effect.Effect<A, E | ReceiveError, R> {
    if (this.failed !== undefined) return this.failed
    this.pieces?.discard()
    this.madeRoom()
    return Effect.async((resume) => {
      const wake = () => resume(again)
      if (!this.inbox.isEmpty || this.begun.length > 0 || this.failed !== undefined) return wake()
      const cancel = this.inbox.wait(wake)
      return cancel === undefined ? undefined : Effect.sync(cancel)
    })
  }

  private madeRoom(): void {
    if (this.flow.isPaused && this.held <= this.limits.readAhead / 2) this.flow.resume()
  }
}
