/**
 * The face of a connection: what applications call, put through to the part that does it.
 */
import { CloseCode } from "@effect-websocket/protocol/control/CloseCode"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Stream from "effect/Stream"
import { change, type OpenLimitOptions } from "../Limits.js"
import type { Closure, OptionError, SendError } from "../WebSocketError.js"
import type { Connection } from "./Connection.js"
import type { PreparedMessage } from "./PreparedMessage.js"
import type { Message, RunOptions, SendOptions, WebSocket } from "./WebSocket.js"

export class OpenWebSocket implements WebSocket {
  constructor(private readonly connection: Connection) {}

  get pull() {
    return this.connection.reader.pull
  }

  get receive() {
    return this.connection.reader.receive
  }

  get messages() {
    return this.connection.reader.messages
  }

  get receiveStream() {
    return this.connection.reader.receiveStream
  }

  run<E, R>(handler: (message: Message) => Effect.Effect<unknown, E, R> | void, options?: RunOptions<E, R>) {
    return this.connection.reader.run(handler, options)
  }

  send(message: Message, options?: SendOptions) {
    return this.connection.sender.send(message, options)
  }

  sendAll(messages: Iterable<Message>, options?: SendOptions) {
    return this.connection.sender.sendAll(messages, options)
  }

  sendStream<E, R>(
    kind: "text" | "binary",
    body: Stream.Stream<Uint8Array | string, E, R>,
    options?: Pick<SendOptions, "compress">
  ) {
    return this.connection.sender.sendStream(kind, body, options)
  }

  unsafeSend(message: Message): boolean {
    return this.connection.sender.trySend(message)
  }

  sendPrepared(prepared: PreparedMessage) {
    return this.connection.sender.sendPrepared(prepared)
  }

  unsafeSendPrepared(prepared: PreparedMessage): boolean {
    return this.connection.sender.trySendPrepared(prepared)
  }

  ping(payload?: Uint8Array) {
    return this.connection.control.ping(payload)
  }

  pong(payload?: Uint8Array) {
    return this.connection.control.pong(payload)
  }

  close(code: number = CloseCode.NormalClosure, reason = ""): Effect.Effect<Closure, SendError> {
    return Effect.suspend(() => {
      const unsendable = this.connection.control.unsendable(code, reason)
      if (unsendable !== undefined) return Effect.fail(unsendable)
      this.connection.startClosing({ code, reason })
      return this.closed
    })
  }

  get abort() {
    return this.connection.abort
  }

  get closed(): Effect.Effect<Closure> {
    return this.connection.closed
  }

  get controlFrames() {
    return this.connection.observers.stream
  }

  get isOpen() {
    return Effect.sync(() => this.connection.refusal() === undefined)
  }

  get limits() {
    return Effect.sync(() => ({ ...this.connection.limits }))
  }

  setLimits(options: OpenLimitOptions): Effect.Effect<void, OptionError> {
    return Effect.suspend(() =>
      Effect.map(change(this.connection.limits, options), (limits) => this.connection.changeLimits(limits))
    )
  }

  get compression() {
    return Option.fromNullable(this.connection.compression)
  }

  get negotiated() {
    return this.connection.negotiated
  }

  get info() {
    return this.connection.info
  }
}
