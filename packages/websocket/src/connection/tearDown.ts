/**
 * How a connection gives up its transport.
 */
import type { Role } from "@effect-websocket/protocol/bytes/Role"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Duplex } from "../Transport.js"

/** In the order of RFC 6455 §7.1.1, within `closeTimeout` (ms); what the peer sends meanwhile is discarded. */
export const tearDown = (duplex: Duplex, role: Role, closeTimeout: number): Effect.Effect<void> =>
  Effect.timeoutOption(duplex.teardown(role), Duration.millis(closeTimeout)).pipe(
    Effect.asVoid,
    Effect.ensuring(duplex.abort)
  )

/** At once; what was sent still leaves, where the transport lets it. */
export const cutOff = (duplex: Duplex): Effect.Effect<void> => Effect.zipRight(duplex.end, duplex.abort)
