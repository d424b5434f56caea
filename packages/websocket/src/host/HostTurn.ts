/**
 * A turn of the host's event loop: sockets are read, timers fire.
 *
 * Effect's fibers go on in microtasks, and one that never really waits would hold the event loop for ever. This is not time:
 * nothing here measures or waits for a duration.
 */
import * as Effect from "effect/Effect"

/** Calls back after the host has looked at its sockets once. */
export const afterHostTurn = (callback: () => void): void => {
  if (typeof setImmediate === "function") setImmediate(callback)
  else setTimeout(callback, 0)
}

/** Waits for one turn of the event loop. */
export const hostTurn: Effect.Effect<void> = Effect.async((resume) => afterHostTurn(() => resume(Effect.void)))
