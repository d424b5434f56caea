/**
 * Those who watch the control frames. Nothing is kept, and nothing is done, while nobody watches.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Mailbox from "effect/Mailbox"
import * as Stream from "effect/Stream"
import type { ControlFrame } from "./WebSocket.js"

/** Control frames kept for one slow watcher; then the oldest goes. */
const capacity = 64

/** Is told of each control frame as it arrives. */
export interface Observer {
  readonly tell: (frame: ControlFrame) => void
  /** The connection has ended. */
  readonly end: () => void
}

export class Observers {
  private observers: Set<Observer> | undefined
  private isOver = false

  get isEmpty(): boolean {
    return this.observers === undefined
  }

  tell(frame: ControlFrame): void {
    if (this.observers !== undefined) for (const observer of this.observers) observer.tell(frame)
  }

  /** The connection has ended: what was told is still delivered, then the streams end. */
  end(): void {
    this.isOver = true
    const { observers } = this
    this.observers = undefined
    if (observers !== undefined) for (const observer of observers) observer.end()
  }

  add(observer: Observer): void {
    if (this.isOver) observer.end()
    else {
      this.observers ??= new Set()
      this.observers.add(observer)
    }
  }

  remove(observer: Observer): void {
    this.observers?.delete(observer)
    if (this.observers?.size === 0) this.observers = undefined
  }

  get stream(): Stream.Stream<ControlFrame> {
    const watch = Effect.map(Mailbox.make<ControlFrame>({ capacity, strategy: "sliding" }), (mailbox) => {
      const tell = (frame: ControlFrame) => void mailbox.unsafeOffer(frame)
      const end = () => void mailbox.unsafeDone(Exit.void)
      return { mailbox, observer: { tell, end } }
    })
    const watched = Effect.acquireRelease(
      Effect.tap(watch, ({ observer }) => Effect.sync(() => this.add(observer))),
      ({ observer }) => Effect.sync(() => this.remove(observer))
    )
    return Stream.unwrapScoped(Effect.map(watched, ({ mailbox }) => Mailbox.toStream(mailbox)))
  }
}
