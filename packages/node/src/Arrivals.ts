/**
 * Connections between the event of Node.js that brings them and the fiber of `accept` that serves them.
 *
 * They wait unread, and no more of them than the limit. Each is served in a fiber and a Scope of its own; what dies there
 * ends that connection only.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import type * as Scope from "effect/Scope"
import type { Listener } from "effect-websocket/Listener"
import type { Duplex } from "effect-websocket/Transport"
import type { TransportError } from "effect-websocket/WebSocketError"
import { Waiters } from "./Waiters.js"

/** Those who are on their way to `accept`, and why no more will come. */
export class Arrivals {
  readonly duplexes: Array<Duplex> = []
  readonly waiters = new Waiters()
  failure: TransportError | undefined
  handshakes = 0

  constructor(private readonly limit: number) {}

  get full(): boolean {
    return this.failure !== undefined || this.duplexes.length + this.handshakes >= this.limit
  }

  add(duplex: Duplex): void {
    if (this.failure !== undefined) {
      Effect.runSync(duplex.abort)
      return
    }
    this.duplexes.push(duplex)
    this.waiters.wake()
  }

  /** The first failure is final. */
  close(failure: TransportError): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.failure ??= failure
      this.waiters.wake()
      return Effect.forEach(this.duplexes.splice(0), (duplex) => duplex.abort, { discard: true })
    })
  }

  /** Waits until there is one. */
  get some(): Effect.Effect<void, TransportError> {
    return Effect.suspend(() => {
      if (this.failure !== undefined) return Effect.fail(this.failure)
      return this.duplexes.length > 0 ? Effect.void : Effect.zipRight(this.waiters.wait, this.some)
    })
  }
}

/** The life of a connection. What is outermost runs even if the fiber is interrupted before it begins. */
const serve = <R>(
  duplex: Duplex,
  use: (duplex: Duplex) => Effect.Effect<void, never, R>
): Effect.Effect<void, never, Exclude<R, Scope.Scope>> =>
  Effect.suspend(() => use(duplex)).pipe(
    Effect.scoped,
    Effect.interruptible,
    Effect.catchAllCause((cause) =>
      Cause.isInterruptedOnly(cause) ? Effect.void : Effect.logError("the fiber of a connection has died", cause)
    ),
    Effect.ensuring(duplex.abort)
  )

/** Serves the arrivals until interrupted, or until there are no more; several may share them. */
export const acceptFrom =
  (arrivals: Arrivals): Listener["Type"]["accept"] =>
  <R>(use: (duplex: Duplex) => Effect.Effect<void, never, R>) =>
    Effect.scoped(
      Effect.flatMap(FiberSet.make<void>(), (fibers) =>
        Effect.forever(
          Effect.uninterruptibleMask((restore) =>
            Effect.flatMap(restore(arrivals.some), () => {
              const duplex = arrivals.duplexes.shift()
              return duplex === undefined ? Effect.void : FiberSet.run(fibers, serve(duplex, use))
            })
          )
        )
      )
    )
