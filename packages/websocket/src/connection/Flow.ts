/**
 * Whether octets flow: the transport is read while the application has room and the receiver is through with what it has.
 *
 * A receiver that was paused, since it has inflated enough, goes on after a turn of the event loop.
 */
import { afterHostTurn } from "../host/HostTurn.js"
import type { FlowControl } from "../Transport.js"

/** What the Flow steers. */
export interface FlowOwner {
  readonly receiver: { readonly isPaused: boolean }
  /** Lets the receiver go on. */
  readonly resumeReceiver: () => void
}

export class Flow {
  /** The application has enough. */
  isPaused = false
  /** The transport delivers. */
  private isFlowing = true
  private isScheduled = false
  private transport: FlowControl | undefined

  constructor(private readonly owner: FlowOwner) {}

  /** The transport has begun to deliver. */
  attach(transport: FlowControl): void {
    this.transport = transport
    if (!this.isFlowing) transport.pause()
  }

  /** The application has room again. */
  resume(): void {
    if (!this.isPaused) return
    this.isPaused = false
    this.steer()
  }

  /** Something has changed. */
  steer(): void {
    const hasMore = this.owner.receiver.isPaused
    const flows = !this.isPaused && !hasMore
    if (flows !== this.isFlowing) {
      this.isFlowing = flows
      if (flows) this.transport?.resume()
      else this.transport?.pause()
    }
    if (hasMore && !this.isPaused && !this.isScheduled) this.schedule()
  }

  private schedule(): void {
    this.isScheduled = true
    afterHostTurn(() => {
      this.isScheduled = false
      if (!this.isPaused) this.owner.resumeReceiver()
    })
  }
}
