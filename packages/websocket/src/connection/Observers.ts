/**
 * Those who watch the control frames. Nothing is kept, and nothing is done, while nobody watches.
 */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { ControlFrame } from "./WebSocket.js"

/** Control frames kept for one slow watcher; then the oldest goes. */
const capacity = 64

/** `undefined` in a queue is the end. */
const isFrame = (item: ControlFrame | undefined): item is ControlFrame => item !== undefined

export class Observers {
  private queues: Set<Queue.Queue<ControlFrame | undefined>> | undefined
  private isOver = false

  get isEmpty(): boolean {
    return this.queues === undefined
  }

  tell(frame: ControlFrame): void {
    if (this.queues !== undefined) for (const queue of this.queues) queue.unsafeOffer(frame)
  }

  /** The connection has ended: what was told is still delivered, then the streams end. */
  end(): void {
    this.isOver = true
    const { queues } = this
    this.queues = undefined
    if (queues !== undefined) for (const queue of queues) queue.unsafeOffer(undefined)
  }

  get stream(): Stream.Stream<ControlFrame> {
    const watch = Effect.acquireRelease(
      Effect.tap(Queue.sliding<ControlFrame | undefined>(capacity), (queue) => Effect.sync(() => this.add(queue))),
      (queue) => Effect.sync(() => this.remove(queue))
    )
    return Stream.unwrapScoped(Effect.map(watch, (queue) => Stream.takeWhile(Stream.fromQueue(queue), isFrame)))
  }

  private add(queue: Queue.Queue<ControlFrame | undefined>): void {
    if (this.isOver) queue.unsafeOffer(undefined)
    else {
      this.queues ??= new Set()
      this.queues.add(queue)
    }
  }

  private remove(queue: Queue.Queue<ControlFrame | undefined>): void {
    this.queues?.delete(queue)
    if (this.queues?.size === 0) this.queues = undefined
  }
}
