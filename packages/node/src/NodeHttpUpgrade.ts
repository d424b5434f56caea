/**
 * WebSockets on a server of `node:http` or `node:https` that is there already, by its event 'upgrade' (RFC 9110 §7.8).
 *
 * Node.js has read the head of the request: the handshake goes on from there, and the octets behind the head are the first
 * of the connection. Other requests stay the server's, and so does the server. What the handlers of `WebSocketServer` are,
 * handlers are here.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http"
 * import { NodeHttpUpgrade } from "@effect-websocket/node"
 *
 * const http = createServer((_request, response) => void response.end("plain HTTP"))
 * const server = NodeHttpUpgrade.serve(http, (ws) => ws.run((message) => ws.send(message)))
 * ```
 */
import type * as http from "node:http"
import type * as https from "node:https"
import type * as stream from "node:stream"
import { Fields } from "@effect-websocket/protocol/http/Fields"
import type { RequestHead } from "@effect-websocket/protocol/http/RequestHead"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { chosen } from "effect-websocket/Compression"
import { FrameStream } from "effect-websocket/FrameStream"
import { type Accepted, type AcceptOptions, Handshake, type HandshakeFailure } from "effect-websocket/Handshake"
import { withReadTurns } from "effect-websocket/host/ReadTurn"
import * as Limits from "effect-websocket/Limits"
import { logFailure } from "effect-websocket/server/logFailure"
import type { Duplex } from "effect-websocket/Transport"
import type { OptionError } from "effect-websocket/WebSocketError"
import type { Handler } from "effect-websocket/WebSocketServer"
import { fromDuplex } from "./NodeDuplex.js"

/** What a server accepts, and which of its requests are meant. A refusal closes the connection. */
export interface UpgradeOptions<A = undefined, R = never> extends Omit<AcceptOptions<A, R>, "keepAlive"> {
  /** Which upgrades are meant; the others are left to the other listeners of the event. Default: all. */
  readonly matches?: ((request: http.IncomingMessage) => boolean) | undefined
  /** Told of every handshake that failed. Default: logged at debug level. */
  readonly onHandshakeError?: ((error: HandshakeFailure) => Effect.Effect<void, never, R>) | undefined
}

/** A listener of the event 'upgrade'. */
export type UpgradeListener = (request: http.IncomingMessage, socket: stream.Duplex, head: Uint8Array) => void

/** What is to be provided: the Scope of a connection is there. */
export type Provided<R> = Handshake | FrameStream | Exclude<R, Scope.Scope>

/** What the event brought. */
interface Upgrade {
  readonly request: http.IncomingMessage
  readonly socket: stream.Duplex
  readonly octets: Uint8Array
}

const pairsOf = (raw: ReadonlyArray<string>): ReadonlyArray<readonly [name: string, value: string]> =>
  raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1] ?? ""] as const] : []))

/** The head of a request as it was sent: all fields, in their order. */
export const requestHead = (request: http.IncomingMessage): RequestHead => ({
  method: request.method ?? "",
  target: request.url ?? "",
  version: request.httpVersion === "1.0" ? "1.0" : "1.1",
  fields: Fields.from(pairsOf(request.rawHeaders))
})

/** Makes the handshake. `undefined`: it failed, that was told, and the connection was closed in order. */
const accept = <A, P>(
  duplex: Duplex,
  { octets, request }: Upgrade,
  options: UpgradeOptions<A, P>,
  { closeTimeout }: Limits.LimitValues
): Effect.Effect<Accepted<A> | undefined, never, P | Handshake> => {
  const { onHandshakeError = (error) => Effect.logDebug("a handshake failed", error) } = options
  const giveUp = Effect.timeoutOption(duplex.teardown("server"), Duration.millis(closeTimeout))
  return Effect.flatMap(Handshake, (handshake) =>
    handshake.server(duplex, options, { request: requestHead(request), octets })
  ).pipe(
    Effect.catchAll((error) => Effect.as(Effect.zipRight(onHandshakeError(error), giveUp), undefined)),
    Effect.tapDefect(() => giveUp)
  )
}

const handle = <A, E, R, P>(
  upgrade: Upgrade,
  handler: Handler<A, E, R>,
  options: UpgradeOptions<A, P>,
  limits: Limits.LimitValues
): Effect.Effect<void, never, Provided<R | P>> => {
  const connection = Effect.gen(function* () {
    const duplex = yield* fromDuplex(upgrade.socket)
    const accepted = yield* accept(duplex, upgrade, options, limits)
    if (accepted === undefined) return
    const frames = yield* FrameStream
    const ws = yield* frames.open(duplex, accepted.negotiated, options)
    yield* handler(ws, accepted.session)
  })
  // Logged before the connection is closed, which may take as long as the client likes.
  const logged = Effect.scoped(Effect.tapErrorCause(connection, logFailure))
  return Effect.catchAllCause(withReadTurns(logged), () => Effect.void) as Effect.Effect<void, never, Provided<R | P>>
}

const makeListener = <A, E, R, P>(
  handler: Handler<A, E, R>,
  options: UpgradeOptions<A, P>
): Effect.Effect<UpgradeListener, OptionError, Provided<R | P> | Scope.Scope> =>
  Effect.gen(function* () {
    const limits = yield* Limits.resolve("server", options.limits)
    yield* chosen(options.compression)
    const run = yield* FiberSet.makeRuntime<Provided<R | P>>()
    return (request, socket, octets) => {
      if (options.matches?.(request) === false) return
      run(handle({ request, socket, octets }, handler, options, limits))
    }
  })

/** Both orders of the arguments as one. */
const inOrder = <A, P, H extends Function>(
  first: H | UpgradeOptions<A, P>,
  second: H | UpgradeOptions<A, P> = {}
): [H, UpgradeOptions<A, P>] =>
  typeof first === "function" ? [first, second as UpgradeOptions<A, P>] : [second as H, first]

/**
 * A listener for the event 'upgrade', to be called by whoever listens. Each connection has a fiber and a Scope of its own; it
 * is closed when the handler is done: with 1000 when it succeeded, 1011 when it failed (that is logged). The end of the
 * Scope closes all of them with 1001.
 *
 * With `authorize` the options come first, and the handler gets what it found out as its second argument.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http"
 * import { NodeHttpUpgrade } from "@effect-websocket/node"
 * import { Effect } from "effect"
 *
 * // A listener of the event for a server that has others too.
 * const listening = Effect.gen(function* () {
 *   const upgrade = yield* NodeHttpUpgrade.handler((ws) => ws.run((message) => ws.send(message)))
 *   return createServer((request, response) => {
 *     response.end(`you asked for ${NodeHttpUpgrade.requestHead(request).target}`)
 *   }).on("upgrade", upgrade)
 * })
 * ```
 */
export const handler: {
  <E, R, P = never>(
    handler: Handler<undefined, E, R>,
    options?: UpgradeOptions<undefined, P>
  ): Effect.Effect<UpgradeListener, OptionError, Provided<R | P> | Scope.Scope>
  <A, E, R, P = never>(
    options: UpgradeOptions<A, P>,
    handler: Handler<A, E, R>
  ): Effect.Effect<UpgradeListener, OptionError, Provided<R | P> | Scope.Scope>
} = <A, E, R, P>(
  first: Handler<A, E, R> | UpgradeOptions<A, P>,
  second?: Handler<A, E, R> | UpgradeOptions<A, P>
): Effect.Effect<UpgradeListener, OptionError, Provided<R | P> | Scope.Scope> =>
  makeListener(...inOrder<A, P, Handler<A, E, R>>(first, second))

const attach = (
  server: http.Server | https.Server,
  listener: UpgradeListener
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => void server.on("upgrade", listener)),
    () => Effect.sync(() => void server.off("upgrade", listener))
  )

/** `handler` as a layer: serves the upgrades of `server` for as long as the layer lives. */
export const serve: {
  <E, R, P = never>(
    server: http.Server | https.Server,
    handler: Handler<undefined, E, R>,
    options?: UpgradeOptions<undefined, P>
  ): Layer.Layer<never, OptionError, Provided<R | P>>
  <A, E, R, P = never>(
    server: http.Server | https.Server,
    options: UpgradeOptions<A, P>,
    handler: Handler<A, E, R>
  ): Layer.Layer<never, OptionError, Provided<R | P>>
} = <A, E, R, P>(
  server: http.Server | https.Server,
  first: Handler<A, E, R> | UpgradeOptions<A, P>,
  second?: Handler<A, E, R> | UpgradeOptions<A, P>
): Layer.Layer<never, OptionError, Provided<R | P>> =>
  Layer.scopedDiscard(
    Effect.flatMap(makeListener(...inOrder<A, P, Handler<A, E, R>>(first, second)), (listener) =>
      attach(server, listener)
    )
  ) as Layer.Layer<never, OptionError, Provided<R | P>>
