/** Every step of the demo says what should be: the first difference ends it, with an exit code other than 0. */
import { inspect, isDeepStrictEqual } from "node:util"
import { Data, Effect } from "effect"

export class Difference extends Data.TaggedError("Difference")<{
  readonly what: string
  readonly actual: unknown
  readonly expected: unknown
}> {
  override get message(): string {
    return `${this.what} is ${inspect(this.actual)} where ${inspect(this.expected)} was expected`
  }
}

/** Fails unless both values are deeply equal. */
export const expect = <A>(what: string, actual: A, expected: A): Effect.Effect<void, Difference> =>
  isDeepStrictEqual(actual, expected) ? Effect.void : Effect.fail(new Difference({ what, actual, expected }))
