/**
 * Work for a client, for as long as its connection holds: a reset interrupts the work, since nobody waits for what comes of it.
 *
 * To notice a reset one has to read. What arrives meanwhile, as when requests are pipelined (RFC 9112 §9.3.2), is kept for whoever
 * comes next: one read, behind which nothing more is read or noticed. The end of the client's side is no reset: it may have said
 * everything and wait for its answer.
 */
import { concat } from "@effect-websocket/protocol/bytes/Octets"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import type { Duplex } from "../Transport.js"
import type { TransportError } from "../WebSocketError.js"

/** What came of the work, and the octets which came in the meantime. */
export interface WhileThere<A> {
  readonly result: A
  readonly ahead: Uint8Array
}

const isReset = ({ reason }: TransportError): boolean => reason._tag !== "EndOfStream"

/** Runs `use` until the connection breaks: then this fiber is interrupted. `ahead`: what has already been read; with that in hand nothing more is. */
export const whileThere = <A, E, R>(
  duplex: Duplex,
  ahead: Uint8Array,
  use: Effect.Effect<A, E, R>
): Effect.Effect<WhileThere<A>, E, R> => {
  if (ahead.length > 0) return Effect.map(use, (result) => ({ result, ahead }))
  return Effect.withFiberRuntime((worker) => {
    let arrived = ahead
    const watching = Effect.match(duplex.pull, {
      onFailure: (error) => void (isReset(error) && worker.unsafeInterruptAsFork(FiberId.none)),
      onSuccess: (chunks) => {
        arrived = concat(chunks)
      }
    })
    const watched = Effect.acquireUseRelease(Effect.fork(Effect.interruptible(watching)), () => use, Fiber.interrupt)
    // What arrives until nobody watches any more counts.
    return Effect.map(watched, (result) => ({ result, ahead: arrived }))
  })
}
