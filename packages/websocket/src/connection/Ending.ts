/**
 * The end of a connection, for those who wait for it: how it ended, and when its transport is gone.
 */
import * as Effect from "effect/Effect"
import type { Closure } from "../WebSocketError.js"
import { Signal } from "../waiting/Signal.js"
import { Wait } from "../waiting/Wait.js"

export class Ending {
  private closure: Closure | undefined
  private isGone = false
  private readonly changed = new Signal()

  /** The connection has ended. */
  complete(closure: Closure): void {
    this.closure = closure
    this.changed.wake()
  }

  /** The transport is gone. */
  gone(): void {
    this.isGone = true
    this.changed.wake()
  }

  /** How it ended. */
  get closed(): Effect.Effect<Closure> {
    return new Wait(
      () => this.closure && Effect.succeed(this.closure),
      (again) => this.changed.once(again)
    )
  }

  /** Waits until the transport is gone. */
  get tornDown(): Effect.Effect<void> {
    return this.changed.until(() => this.isGone)
  }
}
