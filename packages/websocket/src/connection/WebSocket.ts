/**
 * What an application holds: an open WebSocket, the same on a client and on a server.
 *
 * Every end of a connection is a failure of what receives, and the first failure is the one that all operations see, now
 * and later. Nothing is read from the transport unless it is asked for, except for what `limits.readAhead` allows: within
 * it Pings are answered, and Closes and Pongs seen, while the application does something else.
 */
import type { ClosePayload } from "@effect-websocket/protocol/control/ClosePayload"
import type { AgreedDeflate } from "@effect-websocket/protocol/extension/PerMessageDeflate"
import type { Negotiated } from "@effect-websocket/protocol/handshake/Negotiated"
import type { Message } from "@effect-websocket/protocol/message/Message"
import type { NonEmptyReadonlyArray } from "effect/Array"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Stream from "effect/Stream"
import type { LimitValues, OpenLimitOptions } from "../Limits.js"
import type { ConnectionInfo } from "../Transport.js"
import type { Closure, ConnectionError, OptionError, ReceiveError, SendError } from "../WebSocketError.js"
import type { PreparedMessage } from "./PreparedMessage.js"

export type { Message }

/** How one message is to be sent. */
export interface SendOptions {
  /** The kind of message: by default a string is text and octets are binary. Octets sent as text are checked (RFC 6455 §5.6). */
  readonly kind?: "text" | "binary" | undefined
  /** What happens above the high-water mark: `"wait"` (the default), or `"fail"` with `QueueFull`. */
  readonly whenFull?: "wait" | "fail" | undefined
  /**
   * Whether it is compressed, where permessage-deflate was agreed (RFC 7692): by default when it has at least
   * `compression.threshold` octets (UTF-16 units, for a string). Secrets next to text of an attacker should not be.
   */
  readonly compress?: boolean | undefined
}

/** A control frame that has arrived (RFC 6455 §5.5). A Close without a code has 1005. */
export type ControlFrame =
  | { readonly _tag: "Ping"; readonly payload: Uint8Array }
  | { readonly _tag: "Pong"; readonly payload: Uint8Array }
  | ({ readonly _tag: "Close" } & ClosePayload)

/** What `run` calls besides its handler. */
export interface RunOptions<E = never, R = never> {
  /**
   * Called with each control frame that arrives from now on, in its place among the messages, and awaited like them. A Ping has
   * been answered by then.
   */
  readonly onControl?: ((frame: ControlFrame) => Effect.Effect<unknown, E, R> | void) | undefined
}

/** A message that is delivered as it arrives. */
export interface MessageStream {
  readonly kind: "text" | "binary"
  /** The octets in pieces; of text they are checked UTF-8. What is not consumed is discarded when the next message is asked for. */
  readonly body: Stream.Stream<Uint8Array, ReceiveError>
}

/** An open WebSocket connection (RFC 6455 §4.1, §4.2: the state OPEN and what follows). */
export interface WebSocket {
  /**
   * All messages that have arrived, at least one, in order; waits for the first. The primitive of receiving: one wake-up
   * for a batch. The messages are the application's own. Interruption loses nothing. What had arrived before the end of the
   * connection is delivered first; then every `pull` fails with what ended it.
   */
  readonly pull: Effect.Effect<NonEmptyReadonlyArray<Message>, ReceiveError>
  /** The next message. */
  readonly receive: Effect.Effect<Message, ReceiveError>
  /**
   * Calls `handler` with each message, in order, one at a time, and awaits the effect which it returns. Ends when the
   * connection was closed cleanly (RFC 6455 §7.1.4), fails otherwise. The cheapest way to consume.
   */
  readonly run: <E = never, R = never>(
    handler: (message: Message) => Effect.Effect<unknown, E, R> | void,
    options?: RunOptions<E, R>
  ) => Effect.Effect<void, ReceiveError | E, R>
  /** The messages as a Stream, a chunk for each batch. Ends after a clean close, fails otherwise. */
  readonly messages: Stream.Stream<Message, ReceiveError>
  /** The next message, delivered as it arrives: for messages that need not fit in memory. `limits.maxMessageSize` does not apply. */
  readonly receiveStream: Effect.Effect<MessageStream, ReceiveError>
  /**
   * Sends one message: text for a string (lone surrogates become U+FFFD), binary for octets. Completes at once unless more than
   * `limits.highWaterMark` octets wait to be sent: then it waits for the peer. The octets may be reused when it has completed.
   * An interruption while it waits sends nothing, unless it is longer than `limits.fragmentSize` and has begun to leave: then
   * the connection is closed with 1011, as the message cannot be ended rightly.
   */
  readonly send: (message: Message, options?: SendOptions) => Effect.Effect<void, SendError>
  /** Sends messages in order, as if by one `send` for each. */
  readonly sendAll: (messages: Iterable<Message>, options?: SendOptions) => Effect.Effect<void, SendError>
  /**
   * Sends one message of unknown size, a fragment for each chunk of `body`. When `body` fails, or the effect is interrupted,
   * after the first fragment has left, the message cannot be ended rightly: the connection is closed with 1011. It is compressed,
   * where permessage-deflate was agreed, unless `compress` is false.
   */
  readonly sendStream: <E, R>(
    kind: "text" | "binary",
    body: Stream.Stream<Uint8Array | string, E, R>,
    options?: Pick<SendOptions, "compress">
  ) => Effect.Effect<void, SendError | E, R>
  /**
   * Sends one message at once, or not at all: `false` when `send` would wait or fail, or when the message is longer than
   * `limits.fragmentSize`, or than 64 KiB if it is to be compressed. The octets may be reused at once. Never throws.
   */
  readonly unsafeSend: (message: Message) => boolean
  /**
   * Sends a message that others get too, made by `WebSocket.prepare`: it was encoded, compressed and framed once for all. A
   * server does not copy it. Waits as `send` does; it leaves after the turn of the event loop, with what else is sent in it.
   */
  readonly sendPrepared: (prepared: PreparedMessage) => Effect.Effect<void, SendError>
  /** Sends such a message at once, however long it is, or not at all: `false` when `sendPrepared` would wait or fail. */
  readonly unsafeSendPrepared: (prepared: PreparedMessage) => boolean
  /** Sends a Ping, and waits for its Pong: the time between them (RFC 6455 §5.5.2). At most 125 octets; unique ones by default. */
  readonly ping: (payload?: Uint8Array) => Effect.Effect<Duration.Duration, SendError | ConnectionError>
  /** Sends a Pong that nobody asked for (RFC 6455 §5.5.3). Pings are answered without it. */
  readonly pong: (payload?: Uint8Array) => Effect.Effect<void, SendError>
  /**
   * Closes the connection: sends a Close frame (1000 by default), waits for the peer's within `limits.closeTimeout`, and tells
   * how it ended. Messages that arrive meanwhile are discarded. Idempotent: a later call waits for the same end. It fails
   * only if `code` or `reason` may not be sent. Interruption stops the waiting; the closing goes on.
   */
  readonly close: (code?: number, reason?: string) => Effect.Effect<Closure, SendError>
  /**
   * Ends the connection at once, without a Close frame: what waits to be sent is dropped, and the peer sees an end as of a lost
   * connection (RFC 6455 §7.1.5: 1006). Everything that waits fails with a `TransportError` whose reason is `Aborted`, unless the
   * connection had ended before. For peers that do not deserve a `close`, which waits for them.
   */
  readonly abort: Effect.Effect<void>
  /** Waits for the end of the connection, whatever it is. */
  readonly closed: Effect.Effect<Closure>
  /** Control frames as they arrive, ahead of messages that wait to be received (`run` has them in order); answering them is not the application's business. A slow consumer loses the oldest of 64. */
  readonly controlFrames: Stream.Stream<ControlFrame>
  /** Whether messages can be sent: no Close frame was sent, and the connection has not ended. */
  readonly isOpen: Effect.Effect<boolean>
  /** The limits in force; durations in milliseconds. */
  readonly limits: Effect.Effect<LimitValues>
  /** Changes limits of this connection, deadlines too, from now on. Out of range: `OptionError`, and nothing is changed. */
  readonly setLimits: (options: OpenLimitOptions) => Effect.Effect<void, OptionError>
  /** The parameters of permessage-deflate (RFC 7692 §7.1), when it was agreed. */
  readonly compression: Option.Option<AgreedDeflate>
  /** What the opening handshake agreed on, and both heads as they were sent. */
  readonly negotiated: Negotiated
  /** Addresses, encryption, and the native object beneath. */
  readonly info: ConnectionInfo
}
