/** The deadline of a handshake: a total, which no octet prolongs. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { TimeoutError, type TimeoutPhase } from "../WebSocketError.js"

/** Fails when `effect` takes longer than `millis`; Infinity is no deadline, and costs nothing. */
export const within = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  millis: number,
  phase: () => TimeoutPhase
): Effect.Effect<A, E | TimeoutError, R> => {
  if (millis === Infinity) return effect
  const duration = Duration.millis(millis)
  return Effect.timeoutFail(effect, {
    duration,
    onTimeout: () => new TimeoutError({ phase: phase(), after: duration })
  })
}
