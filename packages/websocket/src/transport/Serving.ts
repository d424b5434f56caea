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
import * as Runtime from "effect/Runtime"
import * as RuntimeFlags from "effect/RuntimeFlags"
import * as Scope from "effect/Scope"
import { orDie, orEffect } from "../waiting/orEffect.js"
import { isUndone } from "../waiting/Prompt.js"

type Death = Exit.Failure<unknown, unknown>

/** A failure is the application's, which has seen it. */
const isDeath = (exit: Exit.Exit<unknown, unknown>): exit is Death => Exit.isFailure(exit) && Cause.isDie(exit.cause)

/** What a defect leaves behind. */
const logDeath = ({ cause }: Death): Effect.Effect<void> => Effect.logError("the fiber of a connection has died", cause)

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
    const { context, fiberRefs, runtimeFlags } = this.runtime
    const scope = Effect.runSync(Scope.make())
    // The fiber begins with its Scope: to put it into the context of one that runs costs ten times as much.
    const runtime = Runtime.make({ context: Context.add(context, Scope.Scope, scope), fiberRefs, runtimeFlags })
    const fiber = Runtime.runFork(runtime)(this.serve(connection, scope))
    if (fiber.unsafePoll() !== null) return
    this.fibers.add(fiber)
    fiber.addObserver(() => this.fibers.delete(fiber))
  }

  /** Interrupts all of them, and waits for their ends. */
  get stop(): Effect.Effect<void> {
    return Effect.suspend(() => Fiber.interruptAll(this.fibers))
  }

  private serve(connection: A, scope: Scope.CloseableScope): Effect.Effect<void> {
    const left = (exit: Exit.Exit<unknown, unknown>) =>
      Effect.flatMap(Effect.exit(Scope.close(scope, exit)), (closed) => this.end(connection, exit, closed))
    const used = orEffect(orDie(() => this.use(connection))) as Effect.Effect<unknown, unknown>
    return Effect.matchCauseEffect(Effect.interruptible(used), {
      onFailure: (cause) => left(Exit.failCause(cause)),
      onSuccess: () => left(Exit.void)
    })
  }

  private end(connection: A, ...exits: ReadonlyArray<Exit.Exit<unknown, unknown>>): Effect.Effect<void> {
    const deaths = exits.filter(isDeath)
    const release = this.release(connection)
    if (deaths.length > 0) return Effect.zipRight(Effect.forEach(deaths, logDeath, { discard: true }), release)
    return isUndone(release) ? release : Effect.void
  }
}
