/**
 * The end of a connection, for those who wait for it: how it ended, and when its transport is gone.
 */
import * as Effect from "effect/Effect"
import type { Closure } from "../WebSocketError.js"
import { type Stop, Wait } from "../waiting/Wait.js"

export class Ending {
  private closure: Closure | undefined
  private isGone = false
  private waiting: Set<() => void> | undefined

  /** The connection has ended. */
  complete(closure: Closure): void {
    this.closure = closure
    this.wake()
  }

  /** The transport is gone. */
  gone(): void {
    this.isGone = true
    this.wake()
  }

  /** How it ended. */
  get closed(): Effect.Effect<Closure> {
    return new Wait(
      () => this.closure && Effect.succeed(this.closure),
      (again) => this.once(again)
    )
  }

  /** The transport is gone. */
  get tornDown(): Effect.Effect<void> {
    return new Wait(
      () => (this.isGone ? Effect.void : undefined),
      (again) => this.once(again)
    )
  }

  private once(again: () => void): Stop {
    this.waiting ??= new Set()
    const { waiting } = this
    waiting.add(again)
    return () => waiting.delete(again)
  }

  private wake(): void {
    const { waiting } = this
    this.waiting = undefined
    if (waiting !== undefined) for (const again of waiting) again()
  }
}
