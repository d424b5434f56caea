/**
 * Messages that have arrived and were not asked for yet, and the fibers that wait for the next one.
 *
 * What waits is woken and takes for itself: a message is never inside of a wake-up, so that an interruption loses none.
 */
import type { Message } from "@effect-websocket/protocol/message/Message"
import type { NonEmptyReadonlyArray } from "effect/Array"
import type { ControlFrame } from "./WebSocket.js"

/** What a message counts besides its length: a flood of empty ones is bounded too. */
export const messageCost = 32

/** A control frame in its place among the messages; `length` is what it counts. */
export class InboxControl {
  readonly length: number

  constructor(readonly frame: ControlFrame) {
    this.length = frame._tag === "Close" ? frame.reason.length : frame.payload.length
  }
}

/** What stands in the inbox: control frames only while somebody takes them. */
export type InboxEntry = Message | InboxControl

export class Inbox {
  /** What is held: octets (UTF-16 units, for text), and a little for each message. */
  size = 0
  private messages: Array<InboxEntry> = []
  private next = 0
  private hasControls = false
  private waiter: (() => void) | undefined
  private others: Set<() => void> | undefined

  get isEmpty(): boolean {
    return this.next === this.messages.length
  }

  push(message: Message): void {
    this.messages.push(message)
    this.size += message.length + messageCost
  }

  pushControl(frame: ControlFrame): void {
    this.push(new InboxControl(frame) as unknown as Message)
    this.hasControls = true
  }

  /** All messages that are held, or nothing. */
  takeAll(): NonEmptyReadonlyArray<Message> | undefined {
    if (this.hasControls) this.dropControls()
    if (this.isEmpty) return undefined
    const batch = this.next === 0 ? this.messages : this.messages.slice(this.next)
    this.messages = []
    this.next = 0
    this.size = 0
    return batch as unknown as NonEmptyReadonlyArray<Message>
  }

  /** The oldest message, or nothing. */
  take(): Message | undefined {
    if (this.hasControls) this.dropControls()
    return this.takeEntry() as Message | undefined
  }

  /** What came first, or nothing. */
  takeEntry(): InboxEntry | undefined {
    if (this.isEmpty) return undefined
    const message = this.messages[this.next++]
    this.size -= message.length + messageCost
    if (this.isEmpty) {
      this.messages = []
      this.next = 0
    }
    return message
  }

  /** Nobody takes control frames any more. */
  dropControls(): void {
    const kept = this.messages.slice(this.next).filter((entry) => !(entry instanceof InboxControl))
    this.messages = []
    this.next = 0
    this.size = 0
    this.hasControls = false
    for (const message of kept) this.push(message as Message)
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
