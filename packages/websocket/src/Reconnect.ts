/**
 * A socket that connects again when its connection is lost, for as long as a `Schedule` says.
 *
 * `make` takes any effect that opens a `MessageSocket`, such as `WebSocket.connect`, and gives one whose messages go on over
 * all connections. Which failures are retried, what becomes of messages while no connection is open, and what is said first
 * on each are choices of the application.
 *
 * @example
 * ```ts
 * import { Effect, Schedule } from "effect"
 * import { Reconnect, WebSocket } from "effect-websocket"
 *
 * const program = Effect.gen(function* () {
 *   const ws = yield* Reconnect.make(WebSocket.connect("wss://example.com/"), {
 *     schedule: Schedule.exponential("100 millis"),
 *     resume: (ws) => ws.send("subscribe")
 *   })
 *   yield* ws.run((message) => Effect.log(message))
 * }).pipe(Effect.scoped)
 * ```
 *
 * @example
 * ```ts
 * import { Effect, Schedule } from "effect"
 * import { Reconnect, WebSocket } from "effect-websocket"
 *
 * // The default schedule, ten times; and one more reason to try again.
 * const bounded = Reconnect.make(WebSocket.connect("wss://example.com/"), {
 *   schedule: Schedule.intersect(Reconnect.defaultSchedule, Schedule.recurs(10)),
 *   retry: (error) => Reconnect.retryable(error) || error._tag === "ProtocolError",
 *   outbox: { capacity: Reconnect.defaults.capacity, whenFull: "fail" }
 * })
 *
 * const program = Effect.flatMap(bounded, (client) => client.receive).pipe(
 *   Effect.catchTag("GaveUp", (error: Reconnect.GaveUp<unknown>) => Effect.log(error.attempts)),
 *   Effect.scoped
 * )
 * ```
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as SubscriptionRef from "effect/SubscriptionRef"
import type { MessageSocket, ReceiveErrorOf } from "./MessageSocket.js"
import { Backoff } from "./reconnect/Backoff.js"
import { Incoming } from "./reconnect/Incoming.js"
import { Lifecycle, type LifecycleParts } from "./reconnect/Lifecycle.js"
import { Link } from "./reconnect/Link.js"
import { defaultCapacity, Outgoing } from "./reconnect/Outgoing.js"
import type { Reconnecting, ReconnectOptions, ReconnectState } from "./reconnect/ReconnectOptions.js"
import { retryable } from "./reconnect/retryable.js"
import { OptionError, type SendError } from "./WebSocketError.js"

export { GaveUp } from "./reconnect/GaveUp.js"
export type {
  OutboxOptions,
  ReconnectError,
  Reconnecting,
  ReconnectOptions,
  ReconnectState
} from "./reconnect/ReconnectOptions.js"
export { retryable } from "./reconnect/retryable.js"

/** After 1 s, 1.6 times longer each time up to 30 s; times a random factor, since a server that restarts loses all clients at once. */
export const defaultSchedule: Schedule.Schedule<Duration.Duration> = Schedule.exponential("1 second", 1.6).pipe(
  Schedule.modifyDelay((_, delay) => Duration.min(delay, "30 seconds")),
  Schedule.jitteredWith({ min: 0.5, max: 1.5 })
)

/** What holds unless the options say otherwise. */
export const defaults = {
  outbox: "wait",
  capacity: defaultCapacity,
  resetAfter: Duration.seconds(10),
  maxRetryAfter: Duration.minutes(10)
} as const

const duration = (option: string, value: Duration.DurationInput): Effect.Effect<number, OptionError> => {
  const millis = Duration.toMillis(value)
  return millis >= 0 ? Effect.succeed(millis) : Effect.fail(new OptionError({ option, rule: "a duration" }))
}

const checkCapacity = (value: number | undefined): Effect.Effect<void, OptionError> =>
  value === undefined || (Number.isSafeInteger(value) && value > 0) || value === Infinity
    ? Effect.void
    : Effect.fail(new OptionError({ option: "outbox.capacity", rule: "an integer of at least 1, or Infinity" }))

const parts = <S extends MessageSocket<unknown, SendError>, E, R>(
  connect: Effect.Effect<S, E, R | Scope.Scope>,
  options: ReconnectOptions<S, E, E, R>
): Effect.Effect<LifecycleParts<S, E, R>, OptionError> =>
  Effect.gen(function* () {
    const { outbox = defaults.outbox, resetAfter, maxRetryAfter } = options
    if (typeof outbox === "object") yield* checkCapacity(outbox.capacity)
    const link = new Link<S, E>()
    return {
      connect,
      resume: options.resume,
      backoff: new Backoff(options.schedule ?? defaultSchedule),
      retry: options.retry ?? retryable,
      resetAfter: yield* duration("resetAfter", resetAfter ?? defaults.resetAfter),
      maxRetryAfter: yield* duration("maxRetryAfter", maxRetryAfter ?? defaults.maxRetryAfter),
      state: yield* SubscriptionRef.make<ReconnectState<S, E>>({ _tag: "Connecting", attempt: 1 }),
      link,
      incoming: new Incoming(link),
      outgoing: new Outgoing(link, outbox)
    }
  })

const reconnecting = <S extends MessageSocket<unknown, SendError>, E, R>(
  lifecycle: Lifecycle<S, E, R>,
  { incoming, outgoing, state }: LifecycleParts<S, E, R>
): Reconnecting<S, E> => ({
  pull: incoming.pull,
  receive: incoming.receive,
  run: (handler) => incoming.run(handler),
  messages: incoming.messages,
  send: (message, options) => outgoing.send(message, options),
  sendAll: (messages, options) => outgoing.sendAll(messages, options),
  unsafeSend: (message) => outgoing.unsafeSend(message),
  close: (code = 1000, reason = "") => lifecycle.close(code, reason),
  closed: lifecycle.closed,
  state
})

/**
 * Begins to connect in the background, and gives at once the socket that lives through all connections.
 *
 * It belongs to the Scope, with whose end an open connection is closed as any other. `run` and `messages` end when it was
 * closed by `close`, or by the peer with a code that is not retried; they fail with everything else that ends the whole.
 * An application that only sends takes the messages of its peer too (`run(() => {})`): while more than 64 KiB of ended
 * connections wait, no other one is begun.
 */
export const make = <S extends MessageSocket<unknown, SendError>, E, R, E2 = never, R2 = never>(
  connect: Effect.Effect<S, E, R>,
  options: ReconnectOptions<S, E | ReceiveErrorOf<S>, E2, R2> = {}
): Effect.Effect<
  Reconnecting<S, E | E2 | ReceiveErrorOf<S>>,
  OptionError,
  Exclude<R | R2, Scope.Scope> | Scope.Scope
> =>
  Effect.gen(function* () {
    type Failure = E | E2 | ReceiveErrorOf<S>
    const made = yield* parts<S, Failure, R | R2>(connect, options as ReconnectOptions<S, Failure, Failure, R | R2>)
    const lifecycle = new Lifecycle(made)
    yield* Effect.acquireRelease(lifecycle.start, (_, exit) => lifecycle.release(exit))
    return reconnecting(lifecycle, made)
  })
