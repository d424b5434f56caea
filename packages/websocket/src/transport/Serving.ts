/**
 * What serves one connection of a Listener: a fiber, and a Scope which ends with it.
 *
 * A connection that is idle holds what its fiber has still to do. So that is as little as possible: the fiber is
 * uninterruptible but for the application's part of it, and one step at its end does all that is owed.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as Runtime from "effect/Runtime"
import * as RuntimeFlags from "effect/RuntimeFlags"
import * as Scope from "effect/Scope"

/** What a defect leaves behind; a failure is the application's, which has seen it. */
const logDeath = (exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> =>
  Exit.isFailure(exit) && Cause.isDie(exit.cause)
    ? Effect.logError("the fiber of a connection has died", exit.cause)
    : Effect.void

/** The fibers that serve the connections of one `accept`. */
export class Serving<A, R> {
  private readonly runtime: Runtime.Runtime<Exclude<R, Scope.Scope>>
  private readonly fibers = new Set<Fiber.RuntimeFiber<void>>()

  constructor(
    runtime: Runtime.Runtime<Exclude<R, Scope.Scope>>,
    private readonly use: (connection: A) => Effect.Effect<unknown, unknown, R>,
    private readonly release: (connection: A) => Effect.Effect<void>
  ) {
    this.runtime = Runtime.disableRuntimeFlag(runtime, RuntimeFlags.Interruption)
  }

  begin(connection: A): void {
    const fiber = Runtime.runFork(this.runtime)(Effect.flatMap(Scope.make(), (scope) => this.serve(connection, scope)))
    if (fiber.unsafePoll() !== null) return
    this.fibers.add(fiber)
    fiber.addObserver(() => this.fibers.delete(fiber))
  }

  /** Interrupts all of them, and waits for their ends. */
  get stop(): Effect.Effect<void> {
    return Effect.suspend(() => Fiber.interruptAll(this.fibers))
  }

  private serve(connection: A, scope: Scope.CloseableScope): Effect.Effect<void> {
    // The fiber is its own: the Scope is put into its context for good, which costs half as much as `Effect.scoped`.
    const context = Context.add(this.runtime.context, Scope.Scope, scope) as Context.Context<never>
    const used = Effect.suspend(() => this.use(connection)) as Effect.Effect<void, unknown>
    return Effect.zipRight(
      FiberRef.set(FiberRef.currentContext, context),
      Effect.flatMap(Effect.exit(Effect.interruptible(used)), (exit) => this.end(connection, scope, exit))
    )
  }

  private end(connection: A, scope: Scope.CloseableScope, exit: Exit.Exit<void, unknown>): Effect.Effect<void> {
    const closed = Effect.flatMap(Effect.exit(Scope.close(scope, exit)), logDeath)
    return Effect.zipRight(Effect.zipRight(closed, logDeath(exit)), this.release(connection))
  }
}
