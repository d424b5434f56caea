/** How many connections and handshakes a server has at a time, and how many it may have. */
import * as Effect from "effect/Effect"

export class Admission {
  private connections = 0
  private handshakes = 0

  constructor(
    private readonly maxConnections: number,
    private readonly maxHandshakes: number
  ) {}

  /** Counts a connection while `effect` runs. */
  connection<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.acquireUseRelease(
      Effect.sync(() => void this.connections++),
      () => effect,
      () => Effect.sync(() => void this.connections--)
    )
  }

  /** Counts a handshake while it is made; it learns whether it is one too many, or its connection is. */
  handshake<A, E, R>(make: (isFull: boolean) => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.acquireUseRelease(
      Effect.sync(() => {
        const isFull = this.connections > this.maxConnections || this.handshakes >= this.maxHandshakes
        if (!isFull) this.handshakes++
        return isFull
      }),
      make,
      (isFull) => Effect.sync(() => void (isFull || this.handshakes--))
    )
  }
}
