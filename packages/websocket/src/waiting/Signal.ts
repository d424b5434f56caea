/** Waiting for plain state to change: whoever changes it wakes those who wait, and each looks for itself. */
import * as Effect from "effect/Effect"
import { type Stop, Wait } from "./Wait.js"

export class Signal {
  /** Nothing is kept while nobody waits. */
  private waiting: Set<() => void> | undefined

  /** Nobody waits. */
  get isEmpty(): boolean {
    return this.waiting === undefined || this.waiting.size === 0
  }

  /** Something has changed: calls back all who wait now, in their order, and nobody who comes meanwhile. */
  wake(): void {
    const { waiting } = this
    this.waiting = undefined
    if (waiting !== undefined) for (const again of waiting) again()
  }

  /** Calls back at the next `wake`, unless it is stopped before. */
  once(again: () => void): Stop {
    this.waiting ??= new Set()
    const { waiting } = this
    waiting.add(again)
    return () => void waiting.delete(again)
  }

  /** Waits until the condition holds; nothing is missed between looking and waiting. */
  until(condition: () => boolean): Effect.Effect<void> {
    return new Wait(
      () => (condition() ? Effect.void : undefined),
      (again) => this.once(again)
    )
  }
}
