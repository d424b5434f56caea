/**
 * The fiber that connects again and again: attempt, hook, connection, wait, and from the beginning.
 *
 * Each connection has a Scope of its own, which ends with it. `close`, and the end of the Scope of all, end an open
 * connection in order, and anything else at once.
 */
import * as ClosePayload from "@effect-websocket/protocol/control/ClosePayload"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as SubscriptionRef from "effect/SubscriptionRef"
import type { MessageSocket } from "../MessageSocket.js"
import { type Closure, SendError } from "../WebSocketError.js"
import type { Backoff } from "./Backoff.js"
import { closureOf, endOf } from "./endOf.js"
import { GaveUp } from "./GaveUp.js"
import type { Incoming } from "./Incoming.js"
import type { Link } from "./Link.js"
import { isOver, type Outgoing } from "./Outgoing.js"
import type { ReconnectError, ReconnectState } from "./ReconnectOptions.js"
import { retryAfter } from "./retryAfter.js"

/** What a Lifecycle is made of; durations in milliseconds. `E` has all that an attempt and a connection fail with. */
export interface LifecycleParts<S, E, R> {
  readonly connect: Effect.Effect<S, E, R | Scope.Scope>
  readonly resume: ((socket: S, connections: number) => Effect.Effect<unknown, E, R>) | undefined
  readonly backoff: Backoff<E, R>
  readonly retry: (error: E) => boolean
  readonly resetAfter: number
  readonly maxRetryAfter: number
  readonly state: SubscriptionRef.SubscriptionRef<ReconnectState<S, E>>
  readonly link: Link<S, E>
  readonly incoming: Incoming<E>
  readonly outgoing: Outgoing<E>
}

const unsendable = (code: number, reason: string): SendError | undefined => {
  const payload = ClosePayload.encode(code, reason)
  if (payload === "BadCloseCode") return new SendError({ reason: { _tag: payload, code } })
  if (payload !== "PayloadTooLong") return undefined
  return new SendError({ reason: { _tag: payload, length: reason.length, limit: ClosePayload.maxReasonSize } })
}

export class Lifecycle<S extends MessageSocket<unknown, SendError>, E, R> {
  private fiber: Fiber.RuntimeFiber<never, ReconnectError<E>> | undefined
  /** The connection there is, also while the hook runs. */
  private socket: S | undefined
  private connections = 0
  /** How long the last connection was open. */
  private openFor = 0
  private isClosing = false
  /** How the Scope of all has ended. */
  private exit: Exit.Exit<unknown, unknown> | undefined

  constructor(private readonly parts: LifecycleParts<S, E, R>) {}

  get start(): Effect.Effect<void, never, Exclude<R, Scope.Scope>> {
    const told = Effect.onExit(this.attempts, (exit) => this.finish(endOf(exit)))
    return Effect.map(Effect.forkDaemon(Effect.interruptible(told)), (fiber) => {
      this.fiber = fiber
    })
  }

  close(code: number, reason: string): Effect.Effect<Closure, SendError> {
    return Effect.suspend(() => {
      const { socket } = this
      const refusal = unsendable(code, reason)
      if (refusal !== undefined) return Effect.fail(refusal)
      if (socket === undefined) return Effect.zipRight(this.stop, this.closed)
      this.isClosing = true
      const closing = Effect.tapError(socket.close(code, reason), () =>
        Effect.sync(() => {
          this.isClosing = false
        })
      )
      return Effect.zipRight(closing, this.closed)
    })
  }

  /** Waits for the end. */
  get closed(): Effect.Effect<Closure> {
    const { link } = this.parts
    return Effect.map(
      link.signal.until(() => link.end !== undefined),
      () => closureOf(link.failure)
    )
  }

  /** The Scope of all ends, and an open connection as if it were its own. */
  release(exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.exit = exit
      return this.stop
    })
  }

  private get stop(): Effect.Effect<void> {
    return Effect.suspend(() => (this.fiber === undefined ? Effect.void : Effect.asVoid(Fiber.interrupt(this.fiber))))
  }

  private get attempts(): Effect.Effect<never, ReconnectError<E>, Exclude<R, Scope.Scope>> {
    const { backoff, incoming, resetAfter, retry } = this.parts
    const once = Effect.gen(this, function* () {
      yield* incoming.taken
      yield* this.tell({ _tag: "Connecting", attempt: backoff.failures + 1 })
      const error = yield* Effect.flip(this.attempt)
      if (this.isClosing || !retry(error)) return yield* Effect.fail(error)
      if (this.openFor >= resetAfter) backoff.reset()
      const delay = yield* backoff.next(error)
      if (delay === undefined) return yield* new GaveUp({ error, attempts: backoff.failures })
      yield* this.wait(delay, error)
    })
    return Effect.forever(once) as Effect.Effect<never, ReconnectError<E>, Exclude<R, Scope.Scope>>
  }

  /** One connection, from the attempt to its end. */
  private get attempt(): Effect.Effect<never, E, Exclude<R, Scope.Scope>> {
    return Effect.acquireUseRelease(
      Scope.make(),
      (scope) => Effect.flatMap(Scope.extend(this.parts.connect, scope), (socket) => this.use(socket)),
      (scope, exit) => {
        this.socket = undefined
        this.parts.link.lose()
        return Scope.close(scope, this.exit ?? exit)
      }
    ) as Effect.Effect<never, E, Exclude<R, Scope.Scope>>
  }

  private use(socket: S): Effect.Effect<never, E, R> {
    const { incoming, link, outgoing } = this.parts
    return Effect.gen(this, function* () {
      this.socket = socket
      this.openFor = 0
      this.connections++
      yield* this.resume(socket)
      const since = yield* Clock.currentTimeMillis
      link.open(socket)
      yield* this.tell({ _tag: "Open", socket })
      yield* outgoing.flush(socket)
      yield* socket.closed
      this.openFor = (yield* Clock.currentTimeMillis) - since
      return yield* Effect.flatMap(incoming.drain(socket), Effect.fail)
    })
  }

  /** Runs the hook, until the connection ends at the latest: then that is the failure. */
  private resume(socket: S): Effect.Effect<void, E, R> {
    const { resume } = this.parts
    if (resume === undefined) return Effect.void
    const lost = Effect.zipRight(socket.closed, Effect.forever(socket.pull)) as Effect.Effect<never, E>
    const hook = Effect.catchIf(resume(socket, this.connections), isOver, () => lost)
    return Effect.asVoid(Effect.raceFirst(hook, lost))
  }

  private wait(delay: number, error: E): Effect.Effect<void> {
    return Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const millis = Math.max(delay, Math.min(retryAfter(error, now), this.parts.maxRetryAfter))
      return Effect.zipRight(this.tell({ _tag: "Waiting", until: now + millis, error }), Effect.sleep(millis))
    })
  }

  private finish(end: Exit.Failure<never, ReconnectError<E>>): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.parts.outgoing.clear()
      this.parts.link.finish(end)
      return this.tell({ _tag: "Closed", cause: end.cause })
    })
  }

  private tell(state: ReconnectState<S, E>): Effect.Effect<void> {
    return SubscriptionRef.set(this.parts.state, state)
  }
}
