/**
 * Messages on their way out, with back-pressure: above the high-water mark a message waits, and nobody overtakes it.
 */
import { decode, encode } from "@effect-websocket/protocol/bytes/Utf8"
import * as Effect from "effect/Effect"
import { demandOctets } from "effect-websocket/connection/Outbox"
import type { Message, MessageOptions } from "effect-websocket/MessageSocket"
import { SendError } from "effect-websocket/WebSocketError"
import { Signal } from "effect-websocket/waiting/Signal"
import type { Port } from "./Port.js"

/** A message in the form that has the kind asked for: text is a string, binary is octets. undefined: octets that are no text. */
const inKind = (message: Message, kind: MessageOptions["kind"]): Message | undefined => {
  if (typeof message === "string") return kind === "binary" ? encode(message) : message
  const octets = demandOctets(message)
  return kind === "text" ? decode(octets, 0, octets.length) : octets
}

export class Emission {
  /** A place for each message that waits; the first one is next. */
  private line: ReadonlyArray<object> = []
  private readonly moved = new Signal()

  /** `refusal` says why nothing may be sent now. */
  constructor(
    private readonly port: Pick<Port, "send" | "buffered" | "progress">,
    private readonly highWaterMark: number,
    private readonly refusal: () => SendError | undefined
  ) {}

  /** Sends at once, or not at all. */
  trySend(message: Message): boolean {
    if (this.line.length > 0 || this.isFull || this.refusal() !== undefined) return false
    this.port.send(message)
    return true
  }

  send(message: Message, options?: MessageOptions): Effect.Effect<void, SendError> {
    return Effect.suspend(() => {
      const ready = inKind(message, options?.kind)
      if (ready === undefined) return Effect.fail(new SendError({ reason: { _tag: "BadText" } }))
      if (this.trySend(ready)) return Effect.void
      return options?.whenFull === "fail" ? Effect.fail(this.refusal() ?? this.full) : this.sendInTurn(ready)
    })
  }

  sendAll(messages: Iterable<Message>, options?: MessageOptions): Effect.Effect<void, SendError> {
    return Effect.suspend(() => {
      const iterator = messages[Symbol.iterator]()
      let item = iterator.next()
      const step = () => {
        item = iterator.next()
      }
      return Effect.whileLoop({ while: () => !item.done, body: () => this.send(item.value, options), step })
    })
  }

  private get isFull(): boolean {
    return this.port.buffered() > this.highWaterMark
  }

  private get full(): SendError {
    return new SendError({ reason: { _tag: "QueueFull", limit: this.highWaterMark } })
  }

  private sendInTurn(message: Message): Effect.Effect<void, SendError> {
    const room = Effect.whileLoop({
      while: () => this.isFull && this.refusal() === undefined,
      body: () => this.port.progress,
      step: () => {}
    })
    const send = Effect.suspend(() => {
      const refusal = this.refusal()
      if (refusal !== undefined) return Effect.fail(refusal)
      this.port.send(message)
      return Effect.void
    })
    const place = {}
    const first = this.moved.until(() => this.line[0] === place)
    return Effect.acquireUseRelease(
      Effect.sync(() => this.enter(place)),
      () => Effect.zipRight(first, Effect.zipRight(room, send)),
      () => Effect.sync(() => this.leave(place))
    )
  }

  private enter(place: object): void {
    this.line = [...this.line, place]
  }

  private leave(place: object): void {
    this.line = this.line.filter((each) => each !== place)
    this.moved.wake()
  }
}
