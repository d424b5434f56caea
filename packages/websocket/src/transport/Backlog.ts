/**
 * A bounded queue of what waits to be accepted, and the loop that runs each of it in a fiber and a Scope of its own.
 *
 * Offering is synchronous: it says whether there was room. Nothing is lost when the loop is interrupted: what has not been
 * taken waits for the next loop, or is given back by `close`.
 */
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Scope from "effect/Scope"

export class Backlog<A> {
  private items: Array<A> = []
  private open = true
  private readonly waiting = new Set<(effect: Effect.Effect<void>) => void>()

  constructor(private readonly bound: number) {}

  /** Whether there was room. */
  offer(item: A): boolean {
    if (!this.open || this.items.length >= this.bound) return false
    this.items.push(item)
    for (const resume of this.waiting) resume(Effect.void)
    this.waiting.clear()
    return true
  }

  /** Takes no more, and gives back what was left. */
  close(): ReadonlyArray<A> {
    const left = this.items
    this.open = false
    this.items = []
    return left
  }

  /**
   * The loop of `Listener.accept`: `acquire` takes possession of an item, uninterruptibly; `use` runs with it in a fiber.
   * Interruption interrupts all that runs, at the same time, and waits for it.
   */
  acceptWith<B>(acquire: (item: A) => Effect.Effect<B, never, Scope.Scope>) {
    return <R>(
      use: (value: B) => Effect.Effect<unknown, unknown, R>
    ): Effect.Effect<never, never, Exclude<R, Scope.Scope>> =>
      Effect.acquireUseRelease(
        Scope.make(ExecutionStrategy.parallel),
        (scope) => {
          const run = (item: A) =>
            Effect.ignore(Effect.scoped(Effect.flatMap(acquire(item), (value) => Effect.interruptible(use(value)))))
          const step = Effect.flatMap(this.take, (item) => Effect.forkIn(run(item), scope))
          return Effect.uninterruptible(Effect.forever(step))
        },
        (scope, exit) => Scope.close(scope, exit)
      ) as Effect.Effect<never, never, Exclude<R, Scope.Scope>>
  }

  /** Interruptible only while it waits: an item that was taken is never dropped. */
  private readonly take: Effect.Effect<A> = Effect.suspend(() =>
    Effect.flatMap(Effect.interruptible(this.arrival), () => {
      const item = this.items.shift()
      return item === undefined ? this.take : Effect.succeed(item)
    })
  )

  private readonly arrival: Effect.Effect<void> = Effect.suspend(() =>
    this.items.length > 0
      ? Effect.void
      : Effect.async<void>((resume) => {
          this.waiting.add(resume)
          return Effect.sync(() => this.waiting.delete(resume))
        })
  )
}
