/**
 * The requests of one connection, until one of them is accepted as a WebSocket, or the connection ends.
 *
 * Requests for a WebSocket get the opening handshake; others the application's answer, if it has one. They are answered in
 * order while the connection is kept alive (RFC 9112 §9.3); what does not end in a WebSocket is torn down in order.
 */
import { isUpgrade } from "@effect-websocket/protocol/handshake/ServerHandshake"
import type { RequestHead } from "@effect-websocket/protocol/http/RequestHead"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type Accepted, type AcceptOptions, Handshake, type HandshakeFailure } from "../Handshake.js"
import { type HeadRead, HttpCodec } from "../HttpCodec.js"
import { refuseBroken } from "../handshake/accept.js"
import { within } from "../handshake/deadline.js"
import { framed, toResponse } from "../http/HttpAnswer.js"
import type { LimitValues } from "../Limits.js"
import type { Duplex } from "../Transport.js"
import { HandshakeError, type HttpResponse } from "../WebSocketError.js"
import { answerHttp, type HttpHandler } from "./answerHttp.js"

/** What the requests of a connection are answered with. */
export interface RequestsOptions<A, R> extends AcceptOptions<A, R> {
  readonly http?: HttpHandler<R> | undefined
  readonly onHandshakeError?: ((error: HandshakeFailure) => Effect.Effect<void, never, R>) | undefined
}

const noOctets = new Uint8Array(0)

/** Writes an answer of our own, behind which the connection closes. */
const write = (duplex: Duplex, response: HttpResponse): Effect.Effect<void, never, HttpCodec> =>
  Effect.flatMap(HttpCodec, (codec) => Effect.orDie(codec.writeResponse(duplex, response)))

const timedOut = framed(toResponse({ status: 408 }), false)

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
  return within(whole, limits.handshakeTimeout, "Handshake") as Effect.Effect<
    Attempt<A>,
    HandshakeFailure,
    R | HttpCodec | Handshake
  >
}

const isEnd = (error: HandshakeFailure): boolean =>
  error._tag === "TransportError" && error.reason._tag === "EndOfStream"

/** Reads and answers requests until one is accepted; `undefined` when the connection is to be closed. */
const answerAll = <A, R>(
  duplex: Duplex,
  options: RequestsOptions<A, R>,
  limits: LimitValues
): Effect.Effect<Accepted<A> | undefined, HandshakeFailure, R | HttpCodec | Handshake> => {
  const next = (
    octets: Uint8Array,
    isFirst: boolean
  ): Effect.Effect<Accepted<A> | undefined, HandshakeFailure, R | HttpCodec | Handshake> =>
    Effect.matchEffect(attempt(duplex, octets, options, limits), {
      onFailure: (error) => {
        if (error._tag === "HandshakeError" && error.keepAlive) {
          return Effect.zipRight(report(options, error), next(error.leftover, false))
        }
        // RFC 9112 §9.3: behind an answer the client may end the connection.
        return !isFirst && isEnd(error) ? Effect.succeed(undefined) : Effect.fail(error)
      },
      onSuccess: (result) =>
        result._tag === "Accepted"
          ? Effect.succeed(result.accepted)
          : Effect.flatMap(answerHttp(duplex, result.read, result.handler, limits), (leftover) =>
              leftover === undefined ? Effect.succeed(undefined) : next(leftover, false)
            )
    })
  return next(noOctets, true)
}

const report = <A, R>(options: RequestsOptions<A, R>, error: HandshakeFailure): Effect.Effect<void, never, R> =>
  options.onHandshakeError?.(error) ?? Effect.logDebug("a handshake failed", error)

/** Seconds after which a client that came too many may try again. */
const retryAfter = 1

const refuseBusy = (duplex: Duplex): Effect.Effect<never, HandshakeError, HttpCodec> => {
  const answer = framed(toResponse({ status: 503, fields: { "Retry-After": String(retryAfter) } }), false)
  const rule = "the server has as many connections as it may have"
  const error = new HandshakeError({
    role: "server",
    reason: { _tag: "ServerBusy", section: "RFC 9110 §15.6.4", rule, retryAfter },
    request: Option.none(),
    response: Option.some(answer),
    keepAlive: false,
    leftover: noOctets
  })
  return Effect.zipRight(write(duplex, answer), Effect.fail(error))
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
  const answered = isFull ? refuseBusy(duplex) : answerAll(duplex, options, limits)
  const giveUp = Effect.timeoutOption(duplex.teardown("server"), Duration.millis(limits.closeTimeout))
  return answered.pipe(
    // The time for a request is up: the client learns it, when it listens.
    Effect.tapErrorTag("TimeoutError", () => write(duplex, timedOut)),
    Effect.catchAll((error) => Effect.as(report(options, error), undefined)),
    Effect.tap((accepted) => (accepted === undefined ? giveUp : Effect.void)),
    Effect.tapDefect(() => giveUp)
  )
}
