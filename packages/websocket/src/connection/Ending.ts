/**
 * The end of a connection, for those who wait for it: how it ended, and when its transport is gone.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { Closure } from "../WebSocketError.js"

export class Ending {
  private closure: Closure | undefined
  private teardown: Fiber.RuntimeFiber<void> | undefined
  private waiters: Set<() => void> | undefined

  /** The connection has ended; `teardown` is giving up the transport. */
  complete(closure: Closure, teardown: Fiber.RuntimeFiber<void>): void {
    this.closure = closure
    this.teardown = teardown
    const { waiters } = this
    this.waiters = undefined
    if (waiters !== undefined) for (const wake of waiters) wake()
  }

  /** How it ended. */
  get closed(): Effect.Effect<Closure> {
    return Effect.suspend(() => {
      if (this.closure !== undefined) return Effect.succeed(this.closure)
      return Effect.async<Closure>((resume) => {
        const wake = () => resume(this.closed)
        if (this.closure !== undefined) return wake()
        this.waiters ??= new Set()
        const waiters = this.waiters.add(wake)
        return Effect.sync(() => waiters.delete(wake))
      })
    })
  }

  /** The transport is gone; only to be waited for after `closed`. */
  get tornDown(): Effect.Effect<void> {
    return Effect.suspend(() => (this.teardown === undefined ? Effect.void : Effect.asVoid(Fiber.await(this.teardown))))
  }
}
