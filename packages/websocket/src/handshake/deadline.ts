/** The deadline of a handshake: a total, which no octet prolongs. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as FiberRefs from "effect/FiberRefs"
import * as Runtime from "effect/Runtime"
import { TimeoutError, type TimeoutPhase } from "../WebSocketError.js"
import { on } from "../waiting/Deadlines.js"

/**
 * Fails when `effect` takes longer than `millis`; Infinity is no deadline, and costs nothing. Instead of the two fibers of
 * `Effect.timeoutFail` it takes one, and no timer.
 */
export const within = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  millis: number,
  phase: TimeoutPhase
): Effect.Effect<A, E | TimeoutError, R> => {
  if (millis === Infinity) return effect
  return Effect.flatMap(Effect.runtime<R>(), (runtime) =>
    Effect.clockWith((clock) =>
      Effect.async<A, E | TimeoutError, R>((resume) => {
        let begin: FiberRefs.FiberRefs | undefined
        const updateRefs = (refs: FiberRefs.FiberRefs) => (begin = refs)
        // As an exit its failure is not unhandled.
        const fiber = Runtime.runFork(runtime, Effect.exit(effect), { updateRefs })
        let late: TimeoutError | undefined
        on(clock).limit(fiber, millis, () => {
          late = new TimeoutError({ phase, after: Duration.millis(millis) })
        })
        fiber.addObserver((exit) => {
          const result = Exit.flatten(exit)
          const isSame = fiber.getFiberRefs() === begin
          resume(late ? Effect.fail(late) : isSame ? result : Effect.zipRight(fiber.inheritAll, result))
        })
        return Fiber.interrupt(fiber)
      })
    )
  )
}

/** Begins to count; the effect it gives tells how much of `millis` is left, at least one. */
export const countdown = (millis: number): Effect.Effect<Effect.Effect<number>> =>
  Effect.map(Clock.currentTimeNanos, (begin) =>
    Effect.map(Clock.currentTimeNanos, (now) => Math.max(1, millis - Number(now - begin) / 1e6))
  )
