/**
 * The deadlines of all connections of a layer, watched by a single fiber that sleeps on Effect's Clock until the next one.
 *
 * A connection that lives needs no timer of its own. Putting a deadline off costs nothing: it is looked at when the old
 * one has come, and the connection answers with the new one.
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"

/** Called when the time has come; answers with the time (ms) at which to look again, or Infinity for never. */
export type OnDue = (now: number) => number

/** A place in the queue of deadlines. */
export interface Deadline {
  due: number
  onDue: OnDue | undefined
}

/** All deadlines, ordered by time in a binary heap. */
export class Deadlines {
  private readonly heap: Array<Deadline> = []
  private live = 0
  private sleeper: Fiber.RuntimeFiber<void> | undefined
  private wakeAt = Infinity

  constructor(
    private readonly runtime: Runtime.Runtime<never>,
    readonly clock: Clock.Clock
  ) {}

  get now(): number {
    return this.clock.unsafeCurrentTimeMillis()
  }

  /** Calls `onDue` at `due` (ms) or soon after. */
  add(due: number, onDue: OnDue): Deadline {
    const deadline: Deadline = { due, onDue }
    this.live++
    this.push(deadline)
    this.sleep()
    return deadline
  }

  /** Nothing is called any more, and nothing of the owner is held. */
  remove(deadline: Deadline): void {
    if (deadline.onDue === undefined) return
    deadline.onDue = undefined
    if (--this.live === 0) this.stop()
  }

  /** Forgets everything. */
  stop(): void {
    this.heap.length = 0
    this.wakeAt = Infinity
    this.sleeper?.unsafeInterruptAsFork(this.sleeper.id())
    this.sleeper = undefined
  }

  private sleep(): void {
    const next = this.heap.length === 0 ? Infinity : this.heap[0].due
    if (next >= this.wakeAt) return
    this.sleeper?.unsafeInterruptAsFork(this.sleeper.id())
    this.wakeAt = next
    const wait = Duration.millis(Math.max(0, next - this.now))
    const wake = Effect.sync(() => {
      this.sleeper = undefined
      this.wakeAt = Infinity
      this.fire()
    })
    // The runtime may come from a region that cannot be interrupted; the sleeper can, or its timer would outlive the layer.
    this.sleeper = Runtime.runFork(this.runtime)(Effect.interruptible(Effect.zipRight(this.clock.sleep(wait), wake)))
  }

  private fire(): void {
    const now = this.now
    while (this.heap.length > 0 && this.heap[0].due <= now) {
      const deadline = this.pop()
      if (deadline.onDue === undefined) continue
      deadline.due = deadline.onDue(now)
      // It may have been removed meanwhile, by what it caused.
      if (deadline.onDue === undefined) continue
      if (deadline.due === Infinity) this.remove(deadline)
      else this.push(deadline)
    }
    this.sleep()
  }

  private push(deadline: Deadline): void {
    const { heap } = this
    let at = heap.push(deadline) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (heap[parent].due <= deadline.due) break
      heap[at] = heap[parent]
      at = parent
    }
    heap[at] = deadline
  }

  private pop(): Deadline {
    const { heap } = this
    const top = heap[0]
    const last = heap.pop()!
    if (heap.length > 0) this.sink(last)
    return top
  }

  private sink(deadline: Deadline): void {
    const { heap } = this
    let at = 0
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && heap[child + 1].due < heap[child].due) child++
      if (heap[child].due >= deadline.due) break
      heap[at] = heap[child]
      at = child
    }
    heap[at] = deadline
  }
}

/** Deadlines on the Clock of the environment; the end of the Scope forgets them. */
export const make: Effect.Effect<Deadlines, never, Scope.Scope> = Effect.acquireRelease(
  Effect.zipWith(Effect.runtime<never>(), Effect.clock, (runtime, clock) => new Deadlines(runtime, clock)),
  (deadlines) => Effect.sync(() => deadlines.stop())
)
