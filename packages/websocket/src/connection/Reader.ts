/**
 * The application's end of what arrives: messages in batches, one by one, as a Stream, or in pieces.
 *
 * It decides whether the transport is read: what the application has not taken is bounded by `limits.readAhead`.
 */
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Stream from "effect/Stream"
import type { FlowControl } from "../Transport.js"
import type { ReceiveError } from "../WebSocketError.js"
import { batchStream } from "./batchStream.js"
import { Inbox } from "./Inbox.js"
import { Pieces } from "./Pieces.js"
import type { MessageSink, Receiver } from "./Receiver.js"
import type { Message, MessageStream } from "./WebSocket.js"

const isCleanEnd = (error: ReceiveError): boolean => error._tag === "Closed"

/** What the Reader asks of the connection. */
export interface ReaderOwner {
  readonly failure: ReceiveError | undefined
  readonly receiver: Receiver
}

export class Reader implements MessageSink {
  isPaused = false
  private isDraining = false
  private flow: FlowControl | undefined
  private failed: Exit.Exit<never, ReceiveError> | undefined
  private pieces: Pieces | undefined
  /** Fibers that wait for a message to begin, to have it in pieces. */
  private streamsWanted = 0
  /** A message in pieces that was begun for one of them, and has not been taken yet. */
  private untaken: Pieces | undefined
  private readonly inbox = new Inbox()

  constructor(
    private readonly owner: ReaderOwner,
    private readonly readAhead: number
  ) {}

  /** The transport has begun to deliver. */
  attach(flow: FlowControl): void {
    this.flow = flow
    if (this.isPaused) flow.pause()
  }

  onMessage(message: Message): void {
    if (!this.isDraining) this.inbox.push(message)
  }

  onMessageStart(kind: "text" | "binary"): void {
    if (this.streamsWanted > 0) this.untaken = this.begin(kind)
  }

  onPiece(octets: Uint8Array): void {
    this.pieces?.push(octets)
  }

  onMessageEnd(): void {
    const whole = this.pieces?.end()
    if (whole !== undefined) this.onMessage(whole)
    if (!this.isDraining) this.pieces = undefined
  }

  /** A chunk of the transport has been decoded: wakes who waits, and stops reading when enough is held. */
  turn(): void {
    if (!this.inbox.isEmpty || this.untaken !== undefined) this.inbox.wake()
    this.pieces?.wake()
    if (!this.isPaused && !this.isDraining && this.held > this.readAhead) {
      this.isPaused = true
      this.flow?.pause()
    }
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
    this.resume()
  }

  readonly pull: Effect.Effect<NonEmptyReadonlyArray<Message>, ReceiveError> = Effect.suspend(() => {
    const batch = this.inbox.takeAll()
    if (batch === undefined) return this.waitFor(this.pull)
    this.madeRoom()
    return Exit.succeed(batch)
  })

  readonly receive: Effect.Effect<Message, ReceiveError> = Effect.suspend(() => {
    const message = this.inbox.take()
    if (message === undefined) return this.waitFor(this.receive)
    this.madeRoom()
    return Exit.succeed(message)
  })

  get messages(): Stream.Stream<Message, ReceiveError> {
    return batchStream(this.pull, isCleanEnd)
  }

  run<E, R>(
    handler: (message: Message) => Effect.Effect<unknown, E, R> | void
  ): Effect.Effect<void, ReceiveError | E, R> {
    const body = (): Effect.Effect<unknown, ReceiveError | E, R> => {
      for (let message = this.inbox.take(); message !== undefined; message = this.inbox.take()) {
        const effect = handler(message)
        if (effect !== undefined) return effect
      }
      this.madeRoom()
      return this.waitFor(Exit.void)
    }
    const loop = Effect.whileLoop({ while: () => true, body, step: () => {} })
    return Effect.catchIf(
      loop,
      (error) => error === this.owner.failure && isCleanEnd(error as ReceiveError),
      () => Effect.void
    )
  }

  readonly receiveStream: Effect.Effect<MessageStream, ReceiveError> = Effect.suspend(() => {
    const message = this.inbox.take()
    if (message !== undefined) {
      this.madeRoom()
      return Exit.succeed(Pieces.ofMessage(message))
    }
    const begun = this.untaken ?? this.beginOpenMessage()
    this.untaken = undefined
    if (begun !== undefined) return Exit.succeed(begun.stream)
    this.streamsWanted++
    const wait = Effect.ensuring(
      this.waitFor(Exit.void),
      Effect.sync(() => void this.streamsWanted--)
    )
    return Effect.zipRight(wait, this.receiveStream)
  })

  private get held(): number {
    return this.inbox.size + (this.pieces?.size ?? 0)
  }

  private begin(kind: "text" | "binary"): Pieces {
    this.pieces = new Pieces(kind, {
      failure: () => this.owner.failure,
      onTaken: () => this.madeRoom()
    })
    this.pieces.push(this.owner.receiver.startPieces())
    return this.pieces
  }

  private beginOpenMessage(): Pieces | undefined {
    const { receiver } = this.owner
    return this.pieces === undefined && receiver.isMessageOpen ? this.begin(receiver.kind) : undefined
  }

  /** Nothing is there: fails when nothing will come, or waits for the end of the next turn and then does `again`. */
  private waitFor<A, E, R>(again: Effect.Effect<A, E, R>): Effect.Effect<A, E | ReceiveError, R> {
    if (this.failed !== undefined) return this.failed
    if (this.untaken !== undefined) {
      // The fiber that wanted it in pieces was interrupted before it could take them.
      this.untaken.collect()
      this.untaken = undefined
    } else this.pieces?.discard()
    return Effect.async((resume) => {
      const wake = () => resume(again)
      if (!this.inbox.isEmpty || this.failed !== undefined) return wake()
      const cancel = this.inbox.wait(wake)
      return cancel === undefined ? undefined : Effect.sync(cancel)
    })
  }

  private madeRoom(): void {
    if (this.isPaused && this.held <= this.readAhead / 2) this.resume()
  }

  private resume(): void {
    if (!this.isPaused) return
    this.isPaused = false
    this.flow?.resume()
  }
}
