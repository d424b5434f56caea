/** What an application chooses for typed messages, and what it gets. */
import type { NonEmptyReadonlyArray } from "effect/Array"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { Message, MessageOptions, MessageSocket, ReceiveErrorOf, SendErrorOf } from "../MessageSocket.js"
import type { Codec } from "./Codec.js"
import type { DecodeError } from "./DecodeError.js"
import type { EncodeError } from "./EncodeError.js"

/**
 * What a message does that is no value:
 *
 * - `"fail"`: the operation that receives fails, and the next one goes on with the next message;
 * - `{ close }`: the connection is closed with this code, 1007 for data that is broken or 1008 for data that is not allowed
 *   (RFC 6455 §7.4.1), and every operation fails with the error from then on. A platform that may not send the code, as a
 *   browser all but 1000 and 3000–4999, closes with its default;
 * - `"skip"`: it is left out, and a warning is logged;
 * - `{ skip }`: it is left out, and reported to this function.
 */
export type InvalidPolicy<R = never> =
  | "fail"
  | "skip"
  | { readonly close: number }
  | { readonly skip: (error: DecodeError) => Effect.Effect<unknown, never, R> | void }

/** Whether a policy lets operations fail. */
export type InvalidErrorOf<P> = P extends "skip" | { readonly skip: unknown } ? never : DecodeError

/** What the function of a policy needs. */
export type InvalidContextOf<P> = P extends { readonly skip: (error: DecodeError) => infer E }
  ? E extends Effect.Effect<unknown, unknown, infer R>
    ? R
    : never
  : never

/** What comes, what goes, and what happens to messages that are neither. */
export interface Definition<In, Out, RIn, ROut, P> {
  readonly receive: Codec<In, RIn>
  readonly send: Codec<Out, ROut>
  readonly onInvalid: P
}

/** A socket whose messages are values. */
export interface TypedSocket<S, In, Out, E, RIn, ROut> {
  /** All values that have arrived, at least one, in order; decoded at once, or one by one where decoding has to wait. */
  readonly pull: Effect.Effect<NonEmptyReadonlyArray<In>, ReceiveErrorOf<S> | E, RIn>
  /** The next value. */
  readonly receive: Effect.Effect<In, ReceiveErrorOf<S> | E, RIn>
  /** Calls `handler` with each value, in order, one at a time. Ends after a clean close, fails otherwise. */
  readonly run: <E2 = never, R = never>(
    handler: (value: In) => Effect.Effect<unknown, E2, R> | void
  ) => Effect.Effect<void, ReceiveErrorOf<S> | E | E2, R | RIn>
  /** The values as a Stream. Ends after a clean close, fails otherwise. */
  readonly messages: Stream.Stream<In, ReceiveErrorOf<S> | E, RIn>
  /** Sends one value. Fails with `EncodeError`, before anything is sent, when it is none of the schema. */
  readonly send: (
    value: Out,
    options?: Pick<MessageOptions, "whenFull">
  ) => Effect.Effect<void, SendErrorOf<S> | EncodeError, ROut>
  /** Sends values in order, as if by one `send` for each. */
  readonly sendAll: (
    values: Iterable<Out>,
    options?: Pick<MessageOptions, "whenFull">
  ) => Effect.Effect<void, SendErrorOf<S> | EncodeError, ROut>
  readonly close: MessageSocket["close"]
  readonly closed: MessageSocket["closed"]
  /** The socket beneath, for what goes beyond values. What is received there is missing here. */
  readonly socket: S
}

/** What is said on a connection, for any number of them. */
export interface Protocol<In, Out, RIn, ROut, P> extends Definition<In, Out, RIn, ROut, P> {
  /** A value as the message which `send` makes of it: for `Broadcast.publish`, or `WebSocket.prepare`. */
  readonly encode: (value: Out) => Effect.Effect<Message, EncodeError, ROut>
  /** The values on this socket, which is not to be read in another way. */
  readonly over: <S extends MessageSocket<unknown, unknown>>(
    socket: S
  ) => TypedSocket<S, In, Out, InvalidErrorOf<P>, RIn | InvalidContextOf<P>, ROut>
}
