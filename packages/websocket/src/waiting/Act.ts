/** What need never wait, nor can fail. */
import * as Effect from "effect/Effect"
import { Prompt } from "./Prompt.js"

export class Act extends Prompt<void, never> {
  constructor(private readonly act: () => void) {
    super()
  }

  attempt(): void {
    this.act()
  }

  commit(): Effect.Effect<void> {
    return Effect.sync(this.act)
  }
}
