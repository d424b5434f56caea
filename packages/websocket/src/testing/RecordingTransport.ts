/**
 * Records the octets of all connections, both ways, in order and with the time of Effect's Clock.
 *
 * What is recorded is a copy, kept until the layer is gone: for tests, and for traces of short connections.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { over } from "../DuplexAdapter.js"
import { Listener } from "../Listener.js"
import { type Duplex, Transport } from "../Transport.js"
import type { TransportError } from "../WebSocketError.js"

/** What happened on a connection, as seen from our side. `connection` counts from 0, `time` is in milliseconds. */
export type Entry = { readonly connection: number; readonly time: number } & (
  | { readonly _tag: "Sent" | "Received"; readonly octets: Uint8Array }
  /** Our end, or our abort. */
  | { readonly _tag: "Ended" | "Aborted" }
  /** The end of receiving. */
  | { readonly _tag: "Failed"; readonly error: TransportError }
)

type Event = Entry extends infer E ? (E extends Entry ? Omit<E, "connection" | "time"> : never) : never

const join = (entries: ReadonlyArray<Entry>, tag: "Sent" | "Received"): Uint8Array =>
  Uint8Array.from(entries.flatMap((entry) => (entry._tag === tag ? [...entry.octets] : [])))

/** What was recorded until now. */
export class Recording extends Context.Tag("effect-websocket/testing/Recording")<
  Recording,
  {
    readonly entries: Effect.Effect<ReadonlyArray<Entry>>
    /** All octets we have sent, of all connections. */
    readonly sent: Effect.Effect<Uint8Array>
    /** All octets that were delivered to us. */
    readonly received: Effect.Effect<Uint8Array>
  }
>() {}

const tap = (lower: Duplex, record: (event: Event) => void): Duplex =>
  over(lower, {
    unsafeReceive: (onOctets, onEnd) =>
      lower.unsafeReceive(
        (octets) => {
          record({ _tag: "Received", octets: octets.slice() })
          onOctets(octets)
        },
        (error) => {
          record({ _tag: "Failed", error })
          onEnd(error)
        }
      ),
    unsafeWrite: (chunks) => {
      for (const octets of chunks) record({ _tag: "Sent", octets: octets.slice() })
      lower.unsafeWrite(chunks)
    },
    end: Effect.suspend(() => {
      record({ _tag: "Ended" })
      return lower.end
    }),
    abort: Effect.suspend(() => {
      record({ _tag: "Aborted" })
      return lower.abort
    })
  })

const recorder = Effect.map(Effect.clock, (clock) => {
  const entries: Array<Entry> = []
  let connections = 0
  const snapshot = Effect.sync(() => [...entries])
  const recording = Recording.of({
    entries: snapshot,
    sent: Effect.map(snapshot, (all) => join(all, "Sent")),
    received: Effect.map(snapshot, (all) => join(all, "Received"))
  })
  const change = (lower: Duplex): Duplex => {
    const connection = connections++
    return tap(lower, (event) => entries.push({ ...event, connection, time: clock.unsafeCurrentTimeMillis() } as Entry))
  }
  return { recording, change }
})

/** Records what clients send and receive. */
export const layer: Layer.Layer<Transport | Recording, never, Transport> = Layer.effectContext(
  Effect.map(Effect.zip(Transport, recorder), ([lower, { change, recording }]) =>
    Context.make(Recording, recording).pipe(
      Context.add(Transport, { connect: (target) => Effect.map(lower.connect(target), change) })
    )
  )
)

/** Records what servers send and receive. */
export const layerListener: Layer.Layer<Listener | Recording, never, Listener> = Layer.effectContext(
  Effect.map(Effect.zip(Listener, recorder), ([lower, { change, recording }]) =>
    Context.make(Recording, recording).pipe(
      Context.add(Listener, { ...lower, accept: (use) => lower.accept((duplex) => use(change(duplex))) })
    )
  )
)
