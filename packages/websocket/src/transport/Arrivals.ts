/**
 * Connections between whatever brings them and the fibers that serve them.
 *
 * While nobody accepts they wait, and no more of them than the limit; otherwise who brings one begins its fiber. Each is served in a
 * fiber and a Scope of its own; what dies there ends that connection only.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { TransportError } from "../WebSocketError.js"
import { Serving } from "./Serving.js"

/** Who accepts. */
interface Acceptor<A> {
  readonly serve: (connection: A) => void
  readonly onFailure: (failure: TransportError) => void
}

/** Those who are on their way to `accept`, and why no more will come. */
export class Arrivals<A> {
  failure: TransportError | undefined
  protected readonly waiting: Array<A> = []
  /** Whoever served last is last. */
  private readonly acceptors: Array<Acceptor<A>> = []

  /** `release` ends a connection, whether it was served or not. */
  constructor(
    private readonly limit: number,
    private readonly release: (connection: A) => Effect.Effect<void>
  ) {}

  /** How many are on their way. */
  get count(): number {
    return this.waiting.length
  }

  /** Whether no more may come. */
  get full(): boolean {
    return this.failure !== undefined || this.count >= this.limit
  }

  add(connection: A): void {
    if (this.failure !== undefined) {
      Effect.runSync(this.release(connection))
      return
    }
    const acceptor = this.acceptors.shift()
    if (acceptor === undefined) {
      this.waiting.push(connection)
      return
    }
    this.acceptors.push(acceptor)
    acceptor.serve(connection)
  }

  /** The first failure is final. */
  close(failure: TransportError): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.failure ??= failure
      for (const { onFailure } of this.acceptors.splice(0)) onFailure(this.failure)
      return Effect.forEach(this.waiting.splice(0), this.release, { discard: true })
    })
  }

  /** Serves until interrupted, or until there are no more; several may share them. As `Listener.accept`. */
  accept<R>(
    use: (connection: A) => Effect.Effect<unknown, unknown, R>
  ): Effect.Effect<never, TransportError, Exclude<R, Scope.Scope>> {
    return Effect.flatMap(Effect.runtime<Exclude<R, Scope.Scope>>(), (runtime) =>
      Effect.async<never, TransportError>((resume) => {
        const serving = new Serving(runtime, use, this.release)
        const acceptor: Acceptor<A> = {
          serve: (connection) => serving.begin(connection),
          onFailure: (failure) => resume(Effect.uninterruptible(Effect.zipRight(serving.stop, Effect.fail(failure))))
        }
        this.join(acceptor)
        return Effect.suspend(() => {
          this.leave(acceptor)
          return serving.stop
        })
      })
    )
  }

  /** From now on `acceptor` serves, those who wait first. */
  private join(acceptor: Acceptor<A>): void {
    if (this.failure === undefined) {
      this.acceptors.push(acceptor)
      for (const connection of this.waiting.splice(0)) acceptor.serve(connection)
    } else acceptor.onFailure(this.failure)
  }

  private leave(acceptor: Acceptor<A>): void {
    const at = this.acceptors.indexOf(acceptor)
    if (at >= 0) this.acceptors.splice(at, 1)
  }
}
