/**
 * WebSockets in HTTP applications of @effect/platform on Node.js: the handshake of this library in a route.
 *
 * The server is to be one of `PlatformHttpServer`. A refusal is an ordinary response, which goes through all middleware; the
 * 101 has the fields of the handlers that middleware has appended. What middleware does to responses otherwise comes too late
 * for it: log line and span of the request end with the connection, and so does the request's Scope.
 *
 * @example
 * ```ts
 * import { HttpRouter } from "@effect/platform"
 * import { WebSocketUpgrade } from "@effect-websocket/platform"
 *
 * const app = HttpRouter.empty.pipe(
 *   HttpRouter.get("/echo", WebSocketUpgrade.toHttpApp((ws) => ws.run((message) => ws.send(message))))
 * )
 * ```
 */
import * as http from "node:http"
import type * as HttpApp from "@effect/platform/HttpApp"
import { HttpServerRequest } from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import * as NodeConnectionInfo from "@effect-websocket/node/NodeConnectionInfo"
import * as NodeDuplex from "@effect-websocket/node/NodeDuplex"
import * as NodeHttpUpgrade from "@effect-websocket/node/NodeHttpUpgrade"
import { Fields } from "@effect-websocket/protocol/http/Fields"
import type { RequestHead } from "@effect-websocket/protocol/http/RequestHead"
import type { ResponseHead } from "@effect-websocket/protocol/http/ResponseHead"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { FrameStream, type FrameStreamOptions } from "effect-websocket/FrameStream"
import { type Accepted, type AcceptOptions, Handshake } from "effect-websocket/Handshake"
import { withReadTurns } from "effect-websocket/host/ReadTurn"
import { isEndOfConnection } from "effect-websocket/server/logFailure"
import type { ConnectionInfo } from "effect-websocket/Transport"
import type { WebSocket } from "effect-websocket/WebSocket"
import { OptionError, type TimeoutError, type TransportError } from "effect-websocket/WebSocketError"
import type { Handler } from "effect-websocket/WebSocketServer"
import { AnswerDuplex } from "./AnswerDuplex.js"
import * as PreResponse from "./PreResponse.js"
import * as UpgradeEvent from "./UpgradeEvent.js"
import { UpgradeRefused } from "./UpgradeRefused.js"

/** What a route accepts. */
export interface UpgradeOptions<A = undefined, R = never> extends Omit<AcceptOptions<A, R>, "keepAlive"> {}

/** Why a route has no WebSocket. It is a response by itself (`HttpServerRespondable`): the refusal, or 500. */
export type UpgradeError = UpgradeRefused | TimeoutError | TransportError | OptionError

/** What a route needs besides its request: all of it is in `WebSocket.layer`. */
export type Requirements = Handshake | FrameStream

type Services = HttpServerRequest | Requirements

/** Of a request that is no upgrade, and will not be accepted. */
const nothingKnown: ConnectionInfo = {
  local: Option.none(),
  remote: Option.none(),
  encrypted: false,
  alpn: Option.none(),
  peerCertificate: Option.none(),
  native: undefined
}

/** RFC 9110 §7.2: what middleware says is the host (`xForwardedHeaders`) is the host. */
const headOf = (request: HttpServerRequest): RequestHead => {
  const incoming = NodeHttpServerRequest.toIncomingMessage(request)
  const { host } = request.headers
  if (!(incoming instanceof http.IncomingMessage)) {
    const { headers, method, url: target } = request
    return { method, target, version: "1.1", fields: Fields.from(Object.entries(headers)) }
  }
  const head = NodeHttpUpgrade.requestHead(incoming)
  const isForwarded = host !== undefined && host !== incoming.headers.host
  return isForwarded ? { ...head, fields: head.fields.set("Host", host) } : head
}

/** The policies of the application, and the fields that its middleware wants in a response. */
const policies = <A, R>(
  request: HttpServerRequest,
  { decorateResponse, ...options }: UpgradeOptions<A, R>,
  isUpgrade: boolean
): AcceptOptions<A, R> => {
  const own = (head: ResponseHead): Effect.Effect<Fields, never, R> => {
    const fields = decorateResponse?.(head) ?? Fields.empty
    return Effect.map(Effect.isEffect(fields) ? fields : Effect.succeed(fields), Fields.from)
  }
  const decorate = (head: ResponseHead): Effect.Effect<Fields, never, R> =>
    // A refusal goes through the middleware itself.
    head.status === 101 ? Effect.zipWith(PreResponse.fields(request), own(head), (a, b) => a.merge(b)) : own(head)
  return { ...options, decorateResponse: decorate, keepAlive: isUpgrade ? "close" : "allow" }
}

const notUpgradable = new OptionError({
  option: "server",
  rule: "WebSockets are accepted once for each request, on a server of PlatformHttpServer"
})

/** The socket is ours, the 101 on its way. */
const open = (
  request: HttpServerRequest,
  answer: AnswerDuplex,
  { negotiated }: Accepted<unknown>,
  { compression, limits }: FrameStreamOptions
): Effect.Effect<WebSocket, OptionError, FrameStream | Scope.Scope> =>
  Effect.gen(function* () {
    const event = UpgradeEvent.of(request)
    if (event === undefined) return yield* notUpgradable
    UpgradeEvent.take(request, event)
    yield* PreResponse.done
    const duplex = yield* NodeDuplex.fromDuplex(event.socket)
    duplex.unsafeWrite(answer.answer)
    const frames = yield* FrameStream
    return yield* frames.open(duplex, negotiated, { compression, limits })
  }).pipe(Effect.uninterruptible)

const accept = <A, R>(
  options: UpgradeOptions<A, R>
): Effect.Effect<{ readonly ws: WebSocket; readonly session: A }, UpgradeError, Services | Scope.Scope | R> =>
  Effect.gen(function* () {
    const request = yield* HttpServerRequest
    const handshake = yield* Handshake
    const event = UpgradeEvent.of(request)
    const answer = new AnswerDuplex(event === undefined ? nothingKnown : NodeConnectionInfo.make(event.socket))
    const accepted = yield* handshake
      .server(answer, policies(request, options, event !== undefined), {
        request: headOf(request),
        octets: event?.octets
      })
      .pipe(Effect.catchTag("HandshakeError", (error) => Effect.fail(UpgradeRefused.of(error))))
    return { ws: yield* open(request, answer, accepted, options), session: accepted.session }
  })

/**
 * Accepts the request as a WebSocket (RFC 6455 §4.2.2). It belongs to the Scope, by default that of the request, and is closed
 * when the application is done with it: with 1000, with 1011 when it failed, with 1001 when the server ends.
 *
 * A request that is refused, or asks for no WebSocket, fails with `UpgradeRefused`: who does not handle it answers with it.
 */
export const upgrade = <R = never>(
  options: Omit<UpgradeOptions<unknown, R>, "authorize"> = {}
): Effect.Effect<WebSocket, UpgradeError, Services | Scope.Scope | R> =>
  Effect.map(accept<unknown, R>(options), ({ ws }) => ws)

/** What the access log shows of a request that became a WebSocket. */
const switched = HttpServerResponse.empty({ status: 101 })

const unavailable = HttpServerResponse.empty({ status: 503 })

const answerOf = (error: UpgradeError): Effect.Effect<HttpServerResponse.HttpServerResponse, OptionError> => {
  switch (error._tag) {
    case "HandshakeError":
      return Effect.succeed(error.serverResponse)
    case "OptionError":
      return Effect.fail(error)
    case "TimeoutError":
    case "TransportError":
      return Effect.succeed(unavailable)
  }
}

/** The application of a handler: what is to be provided besides the request. */
export type App<E, R> = HttpApp.Default<E | OptionError, Requirements | Exclude<R, Scope.Scope>>

const makeApp = <A, E, R, P>(handler: Handler<A, E, R>, options: UpgradeOptions<A, P>): App<E, R | P> => {
  const connection = Effect.matchEffect(accept(options), {
    onFailure: answerOf,
    onSuccess: ({ session, ws }) =>
      Effect.as(
        Effect.catchIf(handler(ws, session), isEndOfConnection, () => Effect.void),
        switched
      )
  })
  // Applications are uninterruptible by default; a connection is not to outlive its server.
  return withReadTurns(Effect.interruptible(Effect.scoped(connection))) as App<E, R | P>
}

/** Both orders of the arguments as one. */
const inOrder = <A, P, H extends Function>(
  first: H | UpgradeOptions<A, P>,
  second: H | UpgradeOptions<A, P> = {}
): [H, UpgradeOptions<A, P>] =>
  typeof first === "function" ? [first, second as UpgradeOptions<A, P>] : [second as H, first]

/**
 * An application that answers with a WebSocket, or a refusal; the handler is as of `WebSocketServer.serve`. Its failure is
 * that of the application, unless its connection has ended.
 *
 * With `authorize` the options come first, and the handler gets what it found out as its second argument.
 */
export const toHttpApp: {
  <E, R, P = never>(handler: Handler<undefined, E, R>, options?: UpgradeOptions<undefined, P>): App<E, R | P>
  <A, E, R, P = never>(options: UpgradeOptions<A, P>, handler: Handler<A, E, R>): App<E, R | P>
} = <A, E, R, P>(
  first: Handler<A, E, R> | UpgradeOptions<A, P>,
  second?: Handler<A, E, R> | UpgradeOptions<A, P>
): App<E, R | P> => makeApp(...inOrder<A, P, Handler<A, E, R>>(first, second))
