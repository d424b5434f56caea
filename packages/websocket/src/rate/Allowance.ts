/**
 * What may be used within a second, and those who wait for the next one.
 *
 * At the begin of each second there is the whole limit again: nothing is carried over and nothing is smoothed, as in Beast's
 * `simple_rate_policy`. Several users may share one: who waits has its turn in the order of waiting. A fiber sleeps only
 * while somebody waits.
 */
import type { Clock } from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Runtime from "effect/Runtime"

/** What may be used, until there is more of it. */
export interface Allowance {
  /** Takes as much as there is, `wanted` at most; 0 when nothing is left. */
  readonly unsafeTake: (wanted: number) => number
  /** Whether nothing is left. */
  readonly unsafeIsUsedUp: () => boolean
  /** Calls back, once and later, when there is more. What it returns cancels it. */
  readonly unsafeOnRenewal: (callback: () => void) => () => void
}

const second = 1000

/** An allowance that is whole again at the begin of each second, counted from its making on. */
export class AllowancePerSecond implements Allowance {
  /** What there is at the begin of a second. */
  limit: number
  private left: number
  private since: number
  private waiting: Array<() => void> = []
  private sleeper: Fiber.RuntimeFiber<void> | undefined

  constructor(
    limit: number,
    private readonly clock: Clock,
    private readonly runtime: Runtime.Runtime<never>
  ) {
    this.limit = limit
    this.left = limit
    this.since = clock.unsafeCurrentTimeMillis()
  }

  /** Another limit: what is left of this second is clipped at once, a higher limit counts from the next second on. */
  unsafeSetLimit(limit: number): void {
    this.renew()
    this.limit = limit
    this.left = Math.min(this.left, limit)
  }

  unsafeTake(wanted: number): number {
    if (this.left === Infinity) return wanted
    this.renew()
    const taken = Math.min(wanted, this.left)
    this.left -= taken
    return taken
  }

  unsafeIsUsedUp(): boolean {
    if (this.left > 0) return false
    this.renew()
    return this.left === 0
  }

  unsafeOnRenewal(callback: () => void): () => void {
    this.waiting.push(callback)
    this.sleep()
    return () => {
      this.waiting = this.waiting.filter((other) => other !== callback)
      if (this.waiting.length === 0) this.stop()
    }
  }

  /** A clock that was set back begins a second too. */
  private renew(): void {
    const passed = this.clock.unsafeCurrentTimeMillis() - this.since
    if (passed >= 0 && passed < second) return
    this.since += passed < 0 ? passed : passed - (passed % second)
    this.left = this.limit
  }

  private sleep(): void {
    if (this.sleeper !== undefined || this.waiting.length === 0) return
    const now = this.clock.unsafeCurrentTimeMillis()
    const wait = this.unsafeIsUsedUp() ? this.since + second - now : 0
    const asleep = Effect.zipRight(this.clock.sleep(Duration.millis(Math.max(1, wait))), Effect.sync(this.wake))
    // The runtime may come from a region that cannot be interrupted; the sleeper can, or its timer would outlive its use.
    this.sleeper = Runtime.runFork(this.runtime)(Effect.interruptible(asleep))
  }

  private stop(): void {
    this.sleeper?.unsafeInterruptAsFork(FiberId.none)
    this.sleeper = undefined
  }

  /** In the order of waiting, while there is something: who did not get enough, and waits again, stands behind the others. */
  private readonly wake = (): void => {
    this.sleeper = undefined
    for (let turns = this.waiting.length; turns > 0 && !this.unsafeIsUsedUp(); turns--) this.waiting.shift()?.()
    this.sleep()
  }
}

/** Waits for the next renewal. */
export const renewal = (allowance: Allowance): Effect.Effect<void> =>
  Effect.async<void>((resume) => {
    const cancel = allowance.unsafeOnRenewal(() => resume(Effect.void))
    return Effect.sync(cancel)
  })

/** Waits until there is something, and takes of it `wanted` at most: when its turn has come, and not later. */
export const take = (allowance: Allowance, wanted: number): Effect.Effect<number> =>
  Effect.async<number>((resume) => {
    let cancel = (): void => {}
    const attempt = (): void => {
      const taken = allowance.unsafeTake(wanted)
      if (taken > 0) resume(Effect.succeed(taken))
      else cancel = allowance.unsafeOnRenewal(attempt)
    }
    attempt()
    return Effect.sync(() => cancel())
  })
