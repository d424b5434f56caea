/** The deadline of a handshake: a total, which no octet prolongs. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { TimeoutError, type TimeoutPhase } from "../WebSocketError.js"

/** Fails when `effect` takes longer than `millis`; Infinity is no deadline, and costs nothing. */
export const within = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  millis: number,
  phase: TimeoutPhase
): Effect.Effect<A, E | TimeoutError, R> => {
  if (millis === Infinity) return effect
  const duration = Duration.millis(millis)
  return Effect.timeoutFail(effect, {
    duration,
    onTimeout: () => new TimeoutError({ phase, after: duration })
  })
}

/** Begins to count; the effect it gives tells how much of `millis` is left, at least one. */
export const countdown = (millis: number): Effect.Effect<Effect.Effect<number>> =>
  Effect.map(Clock.currentTimeNanos, (begin) =>
    Effect.map(Clock.currentTimeNanos, (now) => Math.max(1, millis - Number(now - begin) / 1e6))
  )
