/**
 * The deadlines of all connections, watched by a single fiber that sleeps on Effect's Clock until the next one.
 *
 * A connection needs no timer of its own. Putting a deadline off costs nothing: it is looked at when the old one has come,
 * and who is called answers with the new one. While there are none no fiber is left.
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { afterHostTurn } from "../host/HostTurn.js"

/** Called when the time has come; answers with the time (ms) at which to look again, or Infinity for never. */
export type OnDue = (now: number) => number

/** A place in the queue of deadlines. */
export interface Deadline {
  due: number
  onDue: OnDue | undefined
}

/** All deadlines, ordered by time in a binary heap. */
export class Deadlines {
  private heap: Array<Deadline> = []
  private live = 0
  private isStopping = false
  private sleeper: Fiber.RuntimeFiber<void> | undefined
  private wakeAt = Infinity

  constructor(readonly clock: Clock.Clock) {}

  get now(): number {
    return this.clock.unsafeCurrentTimeMillis()
  }

  /** How many are held, those included that were removed. */
  get size(): number {
    return this.heap.length
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
    this.live--
    if (this.live === 0) this.stopSoon()
    else if (this.heap.length > 4 * this.live + 1024) this.sweep()
  }

  /** Calls `onLate` when `millis` have gone by, unless what it gives is called before. */
  limit(millis: number, onLate: () => void): () => void {
    if (millis === Infinity) return () => {}
    const deadline = this.add(this.now + millis, () => {
      onLate()
      return Infinity
    })
    return () => this.remove(deadline)
  }

  /** Forgets those that were removed; an array in order is a heap. */
  private sweep(): void {
    this.heap = this.heap.filter(({ onDue }) => onDue !== undefined).sort((one, other) => one.due - other.due)
  }

  /** The last one was removed: when no other comes at once, as one does when a handshake becomes a connection, nobody waits. */
  private stopSoon(): void {
    if (this.isStopping) return
    this.isStopping = true
    afterHostTurn(() => {
      this.isStopping = false
      if (this.live === 0) this.stop()
    })
  }

  private stop(): void {
    this.heap = []
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
    this.sleeper = Effect.runFork(Effect.zipRight(this.clock.sleep(wait), wake))
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

const ofClocks = new WeakMap<Clock.Clock, Deadlines>()

/** The deadlines on this Clock. */
export const on = (clock: Clock.Clock): Deadlines => {
  const known = ofClocks.get(clock)
  if (known !== undefined) return known
  const deadlines = new Deadlines(clock)
  ofClocks.set(clock, deadlines)
  return deadlines
}
