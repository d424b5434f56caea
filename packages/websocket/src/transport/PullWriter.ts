/**
 * `unsafeWrite` from a write effect: a fiber that writes one chunk after the other, alive only while something is buffered.
 *
 * It begins in a later microtask, so what is written together is there when it begins. The first failure is final: what is
 * buffered is dropped, and so is everything written afterwards.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import { hostTurn } from "../host/HostTurn.js"
import { TransportError } from "../WebSocketError.js"
import { Signal } from "../waiting/Signal.js"
import { Wait } from "../waiting/Wait.js"

/** The effects beneath. */
export interface Sink {
  readonly write: (chunk: Uint8Array) => Effect.Effect<void, TransportError>
  readonly end: Effect.Effect<void>
}

/** Writes between two turns of the event loop: a write that never really waits would hold it for ever. */
const writesPerTurn = 128

const failureOf = (cause: Cause.Cause<TransportError>): TransportError =>
  Option.getOrElse(
    Cause.failureOption(cause),
    () => new TransportError({ reason: { _tag: "Write" }, cause: Cause.squash(cause) })
  )

export class PullWriter {
  /** Octets handed over whose write has not completed. */
  buffered = 0
  aborted = false
  /** Whether all was written, and the end too. */
  complete = false
  private queue: Array<Uint8Array> = []
  private ended = false
  private writes = 0
  private failure: TransportError | undefined
  private fiber: Fiber.RuntimeFiber<Exit.Exit<void, TransportError>> | undefined
  private readonly settled = new Signal()

  constructor(
    private readonly runtime: Runtime.Runtime<never>,
    private readonly sink: Sink
  ) {}

  write(chunks: ReadonlyArray<Uint8Array>): void {
    if (this.ended || this.failure !== undefined) return
    for (const chunk of chunks) {
      if (chunk.length === 0) continue
      this.queue.push(chunk)
      this.buffered += chunk.length
    }
    this.run()
  }

  readonly drain: Effect.Effect<void, TransportError> = new Wait(
    () => {
      if (this.failure !== undefined) return Effect.fail(this.failure)
      return this.buffered === 0 ? Effect.void : undefined
    },
    (again) => this.settled.once(again)
  )

  end(): void {
    if (this.ended) return
    this.ended = true
    this.run()
  }

  /** Nothing more is written; whoever waits is told why. */
  fail(error: TransportError): void {
    if (this.failure !== undefined) return
    this.failure = error
    this.queue = []
    this.buffered = 0
    this.fiber?.unsafeInterruptAsFork(FiberId.none)
    this.settled.wake()
  }

  abort(error: TransportError): void {
    this.aborted = true
    this.fail(error)
  }

  private get isIdle(): boolean {
    return this.queue.length === 0 && (!this.ended || this.complete)
  }

  private run(): void {
    if (this.fiber !== undefined || this.failure !== undefined || this.isIdle) return
    this.fiber = Runtime.runFork(this.runtime)(this.loop, { immediate: false })
    this.fiber.addObserver(this.onExit)
  }

  private readonly next = (): Effect.Effect<void, TransportError> => {
    const write = this.sink.write(this.queue[0])
    return ++this.writes % writesPerTurn === 0 ? Effect.zipRight(write, hostTurn) : write
  }

  private readonly written = (): void => {
    if (this.failure !== undefined) return
    this.buffered -= this.queue.shift()?.length ?? 0
    if (this.buffered === 0) this.settled.wake()
  }

  private readonly finish = Effect.suspend(() => {
    if (!this.ended || this.queue.length > 0) return Effect.void
    this.complete = true
    return this.sink.end
  })

  private readonly loop = Effect.exit(
    Effect.interruptible(
      Effect.zipRight(
        Effect.whileLoop({ while: () => this.queue.length > 0, body: this.next, step: this.written }),
        this.finish
      )
    )
  )

  private readonly onExit = (exit: Exit.Exit<Exit.Exit<void, TransportError>>): void => {
    const result = Exit.flatten(exit)
    this.fiber = undefined
    if (Exit.isSuccess(result)) this.run()
    else this.fail(failureOf(result.cause))
  }
}
