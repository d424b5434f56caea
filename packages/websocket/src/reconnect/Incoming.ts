/**
 * The messages of all connections, one behind the other.
 *
 * They go through an inbox: what a connection has brought before its end is there when the next one begins, and comes first.
 */
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import { batchStream } from "../connection/batchStream.js"
import { Inbox } from "../connection/Inbox.js"
import type { Message, MessageSocket } from "../MessageSocket.js"
import { Closed } from "../WebSocketError.js"
import { Demand } from "../waiting/Demand.js"
import { isUndone } from "../waiting/Prompt.js"
import { Refill } from "../waiting/Refill.js"
import { Signal } from "../waiting/Signal.js"
import type { Link } from "./Link.js"
import type { ReconnectError } from "./ReconnectOptions.js"

/** What may be left of connections that have ended before another one is begun: nothing else bounds it. */
const maxUnread = 64 * 1024

type Receiving = Pick<MessageSocket<unknown, unknown>, "pull">

/** `E` has all that ends a connection. */
export class Incoming<E> {
  private readonly inbox = new Inbox()
  private readonly room = new Signal()
  private readonly refill: Refill

  constructor(private readonly link: Link<Receiving, E>) {
    this.refill = new Refill(link.signal, () => this.hasNews)
  }

  readonly pull = this.demand<NonEmptyReadonlyArray<Message>>(() => this.inbox.takeAll())

  readonly receive = this.demand<Message>(() => this.inbox.take())

  get messages(): Stream.Stream<Message, ReconnectError<E>> {
    return batchStream(this.pull, this.isCleanEnd)
  }

  run<E2, R>(
    handler: (message: Message) => Effect.Effect<unknown, E2, R> | void
  ): Effect.Effect<void, ReconnectError<E> | E2, R> {
    const body = (): Effect.Effect<unknown, ReconnectError<E> | E2, R> => {
      for (let message = this.inbox.take(); message !== undefined; message = this.inbox.take()) {
        this.room.wake()
        const effect = handler(message)
        if (isUndone(effect)) return effect
      }
      return this.fill
    }
    const loop = Effect.whileLoop({ while: () => true, body, step: () => {} })
    return Effect.catchIf(loop, this.isCleanEnd, () => Effect.void)
  }

  /** Takes over what is left of a connection that has ended; gives what ended it. Interruption comes at the end of all only. */
  drain(socket: Receiving): Effect.Effect<E> {
    return Effect.flip(Effect.forever(Effect.map(socket.pull, this.keep))) as Effect.Effect<E>
  }

  /** Waits until the application has taken what was left of earlier connections, but for a little. */
  readonly taken: Effect.Effect<void> = this.room.until(() => this.inbox.size <= maxUnread)

  private demand<A>(take: () => A | undefined): Effect.Effect<A, ReconnectError<E>> {
    return new Demand<A, ReconnectError<E>>(
      () => !this.inbox.isEmpty,
      () => {
        const taken = take()
        this.room.wake()
        return taken
      },
      (again) => Effect.zipRight(this.fill, again)
    )
  }

  private readonly isCleanEnd = (error: unknown): boolean => error instanceof Closed && error === this.link.failure

  /** Waits until there may be something in the inbox; fails when nothing will come. */
  private readonly fill: Effect.Effect<void, ReconnectError<E>> = Effect.suspend(() => {
    const { end, signal, socket } = this.link
    if (!this.inbox.isEmpty) return Effect.void
    if (end !== undefined) return end
    return socket === undefined
      ? signal.until(() => this.link.socket !== undefined || this.hasNews)
      : this.fillFrom(socket)
  })

  private fillFrom(socket: Receiving): Effect.Effect<void> {
    return this.refill.once((restore) => {
      // Its end is told by the lifecycle, once all that is left of it is here.
      const lost = this.link.signal.until(() => this.link.socket !== socket || this.hasNews)
      return Effect.catchAll(Effect.map(restore(socket.pull), this.keep), () => restore(lost))
    })
  }

  private readonly keep = (batch: ReadonlyArray<Message>): void => {
    for (const message of batch) this.inbox.push(message)
  }

  private get hasNews(): boolean {
    return !this.inbox.isEmpty || this.link.end !== undefined
  }
}
