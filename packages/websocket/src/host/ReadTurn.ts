/**
 * Fibers that go on within the read that woke them, instead of in a microtask behind it.
 *
 * A fiber that waits for messages is woken in the transport's callback, at the depth at which a microtask would run. To run
 * it there saves its way through the queues (5 to 10 % of a message alone in its read), and what it sends leaves with the
 * write at the end of the turn. Only the first task of a wake-up is run so; all else goes to the scheduler beneath.
 */
import * as Effect from "effect/Effect"
import type { RuntimeFiber } from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import type { Scheduler, Task } from "effect/Scheduler"

let isArmed = false

class ReadTurnScheduler implements Scheduler {
  constructor(private readonly base: Scheduler) {}

  shouldYield(fiber: RuntimeFiber<unknown, unknown>): number | false {
    return this.base.shouldYield(fiber)
  }

  /** All in one queue of the scheduler beneath: one for each fiber would take 300 octets from each idle connection. */
  scheduleTask(task: Task, priority: number): void {
    if (isArmed) {
      isArmed = false
      task()
    } else this.base.scheduleTask(task, priority)
  }
}

/** The fibers of `effect`, and those which they fork, go on within reads. */
export const withReadTurns = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(FiberRef.get(FiberRef.currentScheduler), (base) =>
    Effect.withScheduler(effect, base instanceof ReadTurnScheduler ? base : new ReadTurnScheduler(base))
  )

/** Wakes who waits; the first fiber that it resumes goes on at once, if it is one of `withReadTurns`. */
export const resumeWithin = (waiting: { readonly wake: () => void }): void => {
  isArmed = true
  try {
    waiting.wake()
  } finally {
    isArmed = false
  }
}
