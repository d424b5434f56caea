/** Messages which wait for an open connection: bounded in octets and, since each counts a little, in number. */
import { messageCost } from "../connection/Inbox.js"
import { demandOctets } from "../connection/Outbox.js"
import type { Message, MessageOptions } from "../MessageSocket.js"

/** A message and how it is to be sent. */
export interface PendingMessage {
  readonly message: Message
  readonly kind: MessageOptions["kind"]
}

const costOf = ({ message }: PendingMessage): number => message.length + messageCost

export class Pending {
  private messages: Array<PendingMessage> = []
  private size = 0

  constructor(
    readonly capacity: number,
    private readonly dropsOldest: boolean
  ) {}

  get isEmpty(): boolean {
    return this.messages.length === 0
  }

  /** Whether `offer` would take it now. */
  hasRoom(pending: PendingMessage): boolean {
    const room = this.dropsOldest ? this.capacity : this.capacity - this.size
    return costOf(pending) <= room
  }

  /** Takes a copy, so that the octets may be reused; false: there is no room. */
  offer({ kind, message }: PendingMessage): boolean {
    const pending = { kind, message: typeof message === "string" ? message : demandOctets(message).slice() }
    if (!this.hasRoom(pending)) return false
    while (this.size + costOf(pending) > this.capacity) this.remove(this.messages[0])
    this.messages.push(pending)
    this.size += costOf(pending)
    return true
  }

  /** The oldest. It has its place until it is removed. */
  get first(): PendingMessage | undefined {
    return this.messages[0]
  }

  /** The oldest has gone; nothing, if another one is the oldest now. */
  remove(pending: PendingMessage): void {
    if (this.messages[0] !== pending) return
    this.messages.shift()
    this.size -= costOf(pending)
  }

  clear(): void {
    this.messages = []
    this.size = 0
  }
}
