/** The last step of an effect that takes what is there: an interruption comes before it, or after the caller has it. */
import * as Effect from "effect/Effect"
import { later } from "./Prompt.js"

/** What `take` gives; `again` when that is `later`, as another fiber was quicker. */
export const lastStep = <A, E, R = never>(
  take: () => A | typeof later,
  again: () => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => {
  // One step: between two the fiber could be interrupted, and what was taken would be lost.
  const step = Effect.sync(() => {
    const taken = take()
    if (taken === later) throw later
    return taken
  })
  return Effect.catchAllDefect(step, (defect) => (defect === later ? again() : Effect.die(defect)))
}
