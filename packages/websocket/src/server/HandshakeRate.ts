/**
 * How many handshakes an address makes in a second, and how many it may make.
 *
 * All addresses have the same second: when the next one begins they are forgotten, so that no more of them are held than have come
 * within one.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { Address } from "../Transport.js"
import { customerOf } from "./customerOf.js"

export class HandshakeRate {
  private readonly counts = new Map<string, number>()
  private second = 0

  constructor(private readonly perSecond: number) {}

  /** Nobody has to count what is not bounded. */
  get isBounded(): boolean {
    return this.perSecond !== Infinity
  }

  /** Counts one more handshake; whether it is one too many. Who comes from no address of a network is not counted. */
  exceeds(from: Option.Option<Address>): Effect.Effect<boolean> {
    const customer = customerOf(from)
    if (customer === undefined) return Effect.succeed(false)
    return Effect.map(Clock.currentTimeMillis, (now) => {
      this.renew(Math.floor(now / 1000))
      const count = (this.counts.get(customer) ?? 0) + 1
      this.counts.set(customer, count)
      return count > this.perSecond
    })
  }

  /** How many addresses are known. */
  get size(): number {
    return this.counts.size
  }

  /** A clock that was set back begins a second too. */
  private renew(second: number): void {
    if (second === this.second) return
    this.second = second
    this.counts.clear()
  }
}
