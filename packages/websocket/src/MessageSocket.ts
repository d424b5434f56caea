/**
 * The part of a WebSocket which every platform has: messages both ways, and closing.
 *
 * A `WebSocket` of this library is one, and so is the one of a browser, a `Reconnect` over either, and whatever an
 * application makes itself. What is written against this type runs on all of them. Pings, control frames, and messages in
 * pieces are not here, since no browser has them.
 *
 * @example
 * ```ts
 * import type { MessageSocket } from "effect-websocket"
 *
 * // Runs on a WebSocket of Node.js, on one of a browser, and on a Reconnect.
 * const greet = (socket: MessageSocket.MessageSocket) => socket.send("hello")
 * ```
 */
import type { Negotiated } from "@effect-websocket/protocol/handshake/Negotiated"
import type { Message } from "@effect-websocket/protocol/message/Message"
import type { NonEmptyReadonlyArray } from "effect/Array"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { SendOptions } from "./connection/WebSocket.js"
import type { Closure, ReceiveError, SendError } from "./WebSocketError.js"

export type { Message }

/** How one message is to be sent, on every platform. */
export interface MessageOptions extends Pick<SendOptions, "kind" | "whenFull"> {}

/** Messages both ways. `E` is what ends the receiving, `SE` what sending fails with. */
export interface MessageSocket<out E = ReceiveError, out SE = SendError> {
  /**
   * All messages that have arrived, at least one, in order; waits for the first. Interruption loses nothing. What had
   * arrived before the end is delivered first; then every `pull` fails with what ended it.
   */
  readonly pull: Effect.Effect<NonEmptyReadonlyArray<Message>, E>
  /** The next message. */
  readonly receive: Effect.Effect<Message, E>
  /**
   * Calls `handler` with each message, in order, one at a time, and awaits the effect which it returns. Ends after a clean
   * close (RFC 6455 §7.1.4), fails otherwise.
   */
  readonly run: <E2 = never, R = never>(
    handler: (message: Message) => Effect.Effect<unknown, E2, R> | void
  ) => Effect.Effect<void, E | E2, R>
  /** The messages as a Stream, a chunk for each batch. Ends after a clean close, fails otherwise. */
  readonly messages: Stream.Stream<Message, E>
  /** Sends one message: text for a string, binary for octets. Waits while too much waits to be sent. */
  readonly send: (message: Message, options?: MessageOptions) => Effect.Effect<void, SE>
  /** Sends messages in order, as if by one `send` for each. */
  readonly sendAll: (messages: Iterable<Message>, options?: MessageOptions) => Effect.Effect<void, SE>
  /** Sends one message at once, or not at all: `false` when `send` would wait or fail. */
  readonly unsafeSend: (message: Message) => boolean
  /** Closes with a code (1000 by default) and a reason, and tells how it ended. Fails only if these may not be sent. */
  readonly close: (code?: number, reason?: string) => Effect.Effect<Closure, SendError>
  /** Waits for the end, whatever it is. */
  readonly closed: Effect.Effect<Closure>
}

/** What the opening handshake agreed on, as far as every platform tells. */
export interface Agreement extends Pick<Negotiated, "subprotocol" | "extensions"> {}

/** One connection of any platform. */
export interface PortableWebSocket extends MessageSocket {
  /** What the opening handshake agreed on. */
  readonly negotiated: Agreement
}

/** What ends the receiving of a socket. */
export type ReceiveErrorOf<S> = S extends MessageSocket<infer E, unknown> ? E : never

/** What sending on a socket fails with. */
export type SendErrorOf<S> = S extends MessageSocket<unknown, infer SE> ? SE : never
