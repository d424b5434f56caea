/**
 * Watches over the time limits of one connection: silence, a message that does not end, a Close that is not answered.
 *
 * Deadlines are totals; only liveness is renewed by octets. While we do not read, because the application does not ask, the
 * peer's silence proves nothing and no time is counted.
 */

import { afterHostTurn } from "../host/HostTurn.js"
import type { LimitValues } from "../Limits.js"
import type { TimeoutPhase } from "../WebSocketError.js"
import type { Deadline, Deadlines } from "../waiting/Deadlines.js"

/** What the Vigil asks and tells. */
export interface VigilOwner {
  readonly isReading: () => boolean
  /** Half of the idle time is over: a Ping makes a living peer speak. */
  readonly onSilence: () => void
  readonly onTimeout: (phase: TimeoutPhase, millis: number) => void
}

export class Vigil {
  private heardAt: number
  private hasPinged = false
  private messages = 0
  private messageSince = Infinity
  private closeSince = Infinity
  private deadline: Deadline | undefined
  private isOver = false

  constructor(
    private readonly deadlines: Deadlines,
    private readonly limits: LimitValues,
    private readonly owner: VigilOwner
  ) {
    this.heardAt = deadlines.now
    this.arm()
  }

  /**
   * Octets have arrived. `messages` is how many messages have come to their end, `isMidMessage` whether the octets end in the
   * middle of a frame or of another message.
   */
  heard(messages: number, isMidMessage: boolean): void {
    this.heardAt = this.deadlines.now
    this.hasPinged = false
    if (messages !== this.messages) this.messageSince = Infinity
    this.messages = messages
    if (!isMidMessage) this.messageSince = Infinity
    else if (this.messageSince === Infinity) {
      this.messageSince = this.heardAt
      this.arm()
    }
  }

  /** Our Close frame was sent. */
  closing(): void {
    this.closeSince = this.deadlines.now
    this.arm()
  }

  /** The limits were changed. */
  renew(): void {
    this.arm()
  }

  stop(): void {
    this.isOver = true
    if (this.deadline !== undefined) this.deadlines.remove(this.deadline)
  }

  private get next(): number {
    const { idleTimeout, keepAlive, messageTimeout, closeTimeout } = this.limits
    const patience = keepAlive && !this.hasPinged ? idleTimeout / 2 : idleTimeout
    return Math.min(this.heardAt + patience, this.messageSince + messageTimeout, this.closeSince + closeTimeout)
  }

  /** Makes sure to be called at the next deadline; one that was put off is noticed when the old one has come. */
  private arm(): void {
    const { deadline, next } = this
    if (next === Infinity || this.isOver) return
    if (deadline?.onDue !== undefined) {
      if (deadline.due <= next) return
      this.deadlines.remove(deadline)
    }
    this.deadline = this.deadlines.add(next, this.onDue)
  }

  private readonly onDue = (now: number): number => {
    const { limits, owner } = this
    if (this.closeSince + limits.closeTimeout <= now) return this.timeout("Close", limits.closeTimeout)
    if (!owner.isReading()) {
      this.heardAt = now
      if (this.messageSince !== Infinity) this.messageSince = now
    }
    if (this.messageSince + limits.messageTimeout <= now) return this.timeout("Message", limits.messageTimeout)
    if (this.heardAt + limits.idleTimeout <= now) return this.suspect()
    if (limits.keepAlive && !this.hasPinged && this.heardAt + limits.idleTimeout / 2 <= now) {
      this.hasPinged = true
      owner.onSilence()
    }
    return this.next
  }

  private timeout(phase: TimeoutPhase, millis: number): number {
    this.owner.onTimeout(phase, millis)
    return Infinity
  }

  /** The event loop may have been blocked, and an answer lies unread: read first, judge later. */
  private suspect(): number {
    afterHostTurn(() => {
      if (this.isOver) return
      const { idleTimeout } = this.limits
      if (this.heardAt + idleTimeout <= this.deadlines.now) this.owner.onTimeout("Idle", idleTimeout)
      else this.arm()
    })
    return Infinity
  }
}
