/**
 * Messages that have arrived and were not asked for yet, and the fibers that wait for the next one.
 *
 * What waits is woken and takes for itself: a message is never inside of a wake-up, so that an interruption loses none.
 */
import type { Message } from "@effect-websocket/protocol/message/Message"
import type { NonEmptyReadonlyArray } from "effect/Array"

/** What a message counts besides its length: a flood of empty ones is bounded too. */
export const messageCost = 32

export class Inbox {
  /** What is held: octets (UTF-16 units, for text), and a little for each message. */
  size = 0
  private messages: Array<Message> = []
  private next = 0
  private waiter: (() => void) | undefined
  private others: Set<() => void> | undefined

  get isEmpty(): boolean {
    return this.next === this.messages.length
  }

  push(message: Message): void {
    this.messages.push(message)
    this.size += message.length + messageCost
  }

  /** Everything that is held, or nothing. */
  takeAll(): NonEmptyReadonlyArray<Message> | undefined {
    if (this.isEmpty) return undefined
    const batch = this.next === 0 ? this.messages : this.messages.slice(this.next)
    this.messages = []
    this.next = 0
    this.size = 0
    return batch as unknown as NonEmptyReadonlyArray<Message>
  }

  /** The oldest message, or nothing. */
  take(): Message | undefined {
    if (this.isEmpty) return undefined
    const message = this.messages[this.next++]
    this.size -= message.length + messageCost
    if (this.isEmpty) {
      this.messages = []
      this.next = 0
    }
    return message
  }

  /**
   * Registers who is to be woken when there is something to take. The usual, only waiter needs no canceller (0.8 µs and
   * 1.5 KB each): when it was interrupted its wake-up does nothing. A second one gets a canceller back.
   */
  wait(wake: () => void): (() => void) | undefined {
    if (this.waiter === undefined) {
      this.waiter = wake
      return undefined
    }
    this.others ??= new Set()
    const others = this.others.add(wake)
    return () => {
      others.delete(wake)
    }
  }

  /** Wakes whoever waits: each looks for itself, and waits again when another one was quicker. */
  wake(): void {
    const { others, waiter } = this
    this.waiter = undefined
    this.others = undefined
    waiter?.()
    if (others !== undefined) for (const wake of others) wake()
  }
}
