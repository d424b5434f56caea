/**
 * A connection with those who watch it: asked once, when it opens. Where nobody does, it is built of the same parts as ever.
 */
import type { Negotiated } from "@effect-websocket/protocol/handshake/Negotiated"
import * as Effect from "effect/Effect"
import type { ConnectionCompression } from "../connection/ConnectionParts.js"
import type { Duplex } from "../Transport.js"
import type { Closure } from "../WebSocketError.js"
import { WebSocketMetrics } from "../WebSocketMetrics.js"
import { ConnectionMeter } from "./ConnectionMeter.js"
import { frameLogger } from "./frameLogger.js"
import type { Meter } from "./Meter.js"
import { watched } from "./watched.js"

/** What a connection is built of, as far as it can be watched. */
interface Watchable {
  readonly duplex: Duplex
  readonly negotiated: Negotiated
  readonly compression: ConnectionCompression | undefined
}

export interface Observed extends Pick<Watchable, "duplex" | "compression"> {
  /** To be run when the connection is open, with how it will have ended. */
  readonly onOpen: (closed: Effect.Effect<Closure>) => Effect.Effect<void>
}

const lifetime =
  (meter: Meter, { negotiated }: Watchable): Observed["onOpen"] =>
  (closed) => {
    meter[negotiated.role].onOpen()
    // It ends with the connection, which may be before the Scope does, and not later.
    return Effect.asVoid(Effect.forkDaemon(Effect.map(closed, (closure) => meter.closed(negotiated.role, closure))))
  }

const metered = (connection: Watchable, meter: Meter) =>
  Effect.map(Effect.clock, (clock) => {
    const { compression, duplex, negotiated } = connection
    const own = new ConnectionMeter(meter, meter[negotiated.role], duplex, clock)
    const counted = compression && { ...compression, open: own.engine(compression.open) }
    return { own, compression: counted, onOpen: lifetime(meter, connection) }
  })

const nobody = () => Effect.void

/** The same parts, or those that tell who watches. */
export const observed = (connection: Watchable): Effect.Effect<Observed> =>
  Effect.gen(function* () {
    const { compression, duplex, negotiated } = connection
    const meter = yield* WebSocketMetrics
    const logger = yield* frameLogger(negotiated, duplex.info)
    const counting = meter && (yield* metered(connection, meter))
    const listeners = [counting?.own, logger].filter((listener) => listener !== undefined)
    return {
      duplex: watched(duplex, negotiated, listeners),
      compression: counting === undefined ? compression : counting.compression,
      onOpen: counting?.onOpen ?? nobody
    }
  })
