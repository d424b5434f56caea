/**
 * Messages on their way to whichever connection is open, and what becomes of them while none is.
 *
 * A message that a connection has refused because it ends was not sent, and takes the way of one that comes while none is open.
 */
import { decode } from "@effect-websocket/protocol/bytes/Utf8"
import * as Effect from "effect/Effect"
import type { Message, MessageOptions, MessageSocket } from "../MessageSocket.js"
import { SendError } from "../WebSocketError.js"
import type { Link } from "./Link.js"
import { Pending, type PendingMessage } from "./Pending.js"
import type { OutboxOptions, ReconnectError, ReconnectOptions } from "./ReconnectOptions.js"

/** What may wait unless the options say otherwise. */
export const defaultCapacity = 1024 * 1024

type Sending = Pick<MessageSocket<unknown>, "send" | "unsafeSend">
type Policy = NonNullable<ReconnectOptions<never, never>["outbox"]>

/** The connection ends, and has sent nothing of the message. */
export const isOver = (error: unknown): boolean =>
  error instanceof SendError && (error.reason._tag === "Closing" || error.reason._tag === "Closed")

const notOpen = () => new SendError({ reason: { _tag: "NotOpen" } })

const isText = ({ kind, message }: PendingMessage): boolean =>
  kind !== "text" || typeof message === "string" || decode(message, 0, message.length) !== undefined

const makePending = ({ capacity = defaultCapacity, whenFull }: OutboxOptions): Pending =>
  new Pending(capacity, whenFull === "dropOldest")

export class Outgoing<E> {
  private readonly pending: Pending | undefined
  /** The connection that has all which waited for it. */
  private flushed: Sending | undefined

  constructor(
    private readonly link: Link<Sending, E>,
    private readonly policy: Policy
  ) {
    this.pending = typeof policy === "object" ? makePending(policy) : undefined
  }

  send(message: Message, options?: MessageOptions): Effect.Effect<void, SendError | ReconnectError<E>> {
    return Effect.suspend(() => {
      const { end } = this.link
      if (end !== undefined) return end
      const socket = this.open
      if (socket === undefined) return this.sendLater(message, options)
      return Effect.catchIf(socket.send(message, options), isOver, () => {
        if (this.flushed === socket) this.flushed = undefined
        return this.send(message, options)
      })
    })
  }

  sendAll(messages: Iterable<Message>, options?: MessageOptions): Effect.Effect<void, SendError | ReconnectError<E>> {
    return Effect.suspend(() => {
      const iterator = messages[Symbol.iterator]()
      let item = iterator.next()
      const step = () => {
        item = iterator.next()
      }
      return Effect.whileLoop({ while: () => !item.done, body: () => this.send(item.value, options), step })
    })
  }

  unsafeSend(message: Message): boolean {
    return this.open?.unsafeSend(message) ?? false
  }

  /** Sends what has waited over a new connection; from then on it takes messages directly. Ends early when the connection does. */
  flush(socket: Sending): Effect.Effect<void> {
    return Effect.suspend(() => {
      const first = this.pending?.first
      if (first === undefined) {
        this.flushed = socket
        this.link.signal.wake()
        return Effect.void
      }
      const next = Effect.suspend(() => {
        this.pending?.remove(first)
        this.link.signal.wake()
        return this.flush(socket)
      })
      return Effect.matchEffect(socket.send(first.message, { kind: first.kind }), {
        // What no connection ever takes is not kept.
        onFailure: (error) => (isOver(error) ? Effect.void : next),
        onSuccess: () => next
      })
    })
  }

  /** All is over: what has waited is gone. */
  clear(): void {
    this.pending?.clear()
  }

  private get open(): Sending | undefined {
    return this.flushed === this.link.socket ? this.flushed : undefined
  }

  private sendLater(
    message: Message,
    options: MessageOptions | undefined
  ): Effect.Effect<void, SendError | ReconnectError<E>> {
    const { pending, policy } = this
    const mayWait = options?.whenFull !== "fail"
    if (pending === undefined) {
      return policy === "fail" || !mayWait ? Effect.fail(notOpen()) : this.sendWhen(() => false, message, options)
    }
    const entry = { kind: options?.kind, message }
    if (!isText(entry)) return Effect.fail(new SendError({ reason: { _tag: "BadText" } }))
    if (pending.offer(entry)) return Effect.void
    if (!mayWait || (typeof policy === "object" && policy.whenFull === "fail")) {
      return Effect.fail(new SendError({ reason: { _tag: "QueueFull", limit: pending.capacity } }))
    }
    return this.sendWhen(() => pending.hasRoom(entry), message, options)
  }

  /** Begins anew when the condition holds, when a connection takes messages, or at the end. */
  private sendWhen(
    condition: () => boolean,
    message: Message,
    options: MessageOptions | undefined
  ): Effect.Effect<void, SendError | ReconnectError<E>> {
    const { link } = this
    return Effect.zipRight(
      link.signal.until(() => link.end !== undefined || this.open !== undefined || condition()),
      this.send(message, options)
    )
  }
}
