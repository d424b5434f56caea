/** How many connections and handshakes a server has at a time, and how many it may have. */
import * as Effect from "effect/Effect"

/** Who is in, of at most so many. Who comes when it is full is told so, and does not count. */
class Room {
  private taken = 0

  constructor(private readonly size: number) {}

  /** Takes a place while `use` runs, unless there is none. */
  enter<A, E, R>(use: (isFull: boolean) => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    // Nobody has to count what is not bounded.
    if (this.size === Infinity) return use(false)
    return Effect.acquireUseRelease(
      Effect.sync(() => {
        const isFull = this.taken >= this.size
        if (!isFull) this.taken++
        return isFull
      }),
      use,
      (isFull) => Effect.sync(() => void (isFull || this.taken--))
    )
  }
}

export class Admission {
  readonly connections: Room
  readonly handshakes: Room

  constructor(maxConnections: number, maxHandshakes: number) {
    this.connections = new Room(maxConnections)
    this.handshakes = new Room(maxHandshakes)
  }
}
