/**
 * Whether octets flow: the transport is read while the application has room and the receiver is through with what it has.
 *
 * A receiver that was paused, since it has inflated enough, goes on after a turn of the event loop; and so does a transport
 * that has brought much, since a socket of Node.js reads up to 2 MiB before there is one.
 */
import { afterHostTurn } from "../host/HostTurn.js"
import type { FlowControl } from "../Transport.js"

/**
 * Octets that are read before the event loop turns. To unmask, check and store them takes 1 to 3 ms per MiB, most of it for
 * memory that is touched for the first time. With half as much messages of 1 MiB cost 8 % more, with twice as much no less. It is
 * not renewed by time: who sends little pauses once in so many octets, too.
 */
const turnBudget = 512 * 1024

/** What a message counts besides its octets: a small one takes as long as so many octets of a large one, or longer. */
const messageCost = 256

/** What the Flow steers. */
export interface FlowOwner {
  readonly receiver: { readonly isPaused: boolean }
  /** The event loop has turned: lets the receiver go on, if it is paused, and steers. */
  readonly resumeReceiver: () => void
}

export class Flow {
  /** The application has enough. */
  isPaused = false
  /** The transport delivers. */
  private isFlowing = true
  private isScheduled = false
  /** What may still be read before the next turn. */
  private budget = turnBudget
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

  /** The transport has brought so many octets, and messages have come to their end. */
  spend(octets: number, messages: number): void {
    this.budget -= octets + messages * messageCost
  }

  /** Something has changed. */
  steer(): void {
    const hasMore = this.budget <= 0 || this.owner.receiver.isPaused
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
      this.budget = turnBudget
      if (!this.isPaused) this.owner.resumeReceiver()
    })
  }
}
