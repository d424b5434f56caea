/** The end of reconnecting that nobody wished for. */
import * as Data from "effect/Data"

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The schedule is done: no further attempt is made. */
export class GaveUp<E> extends Data.TaggedError("GaveUp")<{
  /** What ended the last connection, or the last attempt. */
  readonly error: E
  /** Attempts that failed since a connection was open long enough. */
  readonly attempts: number
}> {
  override get message(): string {
    return `gave up after ${this.attempts} attempts: ${messageOf(this.error)}`
  }
}
