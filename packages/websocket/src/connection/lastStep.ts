/** The last step of an effect that takes what is there: an interruption comes before it, or after the caller has it. */
import * as Effect from "effect/Effect"

/** What was there has been taken by another fiber; it never leaves this module. */
const gone = Symbol("gone")

/** What `take` gives; `again` when it gives nothing, because another fiber was quicker. */
export const lastStep = <A, E>(take: () => A | undefined, again: () => Effect.Effect<A, E>): Effect.Effect<A, E> => {
  // One step: between two the fiber could be interrupted, and what was taken would be lost.
  const step = Effect.sync(() => {
    const taken = take()
    if (taken === undefined) throw gone
    return taken
  })
  return Effect.catchAllDefect(step, (defect) => (defect === gone ? again() : Effect.die(defect)))
}
