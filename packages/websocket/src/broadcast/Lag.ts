/** Messages that wait for one slow receiver: bounded in octets and in number. They are shared with all other receivers. */
import { messageCost } from "../connection/Inbox.js"
import type { PreparedMessage } from "../connection/PreparedMessage.js"

const costOf = ({ message }: PreparedMessage): number => message.length + messageCost

export class Lag {
  /** What the messages that wait count. */
  size = 0
  private messages: Array<PreparedMessage> = []

  constructor(
    private readonly capacity: number,
    private readonly maxMessages: number
  ) {}

  get length(): number {
    return this.messages.length
  }

  /** Whether one more may wait. The first may in any case: else it could never be sent. */
  hasRoom(message: PreparedMessage): boolean {
    const { length } = this.messages
    return length === 0 || (length < this.maxMessages && this.size + costOf(message) <= this.capacity)
  }

  push(message: PreparedMessage): void {
    this.messages.push(message)
    this.size += costOf(message)
  }

  /** The oldest one, which does not wait any more. */
  shift(): PreparedMessage | undefined {
    const message = this.messages.shift()
    if (message !== undefined) this.size -= costOf(message)
    return message
  }

  clear(): void {
    this.messages = []
    this.size = 0
  }
}
