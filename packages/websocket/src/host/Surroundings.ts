/**
 * What a fiber has with it, read at once: its services, and the Runtime for what it starts.
 *
 * Each service that is asked for by itself takes five steps of the interpreter, and a handshake asks for many.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"

/** What the fiber has with it. */
export class Surroundings<R> {
  constructor(private readonly fiber: Fiber.RuntimeFiber<unknown, unknown>) {}

  get context(): Context.Context<R> {
    return this.fiber.currentContext as Context.Context<R>
  }

  get clock(): Clock.Clock {
    return Context.get(this.fiber.currentDefaultServices, Clock.Clock)
  }

  /** As `Effect.runtime`. */
  get runtime(): Runtime.Runtime<R> {
    const fiberRefs = this.fiber.getFiberRefs()
    const runtimeFlags = FiberRefs.getOrDefault(fiberRefs, FiberRef.currentRuntimeFlags)
    return Runtime.make({ context: this.context, runtimeFlags, fiberRefs })
  }
}

/** In code that runs in a fiber whose services are known to be there. */
export const here = <R>(): Surroundings<R> => new Surroundings(Option.getOrThrow(Fiber.getCurrentFiber()))

/** Goes on with the services of `R`, which are to be had from the context. */
export const inContext = <R, A, E, R2 = never>(
  use: (surroundings: Surroundings<R>) => Effect.Effect<A, E, R2>
): Effect.Effect<A, E, R | R2> => Effect.withFiberRuntime<A, E, R | R2>((fiber) => use(new Surroundings(fiber)))
