/** The end of a subscription whose receiver did not keep up. */
import * as Data from "effect/Data"

/** As much waited for this receiver as may wait, and the policy gives up such a one. */
export class TooSlow extends Data.TaggedError("TooSlow")<{
  /** Messages that waited for it, and are lost to it. */
  readonly messages: number
  /** What they count: octets (UTF-16 units for text), and 32 for each. */
  readonly size: number
}> {
  override get message(): string {
    return `a receiver was ${this.messages} messages behind (${this.size} octets); a larger capacity, or dropping, would have kept it`
  }
}
