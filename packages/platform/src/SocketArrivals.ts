/**
 * Octets between a `Socket`, which pushes them, and a `Duplex`, which is asked for them.
 *
 * A Socket that waits for its handlers, as those of this library do, is held up when too many octets wait; another one is not.
 */
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Effect from "effect/Effect"
import type { TransportError } from "effect-websocket/WebSocketError"
import { Signal } from "effect-websocket/waiting/Signal"
import { Wait } from "effect-websocket/waiting/Wait"

type Chunks = NonEmptyReadonlyArray<Uint8Array>

/** Octets that may wait before the Socket is held up. */
const readAhead = 64 * 1024

export class SocketArrivals {
  failure: TransportError | undefined
  private chunks: Array<Uint8Array> = []
  private octets = 0
  private readonly readers = new Signal()
  private readonly writers = new Signal()
  private readonly ends = new Signal()

  /** Takes octets; gives what is to be awaited when too many wait. */
  push(octets: Uint8Array): Effect.Effect<void> | void {
    this.chunks.push(octets)
    this.octets += octets.length
    this.readers.wake()
    if (this.octets > readAhead) return this.room
  }

  /** The first failure is final. */
  end(failure: TransportError): void {
    this.failure ??= failure
    this.readers.wake()
    this.ends.wake()
  }

  /** Waits for the end. */
  readonly ended: Effect.Effect<void> = this.ends.until(() => this.failure !== undefined)

  readonly pull: Effect.Effect<Chunks, TransportError> = new Wait(
    () => (this.chunks.length > 0 ? this.take : this.failure && Effect.fail(this.failure)),
    (again) => this.readers.once(again)
  )

  /** One step: an interruption comes before the octets are taken, or after they were delivered. */
  private readonly take: Effect.Effect<Chunks> = Effect.sync(() => {
    const taken = this.chunks
    this.chunks = []
    this.octets = 0
    this.writers.wake()
    return taken as unknown as Chunks
  })

  private readonly room: Effect.Effect<void> = this.writers.until(() => this.octets <= readAhead)
}
