/**
 * Fibers which wait for an event of Node.js.
 *
 * Waking says only that something has happened: who was woken looks again, and waits again if it was not for him. Nothing
 * is handed over, so an interruption loses nothing.
 */
import * as Effect from "effect/Effect"

/** A list of waiting fibers. */
export class Waiters {
  /** One who needs no canceller, which costs as much as all else of waiting: woken in vain it does nothing. */
  private first: (() => void) | undefined
  private waiting: Array<() => void> = []

  /** Suspends until the next `wake`, then goes on with `next`; an interruption is told. */
  waitFor<A, E, R>(next: Effect.Effect<A, E, R>, onInterrupt?: () => void): Effect.Effect<A, E, R> {
    return Effect.async<A, E, R>((resume) => {
      const awake = () => resume(next)
      if (this.first === undefined && onInterrupt === undefined) {
        this.first = awake
        return
      }
      const leave = this.add(awake)
      return Effect.sync(() => {
        leave()
        onInterrupt?.()
      })
    })
  }

  /** Calls back at the next `wake`, unless what it gives is called before. */
  add(awake: () => void): () => void {
    this.waiting.push(awake)
    return () => {
      this.waiting = this.waiting.filter((other) => other !== awake)
    }
  }

  /** Resumes all who wait now. */
  wake(): void {
    if (this.isEmpty) return
    const { first, waiting } = this
    this.first = undefined
    this.waiting = []
    first?.()
    for (const awake of waiting) awake()
  }

  /** Nobody waits. The first who is interrupted counts until the next `wake`, unless interruptions are told. */
  get isEmpty(): boolean {
    return this.first === undefined && this.waiting.length === 0
  }
}
