/**
 * From an answer until the next request begins (RFC 9112 §9.3): how far a client may pipeline, and how long it may be silent.
 *
 * Requests are answered one by one: what is read ahead is the rest of one read, or one read more while there is none. A
 * client that does not take its answers gets no more of them, and so cannot fill the memory with them.
 */
import { concat } from "@effect-websocket/protocol/bytes/Octets"
import * as Effect from "effect/Effect"
import { within } from "../handshake/deadline.js"
import type { LimitValues } from "../Limits.js"
import type { Duplex } from "../Transport.js"

/** Waits until the client has taken what was written, but for `limits.highWaterMark` octets; false: it does not, or is gone. */
export const taken = (duplex: Duplex, limits: LimitValues): Effect.Effect<boolean> =>
  Effect.suspend(() =>
    duplex.unsafeBuffered() <= limits.highWaterMark
      ? Effect.succeed(true)
      : Effect.isSuccess(within(duplex.drain, limits.messageTimeout, "Message"))
  )

/** The first octets that arrive; undefined when there are none in time, or the connection has ended, which behind an answer it may. */
const arriving = (duplex: Duplex, limits: LimitValues): Effect.Effect<Uint8Array | undefined> =>
  Effect.match(within(duplex.pull, limits.httpIdleTimeout, "Idle"), { onFailure: () => undefined, onSuccess: concat })

/** The octets with which the next request begins: `leftover` if there are any. undefined: no request will follow. */
export const nextOctets = (
  duplex: Duplex,
  leftover: Uint8Array,
  limits: LimitValues
): Effect.Effect<Uint8Array | undefined> =>
  Effect.flatMap(taken(duplex, limits), (isTaken) => {
    if (!isTaken) return Effect.succeed(undefined)
    return leftover.length > 0 ? Effect.succeed(leftover) : arriving(duplex, limits)
  })
