/**
 * WebSockets for servers: a handler runs for each connection, in a fiber and a Scope of its own.
 *
 * On the same port ordinary HTTP requests can be answered. What one handler does wrong harms no other connection; the end
 * of the server closes every connection with 1001, in order and within the limits.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { WebSocket } from "./connection/WebSocket.js"
import { FrameStream } from "./FrameStream.js"
import type { AcceptOptions, Handshake } from "./Handshake.js"
import type { HttpCodec } from "./HttpCodec.js"
import { type LimitValues, resolve } from "./Limits.js"
import { Listener } from "./Listener.js"
import { Admission } from "./server/Admission.js"
import { type HttpHandler, serveRequests } from "./server/requests.js"
import type { Duplex } from "./Transport.js"
import { type HandshakeError, OptionError, type TimeoutError, type TransportError } from "./WebSocketError.js"

export type { HttpAnswer, HttpHandler, HttpRequest } from "./server/requests.js"

/** How a server accepts, and how much. */
export interface ServeOptions<A = undefined, R = never> extends AcceptOptions<A, R> {
  /** Answers ordinary HTTP requests on the same port. Without it they get 426 (RFC 9110 §15.5.22). */
  readonly http?: HttpHandler<R> | undefined
  /** Connections at a time, handshakes included; one more is answered with 503. Default unlimited. */
  readonly maxConnections?: number | undefined
  /** Handshakes in progress at a time; one more is answered with 503. Default unlimited. */
  readonly maxHandshakes?: number | undefined
  /** Told of every handshake that failed. Default: logged at debug level. */
  readonly onHandshakeError?:
    | ((error: HandshakeError | TransportError | TimeoutError | OptionError) => Effect.Effect<void, never, R>)
    | undefined
}

/** What a server needs besides what its handlers need. */
export type Requirements = Listener | HttpCodec | Handshake | FrameStream

/** Handles one connection; `session` is what the policy `authorize` found out. */
export type Handler<A, E, R> = (ws: WebSocket, session: A) => Effect.Effect<unknown, E, R>

/** The ends of a connection are the peer's business; anything else is the application's. */
const isEndOfConnection = (error: unknown): boolean =>
  typeof error === "object" &&
  error !== null &&
  "_tag" in error &&
  (error._tag === "Closed" ||
    error._tag === "ProtocolError" ||
    error._tag === "TransportError" ||
    error._tag === "TimeoutError" ||
    error._tag === "SendError")

const logFailure = (cause: Cause.Cause<unknown>): Effect.Effect<void> =>
  Cause.isInterruptedOnly(cause) || (Cause.isFailure(cause) && isEndOfConnection(Cause.squash(cause)))
    ? Effect.void
    : Effect.logError("a WebSocket handler failed", cause)

const handle = <A, E, R>(
  duplex: Duplex,
  handler: Handler<A, E, R>,
  options: ServeOptions<A, R>,
  limits: LimitValues,
  admission: Admission
): Effect.Effect<void, never, R | Scope.Scope | HttpCodec | Handshake | FrameStream> => {
  const connection = Effect.gen(function* () {
    const accepted = yield* admission.handshake((isFull) => serveRequests(duplex, options, limits, isFull))
    if (accepted === undefined) return
    const frames = yield* FrameStream
    const ws = yield* frames.open(duplex, accepted.negotiated, { limits: options.limits })
    yield* handler(ws, accepted.session)
  })
  return Effect.catchAllCause(admission.connection(Effect.scoped(connection)), logFailure)
}

const count = (option: string, value: number | undefined): Effect.Effect<number, OptionError> =>
  value === undefined || (Number.isSafeInteger(value) && value > 0) || value === Infinity
    ? Effect.succeed(value ?? Infinity)
    : Effect.fail(new OptionError({ option, rule: "an integer of at least 1, or Infinity" }))

/**
 * Serves WebSockets until interrupted. The handler's connection is closed when the handler is done: with 1000 when it
 * succeeded, 1011 when it failed (that is logged), 1001 when it was interrupted. A handler that fails because its connection has ended is no
 * failure.
 */
export const run = <E, R, A = undefined>(
  handler: Handler<A, E, R>,
  options: ServeOptions<A, R> = {}
): Effect.Effect<never, TransportError | OptionError, Requirements | Exclude<R, Scope.Scope>> =>
  Effect.gen(function* () {
    const limits = yield* resolve("server", options.limits)
    const maxConnections = yield* count("maxConnections", options.maxConnections)
    const maxHandshakes = yield* count("maxHandshakes", options.maxHandshakes)
    const listener = yield* Listener
    const admission = new Admission(maxConnections, maxHandshakes)
    return yield* listener.accept((duplex) => handle(duplex, handler, options, limits, admission))
  }) as Effect.Effect<never, TransportError | OptionError, Requirements | Exclude<R, Scope.Scope>>

/** `run` as a layer: serves for as long as the layer lives. Options are checked before it does. */
export const serve = <E, R, A = undefined>(
  handler: Handler<A, E, R>,
  options: ServeOptions<A, R> = {}
): Layer.Layer<never, OptionError, Requirements | Exclude<R, Scope.Scope>> =>
  Layer.scopedDiscard(
    Effect.gen(function* () {
      yield* resolve("server", options.limits)
      yield* count("maxConnections", options.maxConnections)
      yield* count("maxHandshakes", options.maxHandshakes)
      const server = Effect.catchAllCause(run(handler, options), (cause) =>
        Cause.isInterruptedOnly(cause) ? Effect.void : Effect.logError("the listener failed", cause)
      )
      yield* Effect.forkScoped(server)
    })
  )
