/**
 * The handlers of one connection: each message begins its own, in the order of arrival, and they may overlap.
 *
 * A handler that waits does not hold up the next one, since consumers such as RPC wait in one for what another brings. But
 * the messages in their hands are counted, and above a mark no further one is taken: so back-pressure reaches the peer.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"

/** What a message counts besides its length, so that empty ones are bounded too. */
const messageCost = 32

const hasFailed = (exit: Exit.Exit<unknown, unknown>): boolean =>
  Exit.isFailure(exit) && !Cause.isInterruptedOnly(exit.cause)

export class Handlers<E, R> {
  private inFlight = 0
  private waiting: (() => void) | undefined

  constructor(
    private readonly fork: (handler: Effect.Effect<unknown, E, R>) => Fiber.RuntimeFiber<unknown, E>,
    private readonly maxInFlight: number
  ) {}

  /** Begins a handler; gives what is to be awaited before the next message is taken. */
  start(handler: Effect.Effect<unknown, E, R>, length: number): Effect.Effect<void> | undefined {
    const fiber = this.fork(handler)
    const exit = fiber.unsafePoll()
    // Who runs the handlers learns of a failure by itself; the messages behind it are not for them any more.
    if (exit !== null) return hasFailed(exit) ? Effect.never : undefined
    const cost = length + messageCost
    this.inFlight += cost
    fiber.addObserver(() => this.finished(cost))
    return this.inFlight > this.maxInFlight ? this.room : undefined
  }

  private readonly room = Effect.async<void>((resume) => {
    if (this.inFlight <= this.maxInFlight) return resume(Effect.void)
    this.waiting = () => resume(Effect.void)
  })

  private finished(cost: number): void {
    this.inFlight -= cost
    if (this.inFlight > this.maxInFlight) return
    this.waiting?.()
    this.waiting = undefined
  }
}
