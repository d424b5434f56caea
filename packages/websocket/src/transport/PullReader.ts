/**
 * `unsafeReceive` from `pull`: a fiber that pulls and hands over, alive only while the flow is not paused.
 *
 * Pausing interrupts a pull that waits, which loses nothing; what a pull had brought already is kept for the resumption.
 * The first failure is final.
 */
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import { hostTurn } from "../host/HostTurn.js"
import { unsafeSoon } from "../host/Soon.js"
import type { Duplex } from "../Transport.js"
import { TransportError } from "../WebSocketError.js"
import type { Receiver } from "./Lane.js"

type Chunks = NonEmptyReadonlyArray<Uint8Array>

/** Pulls between two turns of the event loop: a pull that never really waits would hold it for ever. */
const pullsPerTurn = 128

const failureOf = (cause: Cause.Cause<TransportError>): TransportError =>
  Option.getOrElse(
    Cause.failureOption(cause),
    () => new TransportError({ reason: { _tag: "Read" }, cause: Cause.squash(cause) })
  )

export class PullReader {
  /** Why reading has ended. */
  failure: TransportError | undefined
  /** Whether `receive` was called. */
  started = false
  private receiver: Receiver | undefined
  private batch: ReadonlyArray<Uint8Array> = []
  private flowing = false
  private delivering = false
  private stopping = false
  private pulls = 0
  private fiber: Fiber.RuntimeFiber<Exit.Exit<void, TransportError>> | undefined

  constructor(
    private readonly runtime: Runtime.Runtime<never>,
    private readonly lower: Duplex["pull"],
    private readonly onFailure: (error: TransportError) => void
  ) {}

  /** The lower pull, whose first failure is kept. */
  readonly pull: Duplex["pull"] = Effect.suspend(() =>
    this.failure === undefined
      ? Effect.tapError(this.lower, (error) => Effect.sync(() => this.fail(error)))
      : Effect.fail(this.failure)
  )

  readonly receive: Duplex["unsafeReceive"] = (onOctets, onEnd) => {
    this.started = true
    this.receiver = { onOctets, onEnd }
    this.resume()
    return { pause: () => this.pause(), resume: () => this.resume() }
  }

  /** No more octets; the receiver is told the end. */
  stop(error: TransportError): void {
    this.fail(error)
    this.pause()
    unsafeSoon(this.finish)
  }

  private fail(error: TransportError): void {
    if (this.failure !== undefined) return
    this.failure = error
    this.onFailure(error)
  }

  private readonly finish = (): void => {
    const receiver = this.receiver
    this.receiver = undefined
    if (this.failure !== undefined) receiver?.onEnd(this.failure)
  }

  private resume(): void {
    this.flowing = true
    this.run()
  }

  private pause(): void {
    this.flowing = false
    if (this.delivering || this.fiber === undefined || this.stopping) return
    this.stopping = true
    this.fiber.unsafeInterruptAsFork(FiberId.none)
  }

  /** One fiber at a time: a resumption while the last one ends is seen when it has ended. */
  private run(): void {
    if (this.fiber !== undefined || !this.flowing || this.receiver === undefined) return
    this.fiber = Runtime.runFork(this.runtime)(this.loop, { immediate: false })
    this.fiber.addObserver(this.onExit)
  }

  private readonly next = (): Effect.Effect<Chunks, TransportError> =>
    ++this.pulls % pullsPerTurn === 0 ? Effect.zipRight(hostTurn, this.pull) : this.pull

  private readonly loop = Effect.exit(
    Effect.interruptible(
      Effect.whileLoop({
        while: () => this.deliver(),
        body: this.next,
        step: (chunks) => {
          this.batch = chunks
        }
      })
    )
  )

  /** Hands over what was pulled; says whether more is wanted. */
  private deliver(): boolean {
    const { batch } = this
    let index = 0
    this.delivering = true
    while (this.flowing && index < batch.length) this.receiver?.onOctets(batch[index++])
    this.delivering = false
    this.batch = batch.slice(index)
    return this.flowing
  }

  private readonly onExit = (exit: Exit.Exit<Exit.Exit<void, TransportError>>): void => {
    const result = Exit.flatten(exit)
    const isOurs = this.stopping
    this.fiber = undefined
    this.delivering = false
    this.stopping = false
    if (Exit.isSuccess(result) || (isOurs && Cause.isInterruptedOnly(result.cause))) {
      this.run()
      return
    }
    this.fail(failureOf(result.cause))
    this.finish()
  }
}
