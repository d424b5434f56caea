/**
 * When the next frame may be sent: not above the high-water mark, and not for ever without a turn of the event loop.
 *
 * Who has to wait looks again when everything has left, or when the connection is closing.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Runtime from "effect/Runtime"
import { afterHostTurn, hostTurn } from "../host/HostTurn.js"
import type { LimitValues } from "../Limits.js"
import type { Duplex } from "../Transport.js"
import type { SendError, TransportError } from "../WebSocketError.js"
import { Signal } from "../waiting/Signal.js"
import { Wait, watch } from "../waiting/Wait.js"
import type { Outbox } from "./Outbox.js"

/** Octets that may be sent before a turn of the event loop, so that a producer that never waits lets the connection read. */
const turnBudget = 1024 * 1024

/** What each frame counts besides its octets in that budget. */
const frameCost = 256

/** Those whose frames leave after this turn of the event loop. */
let due: Array<Pace> = []

const flushDue = (): void => {
  const paces = due
  due = []
  for (const pace of paces) pace.flushDue()
}

/** What the Pace asks of the connection. */
export interface PaceOwner {
  /** Why nothing may be sent now, or undefined. */
  readonly refusal: () => SendError | undefined
  /** Everything has left. */
  readonly onDrained: () => void
  readonly onWriteFailure: (error: TransportError) => void
}

export class Pace {
  private spent = 0
  private isTurning = false
  private readonly room = new Signal()
  private isDraining = false
  private isDue = false

  constructor(
    private readonly duplex: Duplex,
    private readonly outbox: Outbox,
    private readonly limits: Pick<LimitValues, "highWaterMark">,
    private readonly runtime: Runtime.Runtime<never>,
    private readonly owner: PaceOwner
  ) {}

  /** More waits to be sent than the high-water mark allows. */
  get isFull(): boolean {
    return this.outbox.buffered > this.limits.highWaterMark
  }

  /** A frame may be sent now. */
  get isReady(): boolean {
    return this.spent <= turnBudget && this.owner.refusal() === undefined && !this.isFull
  }

  /** Why nothing may be sent now, or undefined. */
  refusal(): SendError | undefined {
    return this.owner.refusal()
  }

  /** A frame of so many octets is sent. */
  spend(octets: number): void {
    this.spent += octets + frameCost
    if (this.spent > turnBudget && !this.isTurning) this.awaitTurn()
  }

  /** Something is sent that has a turn for itself. */
  spendTurn(): void {
    this.spend(turnBudget)
  }

  /** The event loop has turned. */
  turned(): void {
    this.spent = 0
  }

  /** Sends away what was appended after this turn of the event loop, in one write with what else comes until then. */
  flushAfterTurn(): void {
    if (this.isDue) return
    this.isDue = true
    if (due.push(this) === 1) afterHostTurn(flushDue)
  }

  flushDue(): void {
    this.isDue = false
    this.turned()
    this.outbox.flush()
  }

  /** Lets everyone who waits look again: room was made, or the connection is closing. */
  wake(): void {
    this.room.wake()
  }

  /** Sees to it that those who wait learn when everything has left. */
  awaitDrain(): void {
    if (this.isDraining) return
    this.isDraining = true
    this.outbox.flush()
    watch(this.duplex.drain, this.runtime, (exit) => {
      if (Exit.isSuccess(exit)) this.onDrained()
      else if (exit.cause._tag === "Fail") this.owner.onWriteFailure(exit.cause.error)
    })
  }

  /** Nothing may be sent now: calls back once, when that may have changed. */
  onceReady(look: () => void): void {
    if (this.isFull) {
      this.room.once(look)
      this.awaitDrain()
    } else afterHostTurn(look)
  }

  /** Does `write` as soon as a frame may be sent, in the same step in which that was seen. */
  whenReady<E>(write: () => Effect.Effect<void, E>): Effect.Effect<void, E | SendError> {
    return Effect.suspend(() => {
      const refusal = this.owner.refusal()
      if (refusal !== undefined) return Effect.fail(refusal)
      if (this.isFull) return Effect.zipRight(this.drained, this.whenReady(write))
      if (this.spent <= turnBudget) return write()
      return Effect.zipRight(hostTurn, this.whenReady(write))
    })
  }

  private get drained(): Effect.Effect<void> {
    return new Wait(
      () => (this.isFull && this.owner.refusal() === undefined ? undefined : Effect.void),
      (again) => {
        const stop = this.room.once(again)
        this.awaitDrain()
        return stop
      }
    )
  }

  /** Who sends by `unsafeSend` alone waits for nothing, and goes on sending then. */
  private awaitTurn(): void {
    this.isTurning = true
    afterHostTurn(() => {
      this.isTurning = false
      this.spent = 0
    })
  }

  private onDrained(): void {
    this.isDraining = false
    this.owner.onDrained()
    this.wake()
  }
}
