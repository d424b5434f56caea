/**
 * What a fiber has with it, read at once: its services, and the Runtime for what it starts.
 *
 * Each service that is asked for by itself takes five steps of the interpreter, and a handshake asks for many.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { RuntimeFiber } from "effect/Fiber"
import * as Runtime from "effect/Runtime"

/** What the fiber has with it. */
export interface Surroundings<R> {
  readonly context: Context.Context<R>
  readonly fiber: RuntimeFiber<unknown, unknown>
  /** As `Effect.runtime`. */
  readonly runtime: () => Runtime.Runtime<R>
}

/** Goes on with the services of `R`, which are to be had from the context. */
export const inContext = <R, A, E, R2 = never>(
  use: (surroundings: Surroundings<R>) => Effect.Effect<A, E, R2>
): Effect.Effect<A, E, R | R2> =>
  Effect.withFiberRuntime<A, E, R | R2>((fiber, { runtimeFlags }) => {
    const context = fiber.currentContext as Context.Context<R>
    const runtime = () => Runtime.make({ context, runtimeFlags, fiberRefs: fiber.getFiberRefs() })
    return use({ context, fiber, runtime })
  })
