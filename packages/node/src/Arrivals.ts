/**
 * Connections between the event of Node.js that brings them and the fiber that serves them.
 *
 * While nobody accepts they wait unread, and no more of them than the limit; otherwise the event itself begins the fiber. Each
 * is served in a fiber and a Scope of its own; what dies there ends that connection only.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as Runtime from "effect/Runtime"
import * as RuntimeFlags from "effect/RuntimeFlags"
import * as Scope from "effect/Scope"
import type { Listener } from "effect-websocket/Listener"
import type { Duplex } from "effect-websocket/Transport"
import type { TransportError } from "effect-websocket/WebSocketError"

/** Who accepts. */
interface Acceptor {
  readonly serve: (duplex: Duplex) => void
  readonly onFailure: (failure: TransportError) => void
}

/** Those who are on their way to `accept`, and why no more will come. */
export class Arrivals {
  readonly duplexes: Array<Duplex> = []
  failure: TransportError | undefined
  handshakes = 0
  /** Whoever served last is last. */
  private readonly acceptors: Array<Acceptor> = []

  constructor(private readonly limit: number) {}

  get full(): boolean {
    return this.failure !== undefined || this.duplexes.length + this.handshakes >= this.limit
  }

  add(duplex: Duplex): void {
    if (this.failure !== undefined) {
      Effect.runSync(duplex.abort)
      return
    }
    const acceptor = this.acceptors.shift()
    if (acceptor === undefined) {
      this.duplexes.push(duplex)
      return
    }
    this.acceptors.push(acceptor)
    acceptor.serve(duplex)
  }

  /** The first failure is final. */
  close(failure: TransportError): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.failure ??= failure
      for (const { onFailure } of this.acceptors.splice(0)) onFailure(this.failure)
      return Effect.forEach(this.duplexes.splice(0), (duplex) => duplex.abort, { discard: true })
    })
  }

  /** From now on `acceptor` serves, those who wait first. */
  join(acceptor: Acceptor): void {
    if (this.failure === undefined) {
      this.acceptors.push(acceptor)
      for (const duplex of this.duplexes.splice(0)) acceptor.serve(duplex)
    } else acceptor.onFailure(this.failure)
  }

  leave(acceptor: Acceptor): void {
    const at = this.acceptors.indexOf(acceptor)
    if (at >= 0) this.acceptors.splice(at, 1)
  }
}

const logDeath = (cause: Cause.Cause<never>): Effect.Effect<void> =>
  Cause.isInterruptedOnly(cause) ? Effect.void : Effect.logError("the fiber of a connection has died", cause)

/** The fibers that serve the connections of one `accept`. */
class Serving<R> {
  private readonly fibers = new Set<Fiber.RuntimeFiber<void>>()

  constructor(
    private readonly runtime: Runtime.Runtime<Exclude<R, Scope.Scope>>,
    private readonly use: (duplex: Duplex) => Effect.Effect<void, never, R>
  ) {}

  begin(duplex: Duplex): void {
    // The fiber is its own: the Scope is put into its context for good, which costs half as much as `Effect.scoped`.
    const scoped = Effect.flatMap(Scope.make(), (scope) => {
      const context = Context.add(this.runtime.context, Scope.Scope, scope) as Context.Context<R>
      const used = Effect.onExit(
        Effect.suspend(() => this.use(duplex)),
        (exit) => Scope.close(scope, exit)
      ) as Effect.Effect<void>
      return Effect.zipRight(FiberRef.set(FiberRef.currentContext, context as Context.Context<never>), used)
    })
    const fiber = Runtime.runFork(this.runtime)(Effect.ensuring(Effect.catchAllCause(scoped, logDeath), duplex.abort))
    if (fiber.unsafePoll() !== null) return
    this.fibers.add(fiber)
    fiber.addObserver(() => this.fibers.delete(fiber))
  }

  get stop(): Effect.Effect<void> {
    return Effect.suspend(() => Fiber.interruptAll(this.fibers))
  }
}

/** Serves the arrivals until interrupted, or until there are no more; several may share them. */
export const acceptFrom =
  (arrivals: Arrivals): Listener["Type"]["accept"] =>
  <R>(use: (duplex: Duplex) => Effect.Effect<void, never, R>) =>
    Effect.flatMap(Effect.runtime<Exclude<R, Scope.Scope>>(), (runtime) =>
      Effect.async<never, TransportError>((resume) => {
        const serving = new Serving(Runtime.enableRuntimeFlag(runtime, RuntimeFlags.Interruption), use)
        const acceptor: Acceptor = {
          serve: (duplex) => serving.begin(duplex),
          onFailure: (failure) => resume(Effect.uninterruptible(Effect.zipRight(serving.stop, Effect.fail(failure))))
        }
        arrivals.join(acceptor)
        return Effect.suspend(() => {
          arrivals.leave(acceptor)
          return serving.stop
        })
      })
    )
