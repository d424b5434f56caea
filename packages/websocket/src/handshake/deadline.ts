/** The deadline of a handshake: a total, which no octet prolongs. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import * as Runtime from "effect/Runtime"
import { inContext } from "../host/inContext.js"
import { TimeoutError, type TimeoutPhase } from "../WebSocketError.js"
import { on } from "../waiting/Deadlines.js"

/** Whether a fiber has left something in its FiberRefs that was not there when it began; flags are no inheritance. */
const hasChanged = (fiber: Fiber.RuntimeFiber<unknown, unknown>, begin: FiberRefs.FiberRefs): boolean => {
  for (const [ref, stack] of fiber.getFiberRefs().locals) {
    if (begin.locals.get(ref) !== stack && ref !== FiberRef.currentRuntimeFlags) return true
  }
  return false
}

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
  return inContext<R, A, E | TimeoutError>(({ fiber: { currentDefaultServices }, runtime }) =>
    Effect.async<A, E | TimeoutError>((resume) => {
      let begin = FiberRefs.empty()
      const updateRefs = (refs: FiberRefs.FiberRefs) => (begin = refs)
      // As an exit its failure is not unhandled.
      const fiber = Runtime.runFork(runtime(), Effect.exit(effect), { updateRefs })
      let late: TimeoutError | undefined
      on(Context.get(currentDefaultServices, Clock.Clock)).limit(fiber, millis, () => {
        late = new TimeoutError({ phase, after: Duration.millis(millis) })
      })
      fiber.addObserver((exit) => {
        const result = Exit.flatten(exit)
        resume(late ? Effect.fail(late) : hasChanged(fiber, begin) ? Effect.zipRight(fiber.inheritAll, result) : result)
      })
      return Fiber.interrupt(fiber)
    })
  )
}

/** Begins to count; the effect it gives tells how much of `millis` is left, at least one. */
export const countdown = (millis: number): Effect.Effect<Effect.Effect<number>> =>
  Effect.map(Clock.currentTimeNanos, (begin) =>
    Effect.map(Clock.currentTimeNanos, (now) => Math.max(1, millis - Number(now - begin) / 1e6))
  )
