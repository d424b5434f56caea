/** How much is published in one turn of the event loop before the publisher waits for the next one. */
import { afterHostTurn } from "../host/HostTurn.js"

/**
 * Half of the default of `limits.highWaterMark`, in octets: a publisher that never waits makes no receiver slow which only had
 * no turn to be written to.
 */
const limit = 32 * 1024

/** What each message counts besides its octets. */
const messageCost = 128

export class TurnBudget {
  private spent = 0
  private isCounting = false

  /** A message of this length was published; false: it was enough for this turn. */
  spend(length: number): boolean {
    if (!this.isCounting) {
      this.isCounting = true
      afterHostTurn(() => this.renew())
    }
    this.spent += length + messageCost
    return this.spent <= limit
  }

  private renew(): void {
    this.isCounting = false
    this.spent = 0
  }
}
