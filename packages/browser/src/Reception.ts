/** Messages that have arrived, and those who wait for them. */
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Effect from "effect/Effect"
import { Inbox } from "effect-websocket/connection/Inbox"
import type { Message } from "effect-websocket/MessageSocket"
import type { ReceiveError } from "effect-websocket/WebSocketError"
import { Demand } from "effect-websocket/waiting/Demand"
import { isUndone } from "effect-websocket/waiting/Prompt"
import { Signal } from "effect-websocket/waiting/Signal"
import type { Port } from "./Port.js"

export class Reception {
  /** What ended the connection. */
  failure: ReceiveError | undefined
  private readonly inbox = new Inbox()
  private readonly signal = new Signal()
  private isDiscarding = false

  constructor(
    private readonly port: Pick<Port, "demand" | "hasMore">,
    private readonly maxUnread: number,
    private readonly onOverrun: () => void
  ) {}

  push(message: Message): void {
    if (this.isOver) return
    if (this.isDiscarding) return void this.port.demand()
    this.inbox.push(message)
    this.signal.wake()
    if (this.inbox.size > this.maxUnread) this.onOverrun()
  }

  /** What comes from now on is not for the application. */
  discard(): void {
    this.isDiscarding = true
    this.port.demand()
  }

  /** Nothing more can be read. */
  done(): void {
    this.signal.wake()
  }

  end(failure: ReceiveError): void {
    this.failure = failure
    this.signal.wake()
  }

  readonly pull = this.demand<NonEmptyReadonlyArray<Message>>(() => this.inbox.takeAll())

  readonly receive = this.demand<Message>(() => this.inbox.take())

  /** Calls `handler` with each message, until the connection fails. */
  each<E, R>(
    handler: (message: Message) => Effect.Effect<unknown, E, R> | void
  ): Effect.Effect<never, ReceiveError | E, R> {
    const body = (): Effect.Effect<unknown, ReceiveError | E, R> => {
      for (let message = this.inbox.take(); message !== undefined; message = this.inbox.take()) {
        const effect = handler(message)
        if (isUndone(effect)) return effect
      }
      return this.wait
    }
    return Effect.forever(Effect.suspend(body))
  }

  private get isOver(): boolean {
    return this.failure !== undefined && !this.port.hasMore()
  }

  private demand<A>(take: () => A | undefined): Effect.Effect<A, ReceiveError> {
    return new Demand<A, ReceiveError>(
      () => !this.inbox.isEmpty,
      take,
      (again) => Effect.zipRight(this.wait, again)
    )
  }

  private readonly wait: Effect.Effect<void, ReceiveError> = Effect.suspend(() => {
    const { failure } = this
    if (!this.inbox.isEmpty) return Effect.void
    if (failure !== undefined && this.isOver) return Effect.fail(failure)
    this.port.demand()
    return this.signal.until(() => !this.inbox.isEmpty || this.isOver)
  })
}
