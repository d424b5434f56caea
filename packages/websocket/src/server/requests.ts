/**
 * The requests of one connection, until one of them is accepted as a WebSocket, or the connection ends.
 *
 * Requests for a WebSocket get the opening handshake; others the application's answer, if it has one. They are answered in
 * order while the connection is kept alive (RFC 9112 §9.3); what does not end in a WebSocket is torn down in order.
 */
import { encode } from "@effect-websocket/protocol/bytes/Utf8"
import { isUpgrade } from "@effect-websocket/protocol/handshake/ServerHandshake"
import * as BodyFraming from "@effect-websocket/protocol/http/BodyFraming"
import { keepAlive } from "@effect-websocket/protocol/http/Connection"
import { Fields, type FieldsInput } from "@effect-websocket/protocol/http/Fields"
import { isHttpViolation } from "@effect-websocket/protocol/http/HttpViolation"
import type { RequestHead } from "@effect-websocket/protocol/http/RequestHead"
import * as ResponseHead from "@effect-websocket/protocol/http/ResponseHead"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type Accepted, type AcceptOptions, Handshake, type HandshakeFailure } from "../Handshake.js"
import { type HeadRead, HttpCodec } from "../HttpCodec.js"
import { refuseBroken } from "../handshake/accept.js"
import { within } from "../handshake/deadline.js"
import type { LimitValues } from "../Limits.js"
import type { Duplex } from "../Transport.js"
import { HandshakeError, type HttpResponse, type OptionError } from "../WebSocketError.js"

/** An ordinary HTTP request: its head, and its body when it has one. */
export interface HttpRequest {
  readonly head: RequestHead
  readonly body: Uint8Array
}

/** The answer to it. `Content-Length` and `Connection` are set; a string is sent as UTF-8. */
export interface HttpAnswer {
  readonly status: number
  readonly fields?: FieldsInput | undefined
  readonly body?: string | Uint8Array | undefined
}

/** Answers ordinary HTTP requests. */
export type HttpHandler<R = never> = (request: HttpRequest) => Effect.Effect<HttpAnswer, never, R>

/** What the requests of a connection are answered with. */
export interface RequestsOptions<A, R> extends AcceptOptions<A, R> {
  readonly http?: HttpHandler<R> | undefined
  readonly onHandshakeError?: ((error: HandshakeFailure) => Effect.Effect<void, never, R>) | undefined
}

const noOctets = new Uint8Array(0)

const response = ({ body = noOctets, fields = Fields.empty, status }: HttpAnswer, isKept: boolean): HttpResponse => {
  const octets = typeof body === "string" ? encode(body) : body
  const framed = Fields.from(fields)
    .delete("Transfer-Encoding")
    .set("Content-Length", String(octets.length))
    .set("Connection", isKept ? "keep-alive" : "close")
  return { head: ResponseHead.make(status, framed), body: octets }
}

/** Answers one ordinary request; gives the octets behind it when another one may follow. */
const answerHttp = <R>(
  duplex: Duplex,
  { head, leftover }: HeadRead<RequestHead>,
  handler: HttpHandler<R>,
  limits: LimitValues
): Effect.Effect<Uint8Array | undefined, never, R | HttpCodec> =>
  Effect.gen(function* () {
    const codec = yield* HttpCodec
    const refuse = (answer: HttpAnswer) => Effect.as(codec.writeResponse(duplex, response(answer, false)), undefined)
    const framing = BodyFraming.ofRequest(head)
    if (isHttpViolation(framing)) return yield* refuse({ status: framing.status, body: `${framing.rule}\n` })
    const bounds = { maxSize: limits.maxRequestBody, within: limits.handshakeTimeout }
    const body = yield* codec.readBody(duplex, framing, bounds, leftover)
    if (!body.isComplete) return yield* refuse({ status: 413 })
    const answer = yield* handler({ head, body: body.octets })
    const isKept = keepAlive(head) && !wantsClose(answer)
    const whole = response(answer, isKept)
    yield* codec.writeResponse(duplex, head.method === "HEAD" ? { ...whole, body: noOctets } : whole)
    return isKept ? body.leftover : undefined
  }).pipe(Effect.catchAllCause((cause) => answerFailure(duplex, cause)))

/** The application's answer was a defect, or may not stand in a head: the client learns that there was one. */
const answerFailure = (duplex: Duplex, cause: Cause.Cause<OptionError>): Effect.Effect<undefined, never, HttpCodec> =>
  Cause.isInterrupted(cause)
    ? Effect.interrupt
    : Effect.zipRight(
        Effect.logError("an HTTP handler failed", cause),
        Effect.as(write(duplex, { status: 500 }), undefined)
      )

/** Writes an answer of our own, behind which the connection closes. */
const write = (duplex: Duplex, answer: HttpAnswer): Effect.Effect<void, never, HttpCodec> =>
  Effect.flatMap(HttpCodec, (codec) => Effect.orDie(codec.writeResponse(duplex, response(answer, false))))

/** The application wants the connection closed behind its answer. */
const wantsClose = ({ fields }: HttpAnswer): boolean =>
  fields !== undefined && !keepAlive(ResponseHead.make(200, Fields.from(fields)))

/** What a request turned out to be. */
type Attempt<A> =
  | { readonly _tag: "Accepted"; readonly accepted: Accepted<A> }
  | { readonly _tag: "Http"; readonly read: HeadRead<RequestHead>; readonly handler: HttpHandler<never> }

/** Reads one request, and makes the handshake when it asks for one: within the deadline, which is a total. */
const attempt = <A, R>(
  duplex: Duplex,
  octets: Uint8Array,
  options: RequestsOptions<A, R>,
  limits: LimitValues
): Effect.Effect<Attempt<A>, HandshakeFailure, R | HttpCodec | Handshake> => {
  const inner = { ...options, limits: { ...options.limits, handshakeTimeout: Number.POSITIVE_INFINITY } }
  const whole = Effect.gen(function* () {
    const codec = yield* HttpCodec
    const handshake = yield* Handshake
    const read = yield* Effect.catchAll(codec.readRequest(duplex, limits, octets), (error) =>
      refuseBroken(codec, duplex, error, options)
    )
    const { http } = options
    if (http !== undefined && !isUpgrade(read.head)) return { _tag: "Http" as const, read, handler: http }
    const accepted = yield* handshake.server(duplex, inner, { request: read.head, octets: read.leftover })
    return { _tag: "Accepted" as const, accepted }
  })
  return within(whole, limits.handshakeTimeout, () => "Handshake") as Effect.Effect<
    Attempt<A>,
    HandshakeFailure,
    R | HttpCodec | Handshake
  >
}

/** Reads and answers requests until one is accepted; `undefined` when the connection is to be closed. */
const answerAll = <A, R>(
  duplex: Duplex,
  octets: Uint8Array,
  options: RequestsOptions<A, R>,
  limits: LimitValues
): Effect.Effect<Accepted<A> | undefined, HandshakeFailure, R | HttpCodec | Handshake> =>
  Effect.gen(function* () {
    let leftover: Uint8Array | undefined = octets
    while (leftover !== undefined) {
      const result: Attempt<A> | HandshakeError = yield* Effect.catchIf(
        attempt(duplex, leftover, options, limits),
        (error): error is HandshakeError => error._tag === "HandshakeError" && error.keepAlive,
        (error) => Effect.as(report(options, error), error)
      )
      if (result._tag === "Accepted") return result.accepted
      leftover =
        result._tag === "Http" ? yield* answerHttp(duplex, result.read, result.handler, limits) : result.leftover
    }
    return undefined
  })

const report = <A, R>(options: RequestsOptions<A, R>, error: HandshakeFailure): Effect.Effect<void, never, R> =>
  options.onHandshakeError?.(error) ?? Effect.logDebug("a handshake failed", error)

/** Seconds after which a client that came too many may try again. */
const retryAfter = 1

const refuseBusy = (duplex: Duplex): Effect.Effect<never, HandshakeError, HttpCodec> => {
  const answer = response({ status: 503, fields: { "Retry-After": String(retryAfter) } }, false)
  const rule = "the server has as many connections as it may have"
  const error = new HandshakeError({
    role: "server",
    reason: { _tag: "ServerBusy", section: "RFC 9110 §15.6.4", rule, retryAfter },
    request: Option.none(),
    response: Option.some(answer),
    keepAlive: false,
    leftover: noOctets
  })
  return Effect.flatMap(HttpCodec, (codec) =>
    Effect.zipRight(Effect.orDie(codec.writeResponse(duplex, answer)), Effect.fail(error))
  )
}

/**
 * Answers the requests of a connection until one is accepted as a WebSocket. `undefined`: the connection has been given up,
 * in order and within `limits.closeTimeout`, so that a refusal reaches a client that is still sending.
 */
export const serveRequests = <A, R>(
  duplex: Duplex,
  options: RequestsOptions<A, R>,
  limits: LimitValues,
  isFull: boolean
): Effect.Effect<Accepted<A> | undefined, never, R | HttpCodec | Handshake> => {
  const answered = isFull ? refuseBusy(duplex) : answerAll(duplex, noOctets, options, limits)
  const giveUp = Effect.timeoutOption(duplex.teardown("server"), Duration.millis(limits.closeTimeout))
  return answered.pipe(
    // The time for a request is up: the client learns it, when it listens.
    Effect.tapErrorTag("TimeoutError", () => write(duplex, { status: 408 })),
    Effect.catchAll((error) => Effect.as(report(options, error), undefined)),
    Effect.tap((accepted) => (accepted === undefined ? giveUp : Effect.void))
  )
}
