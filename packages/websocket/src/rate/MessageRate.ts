/**
 * A WebSocket whose messages are received within an allowance; everything else is that of the WebSocket beneath.
 *
 * A message counts when the application takes it. While nothing is left nobody takes one, so the connection reads no more
 * than `limits.readAhead`, and then the peer has to wait; or the one too many ends the connection.
 */
import { CloseCode } from "@effect-websocket/protocol/control/CloseCode"
import type { Message } from "@effect-websocket/protocol/message/Message"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import { batchStream } from "../connection/batchStream.js"
import type { PreparedMessage } from "../connection/PreparedMessage.js"
import type { MessageStream, RunOptions, SendOptions, WebSocket } from "../connection/WebSocket.js"
import type { OpenLimitOptions } from "../Limits.js"
import type { ReceiveError } from "../WebSocketError.js"
import { type Allowance, renewal, take } from "./Allowance.js"

/** What happens to a message that is one too many. */
export type WhenExceeded = "wait" | "close"

const isCleanEnd = (error: ReceiveError): boolean => error._tag === "Closed"

export class MessageRate implements WebSocket {
  constructor(
    private readonly ws: WebSocket,
    private readonly allowance: Allowance,
    private readonly whenExceeded: WhenExceeded
  ) {}

  get pull(): Effect.Effect<NonEmptyReadonlyArray<Message>, ReceiveError> {
    return Effect.map(this.receive, (message) => [message])
  }

  get receive(): Effect.Effect<Message, ReceiveError> {
    return this.counted(this.ws.receive)
  }

  get receiveStream(): Effect.Effect<MessageStream, ReceiveError> {
    return this.counted(this.ws.receiveStream)
  }

  get messages(): Stream.Stream<Message, ReceiveError> {
    return batchStream(this.pull, isCleanEnd)
  }

  run<E = never, R = never>(
    handler: (message: Message) => Effect.Effect<unknown, E, R> | void,
    options?: RunOptions<E, R>
  ): Effect.Effect<void, ReceiveError | E, R> {
    const each = (message: Message): Effect.Effect<unknown, ReceiveError | E, R> | void => {
      if (this.allowance.unsafeTake(1) > 0) return handler(message)
      if (this.whenExceeded === "close") return this.refused
      return Effect.flatMap(take(this.allowance, 1), () => handler(message) ?? Effect.void)
    }
    return this.ws.run(each, options)
  }

  send(message: Message, options?: SendOptions) {
    return this.ws.send(message, options)
  }

  sendAll(messages: Iterable<Message>, options?: SendOptions) {
    return this.ws.sendAll(messages, options)
  }

  sendStream<E, R>(
    kind: "text" | "binary",
    body: Stream.Stream<Uint8Array | string, E, R>,
    options?: Pick<SendOptions, "compress">
  ) {
    return this.ws.sendStream(kind, body, options)
  }

  unsafeSend(message: Message): boolean {
    return this.ws.unsafeSend(message)
  }

  sendPrepared(prepared: PreparedMessage) {
    return this.ws.sendPrepared(prepared)
  }

  unsafeSendPrepared(prepared: PreparedMessage): boolean {
    return this.ws.unsafeSendPrepared(prepared)
  }

  ping(payload?: Uint8Array) {
    return this.ws.ping(payload)
  }

  pong(payload?: Uint8Array) {
    return this.ws.pong(payload)
  }

  close(code?: number, reason?: string) {
    return this.ws.close(code, reason)
  }

  get abort() {
    return this.ws.abort
  }

  get closed() {
    return this.ws.closed
  }

  get controlFrames() {
    return this.ws.controlFrames
  }

  get isOpen() {
    return this.ws.isOpen
  }

  get limits() {
    return this.ws.limits
  }

  setLimits(options: OpenLimitOptions) {
    return this.ws.setLimits(options)
  }

  get compression() {
    return this.ws.compression
  }

  get negotiated() {
    return this.ws.negotiated
  }

  get info() {
    return this.ws.info
  }

  /** Takes a message when one may be taken, and counts it. */
  private counted<A>(taken: Effect.Effect<A, ReceiveError>): Effect.Effect<A, ReceiveError> {
    return Effect.flatMap(Effect.zipRight(this.ready, taken), (message) =>
      this.allowance.unsafeTake(1) > 0 || this.whenExceeded === "wait" ? Effect.succeed(message) : this.refused
    )
  }

  /** Whoever waits has taken nothing yet: an interruption loses no message. */
  private get ready(): Effect.Effect<void> {
    return Effect.suspend(() =>
      this.whenExceeded === "close" || !this.allowance.unsafeIsUsedUp()
        ? Effect.void
        : Effect.zipRight(renewal(this.allowance), this.ready)
    )
  }

  /** Closes the connection, and fails with what ended it: what had arrived before is discarded. */
  private get refused(): Effect.Effect<never, ReceiveError> {
    const closed = Effect.ignore(this.ws.close(CloseCode.PolicyViolation, "too many messages in a second"))
    return Effect.zipRight(closed, Effect.forever(this.ws.receive))
  }
}
