/** The deadline of a handshake: a total, which no octet prolongs. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import * as Runtime from "effect/Runtime"
import { here, inContext } from "../host/Surroundings.js"
import { TimeoutError, type TimeoutPhase } from "../WebSocketError.js"
import { on } from "../waiting/Deadlines.js"
import { Wait } from "../waiting/Wait.js"

/** Whether a fiber has left something in its FiberRefs that was not there when it began; flags are no inheritance. */
const hasChanged = (fiber: Fiber.RuntimeFiber<unknown, unknown>, begin: FiberRefs.FiberRefs): boolean => {
  for (const [ref, stack] of fiber.getFiberRefs().locals) {
    if (begin.locals.get(ref) !== stack && ref !== FiberRef.currentRuntimeFlags) return true
  }
  return false
}

/** Runs the effect in a fiber of its own; how to go on when it has ended leaves here, too, what it left in its FiberRefs. */
const run = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  runtime: Runtime.Runtime<R>,
  resume: (next: Effect.Effect<A, E>) => void
): Fiber.RuntimeFiber<unknown, unknown> => {
  let begin = FiberRefs.empty()
  const updateRefs = (refs: FiberRefs.FiberRefs) => (begin = refs)
  // As an exit its failure is not unhandled.
  const fiber = Runtime.runFork(runtime, Effect.exit(effect), { updateRefs })
  fiber.addObserver((exit) => {
    const result = Exit.flatten(exit)
    resume(hasChanged(fiber, begin) ? Effect.zipRight(fiber.inheritAll, result) : result)
  })
  return fiber
}

/**
 * Fails when `effect` takes longer than `millis`; Infinity is no deadline, and costs nothing. Instead of the two fibers of
 * `Effect.timeoutFail` it takes one, or none where the effect only waits, and no timer. The error tells of the `total`.
 */
export const within = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  millis: number,
  phase: TimeoutPhase,
  total = millis
): Effect.Effect<A, E | TimeoutError, R> => {
  if (millis === Infinity) return effect
  return inContext<R, A, E | TimeoutError>((surroundings) => {
    const deadlines = on(surroundings.clock)
    return Effect.async<A, E | TimeoutError>((resume) => {
      let late: TimeoutError | undefined
      let giveUp: () => void
      const ended = (next: Effect.Effect<A, E>) => {
        met()
        resume(late === undefined ? next : Effect.fail(late))
      }
      const met = deadlines.limit(millis, () => {
        late = new TimeoutError({ phase, after: Duration.millis(total) })
        giveUp()
      })
      if (effect instanceof Wait) {
        const stop = effect.start(ended)
        giveUp = () => {
          stop()
          ended(Effect.never)
        }
        return Effect.sync(giveUp)
      }
      const fiber = run(effect, surroundings.runtime, ended)
      giveUp = () => fiber.unsafeInterruptAsFork(fiber.id())
      return Fiber.interrupt(fiber)
    })
  })
}

/** Begins to count, in code that runs in a fiber; what it gives tells how much of `millis` is left, at least one. */
export const countdown = (millis: number): (() => number) => {
  const { clock } = here<never>()
  const end = clock.unsafeCurrentTimeMillis() + millis
  return () => Math.max(1, end - clock.unsafeCurrentTimeMillis())
}
