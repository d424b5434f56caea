/** The end of a subscription whose receiver did not keep up. */
import * as Data from "effect/Data"

/**
 * As much waited for this receiver as may wait, and the policy gives up such a one.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Broadcast } from "effect-websocket"
 *
 * // What a receiver that was given up is told; `messages` and `octets` were waiting for it.
 * const told = (subscription: Broadcast.Subscription) =>
 *   Effect.catchTag(subscription.ended, "TooSlow", (error: Broadcast.TooSlow) => Effect.log(error.message))
 * ```
 */
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
