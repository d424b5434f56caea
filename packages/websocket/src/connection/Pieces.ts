/**
 * A message that is delivered in pieces while it arrives: the pieces that nobody has taken yet, and who waits for the next.
 */
import { concat } from "@effect-websocket/protocol/bytes/Octets"
import { decode, encode } from "@effect-websocket/protocol/bytes/Utf8"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { ReceiveError } from "../WebSocketError.js"
import { batchStream } from "./batchStream.js"
import type { Message, MessageStream } from "./WebSocket.js"

/** The end of the message, as a failure of the pull; it never leaves this module. */
const end = Symbol("end of message")

/** What a message in pieces asks of the Reader. */
export interface PiecesOwner {
  readonly failure: () => ReceiveError | undefined
  /** Room was made: reading goes on. */
  readonly onTaken: () => void
}

export class Pieces {
  /** Octets that are held. */
  octets = 0
  private isEnded = false
  private pieces: Array<Uint8Array> = []
  private waiter: (() => void) | undefined
  /** Whether somebody takes the pieces, nobody wants them, they are to become a whole message, or no more will be had. */
  private fate: "taken" | "discarded" | "collected" | "cut" = "taken"

  constructor(
    private readonly kind: "text" | "binary",
    private readonly owner: PiecesOwner
  ) {}

  /** A message that is there already, in the same form. */
  static ofMessage(message: Message): MessageStream {
    const octets = typeof message === "string" ? encode(message) : message
    const kind = typeof message === "string" ? "text" : "binary"
    return { kind, body: octets.length === 0 ? Stream.empty : Stream.make(octets) }
  }

  /** The message is to be whole. */
  get isCollected(): boolean {
    return this.fate === "collected"
  }

  /** Octets that wait to be taken. */
  get size(): number {
    return this.fate === "taken" ? this.octets : 0
  }

  get stream(): MessageStream {
    const pieces = batchStream(this.pull, (error) => error === end) as Stream.Stream<Uint8Array, ReceiveError>
    const body = Stream.ensuring(
      pieces,
      Effect.sync(() => this.discard())
    )
    return { kind: this.kind, body }
  }

  /** Takes over a copy of `octets`. */
  push(octets: Uint8Array): void {
    if (this.fate === "discarded" || this.fate === "cut" || octets.length === 0) return
    this.pieces.push(octets.slice())
    this.octets += octets.length
  }

  /** The message has come to its end; gives it whole when it was to be collected. */
  end(): Message | undefined {
    if (this.fate === "cut") return undefined
    this.isEnded = true
    this.wake()
    return this.isCollected ? this.whole : undefined
  }

  /** Nobody wants the rest. */
  discard(): void {
    if (this.isCollected) return
    this.fate = "discarded"
    this.pieces = []
    this.octets = 0
    this.owner.onTaken()
    this.wake()
  }

  /** The connection is closing: what is here can be taken, and then its end is seen. */
  cut(): void {
    if (this.fate === "taken") this.fate = "cut"
  }

  /** Nobody wants pieces: gives the message whole, or will do so at its end. */
  collect(): Message | undefined {
    if (this.isEnded) return this.whole
    this.fate = "collected"
    return undefined
  }

  wake(): void {
    const { waiter } = this
    this.waiter = undefined
    waiter?.()
  }

  private readonly pull: Effect.Effect<NonEmptyReadonlyArray<Uint8Array>, ReceiveError | typeof end> = Effect.suspend(
    () => {
      if (this.pieces.length > 0) return Effect.succeed(this.takeAll())
      // Never a normal end: a message that was cut short would pass for a whole one.
      if (this.fate === "discarded")
        return Effect.dieMessage("a message in pieces was read after the next was asked for")
      if (this.isEnded) return Effect.fail(end)
      const failure = this.owner.failure()
      if (failure !== undefined) return Effect.fail(failure)
      return Effect.async((resume) => {
        this.waiter = () => resume(this.pull)
        if (this.pieces.length > 0 || this.isEnded || this.owner.failure() !== undefined) this.wake()
      })
    }
  )

  private get whole(): Message | undefined {
    const whole = concat(this.pieces)
    return this.kind === "text" ? decode(whole, 0, whole.length) : whole
  }

  private takeAll(): NonEmptyReadonlyArray<Uint8Array> {
    const taken = this.pieces
    this.pieces = []
    this.octets = 0
    this.owner.onTaken()
    return taken as unknown as NonEmptyReadonlyArray<Uint8Array>
  }
}
