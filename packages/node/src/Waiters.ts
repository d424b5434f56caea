/**
 * Fibers which wait for an event of Node.js.
 *
 * Waking says only that something has happened: who was woken looks again, and waits again if it was not for him. Nothing
 * is handed over, so an interruption loses nothing.
 */
import * as Effect from "effect/Effect"

/** A list of waiting fibers. */
export class Waiters {
  private waiting: Array<() => void> = []

  /** Suspends until the next `wake`, then goes on with `next`; an interruption is told. */
  waitFor<A, E, R>(next: Effect.Effect<A, E, R>, onInterrupt?: () => void): Effect.Effect<A, E, R> {
    return Effect.async<A, E, R>((resume) => {
      const awake = () => resume(next)
      this.waiting.push(awake)
      return Effect.sync(() => {
        this.waiting = this.waiting.filter((other) => other !== awake)
        onInterrupt?.()
      })
    })
  }

  /** Resumes all who wait now. */
  wake(): void {
    if (this.waiting.length === 0) return
    const woken = this.waiting
    this.waiting = []
    for (const awake of woken) awake()
  }

  get isEmpty(): boolean {
    return this.waiting.length === 0
  }
}
