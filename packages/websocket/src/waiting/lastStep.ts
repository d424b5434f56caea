/** The last step of an effect that takes what is there: an interruption comes before it, or after the caller has it. */
import * as Effect from "effect/Effect"

/** There is nothing to take: another fiber was quicker. */
export const nothing: unique symbol = Symbol("nothing")

/** What `take` gives; `again` when that is nothing. */
export const lastStep = <A, E, R = never>(
  take: () => A | typeof nothing,
  again: () => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => {
  // One step: between two the fiber could be interrupted, and what was taken would be lost.
  const step = Effect.sync(() => {
    const taken = take()
    if (taken === nothing) throw nothing
    return taken
  })
  return Effect.catchAllDefect(step, (defect) => (defect === nothing ? again() : Effect.die(defect)))
}
