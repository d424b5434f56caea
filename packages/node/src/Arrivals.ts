/**
 * Connections between the event of Node.js that brings them and the fiber that serves them.
 *
 * While nobody accepts they wait unread, and no more of them than the limit; otherwise the event itself begins the fiber. Each
 * is served in a fiber and a Scope of its own; what dies there ends that connection only.
 */
import type { Socket } from "node:net"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Listener } from "effect-websocket/Listener"
import type { Duplex } from "effect-websocket/Transport"
import { Serving } from "effect-websocket/transport/Serving"
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
  /** The sockets whose TLS handshakes are being made, in the order in which they came. */
  readonly handshakes = new Set<Pick<Socket, "destroy">>()
  /** Whoever served last is last. */
  private readonly acceptors: Array<Acceptor> = []

  constructor(private readonly limit: number) {}

  get full(): boolean {
    return this.failure !== undefined || this.duplexes.length + this.handshakes.size >= this.limit
  }

  /**
   * Whether one more may come. Where it is full, whoever makes its handshake for the longest time gives way: a handshake takes
   * little time, so that those who say nothing keep nobody out.
   */
  makeRoom(): boolean {
    if (!this.full) return true
    if (this.failure !== undefined) return false
    for (const oldest of this.handshakes) {
      this.handshakes.delete(oldest)
      oldest.destroy()
      return true
    }
    return false
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

/** Serves the arrivals until interrupted, or until there are no more; several may share them. */
export const acceptFrom =
  (arrivals: Arrivals): Listener["Type"]["accept"] =>
  <R>(use: (duplex: Duplex) => Effect.Effect<unknown, unknown, R>) =>
    Effect.flatMap(Effect.runtime<Exclude<R, Scope.Scope>>(), (runtime) =>
      Effect.async<never, TransportError>((resume) => {
        const serving = new Serving(runtime, use)
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
