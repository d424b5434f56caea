/**
 * Lets a fiber yield at a chosen step, where Effect would do so once in 2048: what others do meanwhile comes between any two.
 */
import * as Effect from "effect/Effect"
import { defaultScheduler, type Scheduler } from "effect/Scheduler"

/** Runs the effect; its fiber yields once, at its n-th step (counted from 1), and goes on after `meanwhile` was called. */
export const yieldAt = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  step: number,
  meanwhile: () => void
): Effect.Effect<A, E, R> => {
  let steps = 0
  let hasYielded = false
  const scheduler: Scheduler = {
    shouldYield: () => {
      steps++
      if (steps !== step) return false
      hasYielded = true
      return 0
    },
    scheduleTask: (task, priority) => {
      const happens = hasYielded
      hasYielded = false
      defaultScheduler.scheduleTask(() => {
        if (happens) meanwhile()
        task()
      }, priority)
    }
  }
  return Effect.withScheduler(effect, scheduler)
}
