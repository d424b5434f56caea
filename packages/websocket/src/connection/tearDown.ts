/** How a connection gives up its transport. */
import type { Role } from "@effect-websocket/protocol/bytes/Role"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Runtime from "effect/Runtime"
import type { ConnectionParts } from "./ConnectionParts.js"

/** What giving up needs. */
export type Leaving = Pick<ConnectionParts, "duplex" | "deadlines" | "limits" | "runtime">

/** In the order of RFC 6455 §7.1.1, within `closeTimeout`; what the peer sends meanwhile is discarded. */
export const tearDown = ({ deadlines, duplex, limits, runtime }: Leaving, role: Role): Fiber.RuntimeFiber<void> => {
  const fiber = Runtime.runFork(runtime)(Effect.ensuring(duplex.teardown(role), duplex.abort))
  deadlines.limit(fiber, limits.closeTimeout)
  return fiber
}

/** At once, and what was sent is dropped. */
export const breakOff = ({ duplex, runtime }: Leaving): Fiber.RuntimeFiber<void> =>
  Runtime.runFork(runtime)(duplex.abort)

/** At once; what was sent still leaves, where the transport lets it. */
export const cutOff = ({ duplex, runtime }: Leaving): Fiber.RuntimeFiber<void> =>
  Runtime.runFork(runtime)(Effect.zipRight(duplex.end, duplex.abort))
