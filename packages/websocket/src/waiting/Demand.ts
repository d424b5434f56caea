/** Takes what is there, or waits for it and begins again: an interruption comes before it was taken, or after the caller has it. */
import type * as Effect from "effect/Effect"
import { lastStep } from "./lastStep.js"
import { later, Prompt } from "./Prompt.js"

export class Demand<A, E> extends Prompt<A, E> {
  private readonly taken: Effect.Effect<A, E> = lastStep(
    () => this.take() ?? later,
    () => this
  )

  /** `take` gives nothing when there is nothing; `wait` is done then, and goes on with the effect it is given. */
  constructor(
    private readonly isThere: () => boolean,
    private readonly take: () => A | undefined,
    private readonly wait: (again: Effect.Effect<A, E>) => Effect.Effect<A, E>
  ) {
    super()
  }

  attempt(): A | typeof later {
    return (this.isThere() ? this.take() : undefined) ?? later
  }

  commit(): Effect.Effect<A, E> {
    return this.isThere() ? this.taken : this.wait(this)
  }
}
