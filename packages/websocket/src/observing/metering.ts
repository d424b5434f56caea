/** Counts for all connections of a layer, and for their handshakes. */
import * as Effect from "effect/Effect"
import { ConnectionMeter } from "./ConnectionMeter.js"
import type { Meter } from "./Meter.js"
import type { Metering, Watched } from "./Watching.js"
import { watched } from "./watched.js"

const lifetime = (meter: Meter, { negotiated, onOpen }: Watched): Watched["onOpen"] => {
  const { role } = negotiated
  return (closed) => {
    meter[role].onOpen()
    // It ends with the connection, which may be before the Scope does, and not later.
    const ended = Effect.forkDaemon(Effect.map(closed, (closure) => meter.closed(role, closure)))
    return onOpen === undefined ? ended : Effect.zipRight(ended, onOpen(closed))
  }
}

/** What the layer brings along. */
export const metering = (meter: Meter): Metering => ({
  watch: (connection) =>
    Effect.map(Effect.clock, (clock) => {
      const { compression, duplex, negotiated } = connection
      const own = new ConnectionMeter(meter, meter[negotiated.role], duplex, clock)
      return {
        negotiated,
        duplex: watched(duplex, negotiated, own),
        compression: compression && {
          ...compression,
          open: own.engine(compression.open),
          shared: own.shared(compression.shared)
        },
        onOpen: lifetime(meter, connection)
      }
    }),
  handshake: (role, attempt) => meter.handshake(role, attempt),
  failed: (role, error) => meter.failed(role, error)
})
