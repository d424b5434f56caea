/** Waiting for a condition of plain state: whoever changes it wakes those who wait, and each looks for itself. */
import * as Effect from "effect/Effect"

export class Signal {
  private readonly looks = new Set<() => void>()

  /** Something has changed. */
  wake(): void {
    for (const look of [...this.looks]) look()
  }

  /** Waits until the condition holds; nothing is missed between looking and waiting. */
  until(condition: () => boolean): Effect.Effect<void> {
    return Effect.async<void>((resume) => {
      const look = () => {
        if (!condition()) return
        this.looks.delete(look)
        resume(Effect.void)
      }
      this.looks.add(look)
      look()
      return Effect.sync(() => this.looks.delete(look))
    })
  }
}
