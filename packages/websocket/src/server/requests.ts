/**
 * The requests of one connection, until one of them is accepted as a WebSocket, or the connection ends.
 *
 * Requests for a WebSocket get the opening handshake; others the application's answer, if it has one. They are answered in
 * order while the connection is kept alive (RFC 9112 §9.3), without a bound to their number: each of them is bounded, and the
 * silence between them. What does not end in a WebSocket is torn down in order.
 */
import { concat } from "@effect-websocket/protocol/bytes/Octets"
import { isUpgrade } from "@effect-websocket/protocol/handshake/ServerHandshake"
import type { RequestHead } from "@effect-websocket/protocol/http/RequestHead"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { type Accepted, type AcceptOptions, Handshake, type HandshakeFailure, type Rejected } from "../Handshake.js"
import { type HeadRead, HttpCodec } from "../HttpCodec.js"
import { readRequest } from "../handshake/accept.js"
import { countdown, within } from "../handshake/deadline.js"
import { here } from "../host/Surroundings.js"
import { dated, framed, toResponse } from "../http/HttpAnswer.js"
import type { LimitValues } from "../Limits.js"
import { refused } from "../observing/handshakes.js"
import type { Duplex } from "../Transport.js"
import { HandshakeError, type HttpResponse } from "../WebSocketError.js"
import { atOnce, Direct } from "../waiting/Direct.js"
import { andThen, isEffect, type OrEffect } from "../waiting/orEffect.js"
import type { Admission, Full } from "./Admission.js"
import { answerHttp, type HttpHandler } from "./answerHttp.js"
import { nextOctets, taken } from "./betweenRequests.js"

/** What the requests of a connection are answered with. */
export interface RequestsOptions<A, R> extends AcceptOptions<A, R> {
  readonly http?: HttpHandler<R> | undefined
  readonly onHandshakeError?: ((error: HandshakeFailure) => Effect.Effect<void, never, R>) | undefined
}

/** The options for `serveRequests`, which watches over the deadline itself: the same for all connections of a server. */
export const limitless = <A, R, O extends RequestsOptions<A, R>>(options: O): O => ({
  ...options,
  limits: { ...options.limits, handshakeTimeout: Number.POSITIVE_INFINITY }
})

const noOctets = new Uint8Array(0)

/** Writes an answer of our own, behind which the connection closes. */
const write = (duplex: Duplex, response: HttpResponse): Effect.Effect<void, never, HttpCodec> =>
  Effect.flatMap(HttpCodec, (codec) => Effect.orDie(codec.writeResponse(duplex, response)))

const timedOut = framed(toResponse({ status: 408 }), false)

const unavailable = framed(toResponse({ status: 503 }), false)

type Policy<A, R> = NonNullable<AcceptOptions<A, R>["authorize"]>

/** Whether the application's policy is being asked: nothing has been answered then. */
class Decision<A, R> {
  isOpen = false

  constructor(private readonly policy: Policy<A, R>) {}

  readonly authorize: Policy<A, R> = (request) => {
    this.isOpen = true
    const ended = (exit: Exit.Exit<A, Rejected>) => {
      this.isOpen = Exit.isInterrupted(exit)
      return Effect.void
    }
    return Effect.onExit(this.policy(request), ended)
  }
}

/** A request that is the application's to answer. */
interface Ordinary<R> {
  readonly read: HeadRead<RequestHead>
  readonly handler: HttpHandler<R>
}

/** What a request turned out to be. */
type Attempt<A, R> = Accepted<A> | Ordinary<R>

/** Reads one request, which begins with `octets`, and makes the handshake when it asks for one. */
const answerOne = <A, R>(
  duplex: Duplex,
  octets: Uint8Array,
  options: RequestsOptions<A, R>,
  limits: LimitValues,
  { rate }: Admission
): OrEffect<Attempt<A, R>, HandshakeFailure, R | HttpCodec> => {
  type Answered = OrEffect<Attempt<A, R>, HandshakeFailure, R | HttpCodec>
  const { context } = here<HttpCodec | Handshake>()
  const { http } = options
  const handshake = Context.get(context, Handshake)
  return andThen(readRequest(Context.get(context, HttpCodec), duplex, options, octets, limits), (read): Answered => {
    if (http !== undefined && !isUpgrade(read.head)) return { read, handler: http }
    const accepting = handshake.server(duplex, options, { request: read.head, octets: read.leftover })
    if (!rate.isBounded) return atOnce(accepting)
    return Effect.flatMap(
      rate.exceeds(duplex.info.remote),
      (exceeds): Effect.Effect<Attempt<A, R>, HandshakeFailure, R | HttpCodec> =>
        exceeds ? refuseBusy(duplex, "second") : accepting
    )
  })
}

/** The first octets of a request, when there are none yet; the time in which it is to be answered has begun. */
const firstOctets = (duplex: Duplex, octets: Uint8Array, millis: number): OrEffect<Uint8Array, HandshakeFailure> =>
  octets.length > 0 ? octets : Effect.map(within(duplex.pull, millis, "Handshake"), concat)

/** Reads and answers one request within the deadline, which is a total. */
const attempt = <A, R>(
  duplex: Duplex,
  octets: Uint8Array,
  options: RequestsOptions<A, R>,
  limits: LimitValues,
  admission: Admission
): Effect.Effect<Attempt<A, R>, HandshakeFailure, R | HttpCodec | Handshake> => {
  // Without a policy there is no time at which the client would have to be told.
  const decision = options.authorize && new Decision(options.authorize)
  const inner = decision === undefined ? options : { ...options, authorize: decision.authorize }
  const { handshakeTimeout } = limits
  const answered = new Direct<Attempt<A, R>, HandshakeFailure, R | HttpCodec | Handshake>(() => {
    const timeLeft = countdown(handshakeTimeout)
    return andThen(firstOctets(duplex, octets, handshakeTimeout), (octets) => {
      const answer = answerOne(duplex, octets, inner, limits, admission)
      return isEffect(answer) ? within(answer, timeLeft(), "Handshake", handshakeTimeout) : answer
    })
  })
  if (decision === undefined) return answered
  // The server ends while the application decides: the client learns it.
  const leave = Effect.flatMap(dated(unavailable), (answer) => write(duplex, answer))
  return Effect.onInterrupt(answered, () =>
    decision.isOpen ? Effect.zipRight(leave, tearDown(duplex, limits)) : Effect.void
  )
}

/** Reads and answers requests until one is accepted; `undefined` when the connection is to be closed. */
const answerAll = <A, R>(
  duplex: Duplex,
  options: RequestsOptions<A, R>,
  limits: LimitValues,
  admission: Admission
): Effect.Effect<Accepted<A> | undefined, HandshakeFailure, R | HttpCodec | Handshake> => {
  type Answered = Effect.Effect<Accepted<A> | undefined, HandshakeFailure, R | HttpCodec | Handshake>
  const begin = (octets: Uint8Array): Answered =>
    Effect.matchEffect(
      admission.handshakes.enter((isFull) =>
        isFull ? refuseBusy(duplex, "server") : attempt(duplex, octets, options, limits, admission)
      ),
      {
        onFailure: (error) =>
          error._tag === "HandshakeError" && error.keepAlive
            ? Effect.zipRight(report(options, error), next(error.leftover))
            : Effect.fail(error),
        onSuccess: (result) =>
          "handler" in result ? Effect.flatMap(answered(duplex, result, options, limits), next) : Effect.succeed(result)
      }
    )
  const next = (leftover: Uint8Array | undefined): Answered =>
    leftover === undefined
      ? Effect.succeed(undefined)
      : Effect.flatMap(nextOctets(duplex, leftover, limits), (octets) =>
          octets === undefined ? Effect.succeed(undefined) : begin(octets)
        )
  return begin(noOctets)
}

/** The application's answer. When the server ends meanwhile, the client learns it before the connection is closed. */
const answered = <A, R>(
  duplex: Duplex,
  { handler, read }: Ordinary<R>,
  { hosts }: RequestsOptions<A, R>,
  limits: LimitValues
): Effect.Effect<Uint8Array | undefined, never, R | HttpCodec> =>
  Effect.onInterrupt(answerHttp(duplex, read, { handler, hosts }, limits), () => tearDown(duplex, limits))

const report = <A, R>(options: RequestsOptions<A, R>, error: HandshakeFailure): Effect.Effect<void, never, R> =>
  Effect.zipRight(refused(error), options.onHandshakeError?.(error) ?? Effect.logDebug("a handshake failed", error))

/** Seconds after which a client that came too many may try again. */
const retryAfter = 1

const tooMany = (status: number, section: string, rule: string) => ({
  section,
  rule,
  response: framed(toResponse({ status, fields: { "Retry-After": String(retryAfter) } }), false)
})

/** What one too many is told. */
const refusals = {
  server: tooMany(503, "RFC 9110 §15.6.4", "the server has as many connections as it may have"),
  address: tooMany(429, "RFC 6585 §4", "the client's address has as many connections as it may have"),
  second: tooMany(429, "RFC 6585 §4", "the client's address has made as many handshakes in this second as it may make")
}

const refuseBusy = (duplex: Duplex, full: Full): Effect.Effect<never, HandshakeError, HttpCodec> => {
  const { response, rule, section } = refusals[full]
  return Effect.flatMap(dated(response), (answer) => {
    const error = new HandshakeError({
      role: "server",
      reason: { _tag: "ServerBusy", section, rule, retryAfter },
      request: Option.none(),
      response: Option.some(answer),
      keepAlive: false,
      leftover: noOctets
    })
    return Effect.zipRight(write(duplex, answer), Effect.fail(error))
  })
}

/** Closes the connection in order; in time, also where nothing else may interrupt it. */
const tearDown = (duplex: Duplex, { closeTimeout }: LimitValues): Effect.Effect<void> =>
  Effect.ignore(within(Effect.interruptible(duplex.teardown("server")), closeTimeout, "Close"))

/** The client has time to take what was written, then the connection is closed. */
const giveUp = (duplex: Duplex, limits: LimitValues): Effect.Effect<undefined> =>
  Effect.as(Effect.zipRight(taken(duplex, limits), tearDown(duplex, limits)), undefined)

/** No request is answered any more. When the time for one is up, the client learns it, if it listens. */
const failed = <A, R>(
  duplex: Duplex,
  options: RequestsOptions<A, R>,
  error: HandshakeFailure
): Effect.Effect<void, never, R | HttpCodec> => {
  const told =
    error._tag === "TimeoutError" ? Effect.flatMap(dated(timedOut), (answer) => write(duplex, answer)) : Effect.void
  return Effect.zipRight(told, report(options, error))
}

/**
 * Answers the requests of a connection until one is accepted as a WebSocket. `undefined`: the connection has been given up,
 * in order and within `limits.closeTimeout`, so that a refusal reaches a client that is still sending.
 */
export const serveRequests = <A, R>(
  duplex: Duplex,
  options: RequestsOptions<A, R>,
  limits: LimitValues,
  admission: Admission,
  full?: Full
): Effect.Effect<Accepted<A> | undefined, never, R | HttpCodec | Handshake> => {
  const all = full ? refuseBusy(duplex, full) : answerAll(duplex, options, limits, admission)
  return Effect.matchCauseEffect(all, {
    onSuccess: (accepted) => (accepted === undefined ? giveUp(duplex, limits) : Effect.succeed(accepted)),
    onFailure: (cause) =>
      Effect.tapDefect(
        Effect.catchAll(Effect.failCause(cause), (error) =>
          Effect.zipRight(failed(duplex, options, error), giveUp(duplex, limits))
        ),
        () => tearDown(duplex, limits)
      )
  })
}
