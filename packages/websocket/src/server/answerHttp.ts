/**
 * Ordinary HTTP requests on the port of a WebSocket server: a head in, with its body the application's answer out.
 *
 * Bodies are bounded in size and in time. Whatever the application answers, the connection either is in order behind it, or
 * closes (RFC 9112 §9.3, §9.6).
 */
import * as BodyFraming from "@effect-websocket/protocol/http/BodyFraming"
import { keepAlive } from "@effect-websocket/protocol/http/Connection"
import { Fields } from "@effect-websocket/protocol/http/Fields"
import { hasToken } from "@effect-websocket/protocol/http/Grammar"
import { isHttpViolation } from "@effect-websocket/protocol/http/HttpViolation"
import type { RequestHead } from "@effect-websocket/protocol/http/RequestHead"
import * as ResponseHead from "@effect-websocket/protocol/http/ResponseHead"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { type BodyRead, type HeadRead, HttpCodec } from "../HttpCodec.js"
import { framed, type HttpAnswer, toResponse } from "../http/HttpAnswer.js"
import type { LimitValues } from "../Limits.js"
import type { Duplex } from "../Transport.js"
import { OptionError } from "../WebSocketError.js"

/** An ordinary HTTP request: its head, and its body when it has one. */
export interface HttpRequest {
  readonly head: RequestHead
  readonly body: Uint8Array
}

/** Answers ordinary HTTP requests, with a status from 200 to 599. */
export type HttpHandler<R = never> = (request: HttpRequest) => Effect.Effect<HttpAnswer, never, R>

type Codec = HttpCodec["Type"]

const noOctets = new Uint8Array(0)

/** The body, or the refusal of a request whose body is none. */
const readBody = (
  codec: Codec,
  duplex: Duplex,
  { head, leftover }: HeadRead<RequestHead>,
  limits: LimitValues
): Effect.Effect<BodyRead | HttpAnswer, OptionError> => {
  const framing = BodyFraming.ofRequest(head)
  if (isHttpViolation(framing)) return Effect.succeed({ status: framing.status, body: `${framing.rule}\n` })
  if (framing._tag === "Length" && framing.length > limits.maxRequestBody) return Effect.succeed({ status: 413 })
  const isEmpty = framing._tag === "None" || (framing._tag === "Length" && framing.length === 0)
  const bounds = { maxSize: limits.maxRequestBody, within: limits.handshakeTimeout }
  return Effect.zipRight(
    isEmpty || leftover.length > 0 ? Effect.void : invite(codec, duplex, head),
    codec.readBody(duplex, framing, bounds, leftover)
  )
}

/** RFC 9110 §10.1.1: a client that waits is told to send its body. */
const invite = (codec: Codec, duplex: Duplex, head: RequestHead): Effect.Effect<void, OptionError> =>
  head.version === "1.1" && hasToken(head.fields, "Expect", "100-continue")
    ? codec.writeResponse(duplex, { head: ResponseHead.make(100, Fields.empty), body: noOctets })
    : Effect.void

const statusOfFault = { TooLong: 413, Broken: 400, Unfinished: 408 }

/** The application wants the connection closed behind its answer. */
const wantsClose = ({ fields }: HttpAnswer): boolean =>
  fields !== undefined && !keepAlive(ResponseHead.make(200, Fields.from(fields)))

const checked = (answer: HttpAnswer): Effect.Effect<HttpAnswer, OptionError> =>
  answer.status >= 200 && answer.status <= 599
    ? Effect.succeed(answer)
    : Effect.fail(new OptionError({ option: "status", rule: "an answer has a status from 200 to 599" }))

/** The application's answer was a defect, or may not stand in a head: the client learns that there was one. */
const answerFailure = (
  codec: Codec,
  duplex: Duplex,
  cause: Cause.Cause<OptionError>
): Effect.Effect<undefined, OptionError> =>
  Cause.isInterrupted(cause)
    ? Effect.interrupt
    : Effect.logError("an HTTP handler failed", cause).pipe(
        Effect.zipRight(codec.writeResponse(duplex, framed(toResponse({ status: 500 }), false))),
        Effect.as(undefined)
      )

/** Answers one ordinary request; gives the octets behind it when another one may follow. */
export const answerHttp = <R>(
  duplex: Duplex,
  read: HeadRead<RequestHead>,
  handler: HttpHandler<R>,
  limits: LimitValues
): Effect.Effect<Uint8Array | undefined, never, R | HttpCodec> =>
  Effect.flatMap(HttpCodec, (codec) => {
    const { head } = read
    const refuse = (answer: HttpAnswer) =>
      Effect.as(codec.writeResponse(duplex, framed(toResponse(answer), false)), undefined)
    const respond = Effect.gen(function* () {
      const body = yield* readBody(codec, duplex, read, limits)
      if ("status" in body) return yield* refuse(body)
      if (body.fault !== undefined) return yield* refuse({ status: statusOfFault[body.fault] })
      const answer = yield* Effect.flatMap(handler({ head, body: body.octets }), checked)
      const isKept = keepAlive(head) && !wantsClose(answer)
      const response = framed(toResponse(answer), isKept)
      // RFC 9110 §9.3.2: the answer to HEAD is a head alone.
      yield* codec.writeResponse(duplex, head.method === "HEAD" ? { ...response, body: noOctets } : response)
      return isKept ? body.leftover : undefined
    })
    return Effect.orDie(Effect.catchAllCause(respond, (cause) => answerFailure(codec, duplex, cause)))
  })
