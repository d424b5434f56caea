/**
 * Prints what passes through connections, in both directions, as lines with the time in seconds.
 */
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as DuplexAdapter from "effect-websocket/DuplexAdapter"
import type { Duplex, Transport } from "effect-websocket/Transport"
import { DirectionTrace } from "./DirectionTrace.js"
import { print } from "./Streams.js"

/** Takes a line, at once. */
export type Print = (line: string) => void

/** Prints in the order of the calls, until the end of the Scope, and then what is left. */
export const printer = Effect.gen(function* () {
  const clock = yield* Effect.clock
  const begin = clock.unsafeCurrentTimeMillis()
  const lines = yield* Queue.unbounded<string>()
  yield* Effect.addFinalizer(() => Effect.flatMap(Queue.takeAll(lines), Effect.forEach(print)))
  // What was taken is printed.
  const next = Effect.uninterruptibleMask((restore) => Effect.flatMap(restore(Queue.take(lines)), print))
  yield* Effect.forkScoped(Effect.forever(next))
  return (line: string): void => {
    const seconds = ((clock.unsafeCurrentTimeMillis() - begin) / 1000).toFixed(3)
    Queue.unsafeOffer(lines, `${seconds.padStart(8)} ${line}`)
  }
})

/** A connection of a client whose octets are shown as they pass. */
export const tap = (lower: Duplex, print: Print): Duplex => {
  const sent = new DirectionTrace(">", print)
  const received = new DirectionTrace("<", print)
  return DuplexAdapter.over(lower, {
    unsafeWrite: (chunks) => {
      for (const octets of chunks) sent.push(octets)
      lower.unsafeWrite(chunks)
    },
    unsafeReceive: (onOctets, onEnd) =>
      lower.unsafeReceive(
        (octets) => {
          received.push(octets)
          onOctets(octets)
        },
        (error) => {
          print(`< end: ${error.reason._tag}`)
          onEnd(error)
        }
      )
  })
}

/** Shows the connections of clients. */
export const layer = (print: Print): Layer.Layer<Transport, never, Transport> =>
  DuplexAdapter.mapTransport((lower) => Effect.succeed(tap(lower, print)))
