/** What an application chooses for reconnecting, and what it gets. */
import type * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import type * as SubscriptionRef from "effect/SubscriptionRef"
import type { MessageSocket } from "../MessageSocket.js"
import type { Closed, SendError } from "../WebSocketError.js"
import type { GaveUp } from "./GaveUp.js"

/** Where it stands. The state tells what happens; to set it changes nothing. */
export type ReconnectState<S, E> =
  /** The first attempt is number 1; a connection that was open long enough begins the count anew. */
  | { readonly _tag: "Connecting"; readonly attempt: number }
  /** The hook has run; messages flow both ways. */
  | { readonly _tag: "Open"; readonly socket: S }
  /** The next attempt is made at that time, in milliseconds since 1970 by the Clock; `error` ended the last one. */
  | { readonly _tag: "Waiting"; readonly until: number; readonly error: E }
  /** Nothing more will come; `cause` is what every operation fails with. */
  | { readonly _tag: "Closed"; readonly cause: Cause.Cause<ReconnectError<E>> }

/**
 * What ends the whole: `Closed` by `close`, or by a peer that has closed for good; `GaveUp` when the schedule was done;
 * a failure that is not to be retried, as it is.
 */
export type ReconnectError<E> = E | Closed | GaveUp<E>

/** Messages that wait for an open connection. */
export interface OutboxOptions {
  /** How much may wait: octets (UTF-16 units for text), and 32 for each message. 1 MiB. */
  readonly capacity?: number | undefined
  /**
   * What happens to a message for which there is no room: `send` waits for room or for a connection (`"wait"`), fails with
   * `QueueFull` (`"fail"`), or the oldest ones go (`"dropOldest"`). One that is longer than all the room waits, or fails. `"wait"`.
   */
  readonly whenFull?: "wait" | "fail" | "dropOldest" | undefined
}

/** How reconnecting goes on. `S` is the socket, `E` what an attempt or a connection fails with. */
export interface ReconnectOptions<S, E, E2 = never, R = never> {
  /**
   * When the next attempt is made, and whether there is one; its input is the failure. Default: after 1 s, 1.6 times longer
   * each time up to 30 s, times a random factor from 0.5 to 1.5, without end.
   */
  readonly schedule?: Schedule.Schedule<unknown, NoInfer<E | E2>, R> | undefined
  /** A connection that was open for so long begins the schedule anew. 10 s. */
  readonly resetAfter?: Duration.DurationInput | undefined
  /** The longest that a server's `Retry-After` is respected; else the longer one of it and the schedule counts. 10 minutes. */
  readonly maxRetryAfter?: Duration.DurationInput | undefined
  /** Whether a failure is worth another attempt; else it ends the whole. Default: `retryable`. */
  readonly retry?: ((error: NoInfer<E | E2>) => boolean) | undefined
  /** What `send` does while there is no open connection: wait for one, fail with `NotOpen`, or queue. Default: `"wait"`. */
  readonly outbox?: "wait" | "fail" | OutboxOptions | undefined
  /**
   * Runs on each connection before anything else goes over it: to log in, to subscribe, to ask for what was missed. It may
   * send and receive. When it fails the attempt has failed, and is retried like others. `connections` is 1 for the first.
   */
  readonly resume?: ((socket: S, connections: number) => Effect.Effect<unknown, E2, R>) | undefined
}

/**
 * One socket over many connections. Messages of a connection come before those of the next one; no order is changed.
 *
 * What was given to a connection is sent at most once: what the peer has not seen before it was lost is not sent again.
 * Only what no connection has taken yet waits for the next one.
 */
export interface Reconnecting<S, E> extends MessageSocket<ReconnectError<E>, SendError | ReconnectError<E>> {
  /** Where it stands, and every change of it. */
  readonly state: SubscriptionRef.SubscriptionRef<ReconnectState<S, E>>
}
