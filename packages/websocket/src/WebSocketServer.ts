/**
 * WebSockets for servers: a handler runs for each connection, in a fiber and a Scope of its own.
 *
 * On the same port ordinary HTTP requests can be answered. What one handler does wrong harms no other connection; the end
 * of the server closes every connection with 1001, in order and within the limits.
 *
 * @example
 * ```ts
 * import { NodeListener } from "@effect-websocket/node"
 * import { Layer } from "effect"
 * import { WebSocket, WebSocketServer } from "effect-websocket"
 *
 * const server = WebSocketServer.serve((ws) => ws.run((message) => ws.send(message)), { maxConnections: 1000 })
 *
 * // Serves until it is interrupted.
 * const program = Layer.launch(Layer.provide(server, Layer.merge(WebSocket.layer, NodeListener.layerTcp({ port: 8080 }))))
 * ```
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { chosen } from "./Compression.js"
import type { WebSocket } from "./connection/WebSocket.js"
import { FrameStream } from "./FrameStream.js"
import type { Accepted, AcceptOptions, Handshake } from "./Handshake.js"
import type { HttpCodec } from "./HttpCodec.js"
import { withReadTurns } from "./host/ReadTurn.js"
import { here } from "./host/Surroundings.js"
import { type LimitValues, resolve } from "./Limits.js"
import { Listener } from "./Listener.js"
import { linked } from "./observing/Spans.js"
import { Admission } from "./server/Admission.js"
import type { HttpHandler } from "./server/answerHttp.js"
import { logFailure } from "./server/logFailure.js"
import { limitless, serveRequests } from "./server/requests.js"
import type { Duplex } from "./Transport.js"
import { type HandshakeError, OptionError, type TimeoutError, type TransportError } from "./WebSocketError.js"
import { atOnce, Direct } from "./waiting/Direct.js"
import { andThen, type OrEffect, orEffect } from "./waiting/orEffect.js"

export type { HttpAnswer } from "./http/HttpAnswer.js"
export type { HttpHandler, HttpRequest } from "./server/answerHttp.js"

/** How a server accepts, and how much. */
export interface ServeOptions<A = undefined, R = never> extends AcceptOptions<A, R> {
  /** Answers ordinary HTTP requests on the same port. Without it they get 426 (RFC 9110 §15.5.22). `hosts` holds for them too. */
  readonly http?: HttpHandler<R> | undefined
  /** Connections at a time, handshakes and ordinary HTTP included; one more is answered with 503. Default unlimited. */
  readonly maxConnections?: number | undefined
  /**
   * Connections from one address at a time, counted likewise; one more is answered with 429. An IPv6 address counts as its /64.
   * Behind a proxy all come from the proxy's. Default unlimited.
   */
  readonly maxConnectionsPerAddress?: number | undefined
  /** Handshakes in progress at a time, and requests whose heads are being read; one more is answered with 503. Default unlimited. */
  readonly maxHandshakes?: number | undefined
  /**
   * Handshakes from one address in a second, however they end; one more is answered with 429. Addresses count as for
   * `maxConnectionsPerAddress`. Default unlimited.
   */
  readonly maxHandshakesPerSecondPerAddress?: number | undefined
  /** Told of every handshake that failed. Default: logged at debug level. */
  readonly onHandshakeError?:
    | ((error: HandshakeError | TransportError | TimeoutError | OptionError) => Effect.Effect<void, never, R>)
    | undefined
}

/**
 * How much a server accepts unless its options say otherwise.
 *
 * @example
 * ```ts
 * import { WebSocketServer } from "effect-websocket"
 *
 * // As the operator says, or as otherwise.
 * const serverOf = (maxConnections: number = WebSocketServer.defaults.maxConnections) =>
 *   WebSocketServer.serve((ws) => ws.closed, { maxConnections })
 * ```
 */
export const defaults = {
  maxConnections: Infinity,
  maxConnectionsPerAddress: Infinity,
  maxHandshakes: Infinity,
  maxHandshakesPerSecondPerAddress: Infinity
} as const

/** What a server needs besides what its handlers need. */
export type Requirements = Listener | HttpCodec | Handshake | FrameStream

/** What is to be provided: the Scope of a connection is there. */
export type Provided<R> = Requirements | Exclude<R, Scope.Scope>

/** Handles one connection; `session` is what the policy `authorize` found out. */
export type Handler<A, E, R> = (ws: WebSocket, session: A) => Effect.Effect<unknown, E, R>

/** Logged before the connection is closed, which may take as long as the client likes. The Listener logs defects: it sees none. */
const failed = (cause: Cause.Cause<unknown>): Effect.Effect<never, unknown> =>
  Effect.zipRight(logFailure(cause), Cause.isDie(cause) ? Effect.fail(Cause.squash(cause)) : Effect.failCause(cause))

type Needs<R> = R | Scope.Scope | HttpCodec | Handshake | FrameStream

/** What one server has for all its connections. */
interface Server<A, P> {
  readonly options: ServeOptions<A, P>
  /** As `serveRequests` takes them. */
  readonly requests: ServeOptions<A, P>
  readonly limits: LimitValues
  readonly admission: Admission
}

const handle = <A, E, R, P>(
  duplex: Duplex,
  handler: Handler<A, E, R>,
  server: Server<A, P>
): Effect.Effect<unknown, unknown, Needs<R | P>> => {
  // All of it is made when it runs: else the fiber would hold it for as long as there is the connection.
  const served = new Direct((): OrEffect<unknown, unknown, Needs<R | P>> => {
    const { admission, limits, options, requests } = server
    const opened = ({ negotiated, session }: Accepted<A>): OrEffect<unknown, unknown, R | Scope.Scope> => {
      const { open } = Context.get(here<FrameStream>().context, FrameStream)
      return andThen(atOnce(open(duplex, negotiated, options)), (ws) => linked(negotiated, handler(ws, session)))
    }
    return andThen(admission.enter(duplex), (full) =>
      Effect.flatMap(serveRequests(duplex, requests, limits, admission, full), (accepted) =>
        orEffect(accepted === undefined ? undefined : opened(accepted))
      )
    )
  })
  return Effect.catchAllCause(served, failed)
}

const count = (option: keyof typeof defaults, value: number = defaults[option]): Effect.Effect<number, OptionError> =>
  (Number.isSafeInteger(value) && value > 0) || value === Infinity
    ? Effect.succeed(value)
    : Effect.fail(new OptionError({ option, rule: "an integer of at least 1, or Infinity" }))

/** Checks the options. */
const prepare = <A, P>(options: ServeOptions<A, P>): Effect.Effect<Server<A, P>, OptionError> =>
  Effect.gen(function* () {
    const limits = yield* resolve("server", options.limits)
    yield* chosen(options.compression)
    const connections = yield* count("maxConnections", options.maxConnections)
    const handshakes = yield* count("maxHandshakes", options.maxHandshakes)
    const perAddress = yield* count("maxConnectionsPerAddress", options.maxConnectionsPerAddress)
    const perSecond = yield* count("maxHandshakesPerSecondPerAddress", options.maxHandshakesPerSecondPerAddress)
    const admission = new Admission({ connections, handshakes, perAddress, perSecond })
    return { options, requests: limitless(options), limits, admission }
  })

const acceptAll = <A, E, R, P>(
  handler: Handler<A, E, R>,
  server: Server<A, P>
): Effect.Effect<never, TransportError, Provided<R | P>> =>
  withReadTurns(Effect.flatMap(Listener, ({ accept }) => accept((duplex) => handle(duplex, handler, server))))

const runWith = <A, E, R, P>(
  handler: Handler<A, E, R>,
  options: ServeOptions<A, P>
): Effect.Effect<never, TransportError | OptionError, Provided<R | P>> =>
  Effect.flatMap(prepare(options), (server) => acceptAll(handler, server))

const serveWith = <A, E, R, P>(
  handler: Handler<A, E, R>,
  options: ServeOptions<A, P>
): Layer.Layer<never, OptionError, Provided<R | P>> => {
  const logged = (cause: Cause.Cause<TransportError>) =>
    Cause.isInterruptedOnly(cause) ? Effect.void : Effect.logError("the listener failed", cause)
  return Layer.scopedDiscard(
    Effect.flatMap(prepare(options), (server) =>
      Effect.forkScoped(Effect.catchAllCause(acceptAll(handler, server), logged))
    )
  )
}

/** Both orders of the arguments as one. */
const inOrder = <A, P, H extends Function>(
  first: H | ServeOptions<A, P>,
  second: H | ServeOptions<A, P> = {}
): [H, ServeOptions<A, P>] =>
  typeof first === "function" ? [first, second as ServeOptions<A, P>] : [second as H, first]

/**
 * Serves WebSockets until interrupted. The handler's connection is closed when the handler is done: with 1000 when it
 * succeeded, 1011 when it failed (that is logged), 1001 when it was interrupted. A handler that fails because its
 * connection has ended is no failure.
 *
 * With `authorize` the options come first, and the handler gets what it found out as its second argument.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { WebSocketServer } from "effect-websocket"
 *
 * // Serves until it is interrupted, for a minute here.
 * const aMinute = Effect.timeoutOption(WebSocketServer.run((ws) => ws.send("hello")), "1 minute")
 * ```
 */
export const run: {
  <E, R, P = never>(
    handler: Handler<undefined, E, R>,
    options?: ServeOptions<undefined, P>
  ): Effect.Effect<never, TransportError | OptionError, Provided<R | P>>
  <A, E, R, P = never>(
    options: ServeOptions<A, P>,
    handler: Handler<A, E, R>
  ): Effect.Effect<never, TransportError | OptionError, Provided<R | P>>
} = <A, E, R, P>(
  first: Handler<A, E, R> | ServeOptions<A, P>,
  second?: Handler<A, E, R> | ServeOptions<A, P>
): Effect.Effect<never, TransportError | OptionError, Provided<R | P>> =>
  runWith(...inOrder<A, P, Handler<A, E, R>>(first, second))

/** `run` as a layer: serves for as long as the layer lives. Options are checked before it does. */
export const serve: {
  <E, R, P = never>(
    handler: Handler<undefined, E, R>,
    options?: ServeOptions<undefined, P>
  ): Layer.Layer<never, OptionError, Provided<R | P>>
  <A, E, R, P = never>(
    options: ServeOptions<A, P>,
    handler: Handler<A, E, R>
  ): Layer.Layer<never, OptionError, Provided<R | P>>
} = <A, E, R, P>(
  first: Handler<A, E, R> | ServeOptions<A, P>,
  second?: Handler<A, E, R> | ServeOptions<A, P>
): Layer.Layer<never, OptionError, Provided<R | P>> => serveWith(...inOrder<A, P, Handler<A, E, R>>(first, second))
