/**
 * The line of sends that have to wait: for room, or for those before them.
 *
 * A message of one frame is written from here, as soon as it is its turn and there is room, and then its fiber is woken: all that
 * wait share a write. What consists of several frames has the line for itself until it is done.
 */
import * as Effect from "effect/Effect"
import type { SendError } from "../WebSocketError.js"
import type { Pace } from "./Pace.js"

/** A message of one frame. */
interface Single {
  readonly write: () => void
  readonly resume: (sent: Effect.Effect<void, SendError>) => void
}

/** Something that writes by itself, as long as it is the first. */
class Whole {
  /** It is the first now. */
  wake: () => void = () => {}
}

export class SendLine {
  private entries: Array<Single | Whole> = []
  private isAwaiting = false

  constructor(private readonly pace: Pick<Pace, "refusal" | "isReady" | "onceReady">) {}

  get isEmpty(): boolean {
    return this.entries.length === 0
  }

  /** Does `write` when all before it are done and there is room, unless it is interrupted before. */
  single(write: () => void): Effect.Effect<void, SendError> {
    return Effect.async((resume) => {
      const entry = { write, resume }
      this.entries.push(entry)
      if (this.entries.length === 1) this.advance()
      return Effect.sync(() => this.leave(entry))
    })
  }

  /** Runs `write` when all before it are done; all behind it wait until it is. */
  whole<E, R>(write: Effect.Effect<void, E, R>): Effect.Effect<void, E, R> {
    const join = Effect.sync(() => {
      const entry = new Whole()
      this.entries.push(entry)
      return entry
    })
    return Effect.acquireUseRelease(
      join,
      (entry) => Effect.zipRight(this.turnOf(entry), write),
      (entry) => Effect.sync(() => this.leave(entry))
    )
  }

  private turnOf(entry: Whole): Effect.Effect<void> {
    return Effect.async((resume) => {
      if (this.entries[0] === entry) resume(Effect.void)
      else entry.wake = () => resume(Effect.void)
    })
  }

  private leave(entry: Single | Whole): void {
    const isFirst = this.entries[0] === entry
    this.entries = this.entries.filter((other) => other !== entry)
    if (isFirst) this.advance()
  }

  /** Lets the first go on, and those behind it that can be written at once. */
  private advance(): void {
    let goesOn = true
    while (goesOn) goesOn = this.advanceFirst()
  }

  /** Whether another one is the first now. */
  private advanceFirst(): boolean {
    const entry = this.entries[0]
    const refusal = this.pace.refusal()
    if (entry === undefined) return false
    if (entry instanceof Whole) entry.wake()
    else if (refusal === undefined && !this.pace.isReady) this.awaitRoom()
    else {
      this.entries.shift()
      entry.resume(refusal === undefined ? written(entry.write) : Effect.fail(refusal))
      return true
    }
    return false
  }

  private awaitRoom(): void {
    if (this.isAwaiting) return
    this.isAwaiting = true
    this.pace.onceReady(() => {
      this.isAwaiting = false
      this.advance()
    })
  }
}

const written = (write: () => void): Effect.Effect<void> => {
  try {
    write()
    return Effect.void
  } catch (defect) {
    return Effect.die(defect)
  }
}
