/** Refills what several fibers take from: one at a time asks the source, and wakes those who wait for it. */
import * as Effect from "effect/Effect"
import type { Signal } from "./Signal.js"

export class Refill {
  private isAsking = false

  /** `signal` is woken when there may be something new. */
  constructor(
    private readonly signal: Signal,
    private readonly hasNews: () => boolean
  ) {}

  /** Runs `ask`, whose steps between interruptible parts are not interrupted; or waits for the fiber that does so already. */
  once<E, R>(
    ask: (
      restore: <A, E2, R2>(effect: Effect.Effect<A, E2, R2>) => Effect.Effect<A, E2, R2>
    ) => Effect.Effect<void, E, R>
  ): Effect.Effect<void, E, R> {
    return Effect.uninterruptibleMask((restore) => {
      if (this.hasNews()) return Effect.void
      if (this.isAsking) return restore(this.signal.until(() => !this.isAsking || this.hasNews()))
      this.isAsking = true
      return Effect.ensuring(
        Effect.suspend(() => ask(restore)),
        this.asked
      )
    })
  }

  private readonly asked = Effect.sync(() => {
    this.isAsking = false
    this.signal.wake()
  })
}
