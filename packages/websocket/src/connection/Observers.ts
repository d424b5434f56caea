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

export class Observers {
  private mailboxes: Set<Mailbox.Mailbox<ControlFrame>> | undefined
  private isOver = false

  get isEmpty(): boolean {
    return this.mailboxes === undefined
  }

  tell(frame: ControlFrame): void {
    if (this.mailboxes !== undefined) for (const mailbox of this.mailboxes) mailbox.unsafeOffer(frame)
  }

  /** The connection has ended: what was told is still delivered, then the streams end. */
  end(): void {
    this.isOver = true
    const { mailboxes } = this
    this.mailboxes = undefined
    if (mailboxes !== undefined) for (const mailbox of mailboxes) mailbox.unsafeDone(Exit.void)
  }

  get stream(): Stream.Stream<ControlFrame> {
    const watch = Effect.acquireRelease(
      Effect.tap(Mailbox.make<ControlFrame>({ capacity, strategy: "sliding" }), (mailbox) =>
        Effect.sync(() => this.add(mailbox))
      ),
      (mailbox) => Effect.sync(() => this.remove(mailbox))
    )
    return Stream.unwrapScoped(Effect.map(watch, Mailbox.toStream))
  }

  private add(mailbox: Mailbox.Mailbox<ControlFrame>): void {
    if (this.isOver) mailbox.unsafeDone(Exit.void)
    else {
      this.mailboxes ??= new Set()
      this.mailboxes.add(mailbox)
    }
  }

  private remove(mailbox: Mailbox.Mailbox<ControlFrame>): void {
    this.mailboxes?.delete(mailbox)
    if (this.mailboxes?.size === 0) this.mailboxes = undefined
  }
}
