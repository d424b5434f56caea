/**
 * Ordinary HTTP requests on the port of a WebSocket server: a head in, with its body the application's answer out.
 *
 * What breaks HTTP, or is for another host, is refused before the application is asked. Bodies are bounded in size and in time.
 * Whatever the answer, the connection either is in order behind it, or closes (RFC 9112 §9.3, §9.6).
 */
import * as OrdinaryRequest from "@effect-websocket/protocol/handshake/OrdinaryRequest"
import { hostAllowed } from "@effect-websocket/protocol/handshake/OriginPolicy"
import { keepAlive } from "@effect-websocket/protocol/http/Connection"
import { Fields } from "@effect-websocket/protocol/http/Fields"
import { isHttpViolation } from "@effect-websocket/protocol/http/HttpViolation"
import type { RequestHead } from "@effect-websocket/protocol/http/RequestHead"
import * as ResponseHead from "@effect-websocket/protocol/http/ResponseHead"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { type BodyRead, type HeadRead, HttpCodec } from "../HttpCodec.js"
import { dated, framed, goOn, type HttpAnswer, toResponse } from "../http/HttpAnswer.js"
import type { LimitValues } from "../Limits.js"
import type { Duplex } from "../Transport.js"
import { OptionError } from "../WebSocketError.js"
import { whileThere } from "./whileThere.js"

/** An ordinary HTTP request: its head, and its body when it has one. */
export interface HttpRequest {
  readonly head: RequestHead
  readonly body: Uint8Array
}

/**
 * Answers ordinary HTTP requests, with a status from 200 to 599. It has no deadline of its own. The end of the server interrupts it,
 * and the client gets 503; a connection that breaks interrupts it too, unless the client has sent more requests behind this one.
 */
export type HttpHandler<R = never> = (request: HttpRequest) => Effect.Effect<HttpAnswer, never, R>

/** Who answers, and for which hosts. */
export interface HttpOptions<R> {
  readonly handler: HttpHandler<R>
  readonly hosts?: ReadonlyArray<string> | undefined
}

type Codec = HttpCodec["Type"]

const noOctets = new Uint8Array(0)

/** RFC 9110 §7.4: a server answers for its own hosts. */
const isOwnHost = (host: string | undefined, hosts: ReadonlyArray<string> | undefined): boolean =>
  hosts === undefined || (host !== undefined && hostAllowed(host, hosts))

/** The refusal of a request which is not read any further, or what it needs. */
const refusal = (
  head: RequestHead,
  hosts: ReadonlyArray<string> | undefined,
  { maxRequestBody }: LimitValues
): HttpAnswer | OrdinaryRequest.OrdinaryRequest => {
  const request = OrdinaryRequest.verify(head)
  if (isHttpViolation(request)) return { status: request.status, body: `${request.section}: ${request.rule}\n` }
  if (!isOwnHost(request.host, hosts)) return { status: 421 }
  const { body } = request
  return body._tag === "Length" && body.length > maxRequestBody ? { status: 413 } : request
}

const statusOfFault = { TooLong: 413, Broken: 400, Unfinished: 408 }

/** The whole body, or the refusal of one that is none. Who waits for a word to send it (RFC 9110 §10.1.1) gets it. */
const readBody = (
  codec: Codec,
  duplex: Duplex,
  leftover: Uint8Array,
  { awaitsContinue, body: framing }: OrdinaryRequest.OrdinaryRequest,
  limits: LimitValues
): Effect.Effect<BodyRead | HttpAnswer, OptionError> => {
  if (framing._tag === "None" || (framing._tag === "Length" && framing.length === 0)) {
    return Effect.succeed({ octets: noOctets, fault: undefined, leftover })
  }
  const bounds = { maxSize: limits.maxRequestBody, within: limits.handshakeTimeout }
  return Effect.zipRight(
    awaitsContinue && leftover.length === 0 ? codec.writeResponse(duplex, goOn) : Effect.void,
    Effect.map(codec.readBody(duplex, framing, bounds, leftover), (read) =>
      read.fault === undefined ? read : { status: statusOfFault[read.fault] }
    )
  )
}

/** The application wants the connection closed behind its answer. */
const wantsClose = ({ fields }: HttpAnswer): boolean =>
  fields !== undefined && !keepAlive(ResponseHead.make(200, Fields.from(fields)))

const checked = (answer: HttpAnswer): Effect.Effect<HttpAnswer, OptionError> =>
  answer.status >= 200 && answer.status <= 599
    ? Effect.succeed(answer)
    : Effect.fail(new OptionError({ option: "status", rule: "an answer has a status from 200 to 599" }))

/** An answer, and the octets behind the request if another one may follow. */
interface Reply {
  readonly answer: HttpAnswer
  readonly leftover: Uint8Array | undefined
}

const refused = (answer: HttpAnswer): Reply => ({ answer, leftover: undefined })

const reply = <R>(
  codec: Codec,
  duplex: Duplex,
  { head, leftover }: HeadRead<RequestHead>,
  { handler, hosts }: HttpOptions<R>,
  limits: LimitValues
): Effect.Effect<Reply, OptionError, R> =>
  Effect.gen(function* () {
    const request = refusal(head, hosts, limits)
    if ("status" in request) return refused(request)
    const body = yield* readBody(codec, duplex, leftover, request, limits)
    if ("status" in body) return refused(body)
    const handled = Effect.flatMap(handler({ head, body: body.octets }), checked)
    const { ahead, result: answer } = yield* whileThere(duplex, body.leftover, handled)
    return { answer, leftover: keepAlive(head) && !wantsClose(answer) ? ahead : undefined }
  })

/** The handler has failed, which it may not: the client learns that, and no more. */
const failed = (cause: Cause.Cause<OptionError>): Effect.Effect<Reply> =>
  Effect.as(Effect.logError("an HTTP handler failed", cause), refused({ status: 500 }))

/**
 * Answers one ordinary request; gives the octets behind it when another one may follow. An interruption before the answer is
 * one too: 503.
 */
export const answerHttp = <R>(
  duplex: Duplex,
  read: HeadRead<RequestHead>,
  options: HttpOptions<R>,
  limits: LimitValues
): Effect.Effect<Uint8Array | undefined, never, R | HttpCodec> =>
  Effect.flatMap(HttpCodec, (codec) => {
    const write = ({ answer, leftover }: Reply): Effect.Effect<Uint8Array | undefined, OptionError> => {
      const response = framed(toResponse(answer), leftover !== undefined)
      // RFC 9110 §9.3.2: the answer to HEAD is a head alone.
      const sent = read.head.method === "HEAD" ? { ...response, body: noOctets } : response
      return Effect.as(
        Effect.flatMap(dated(sent), (whole) => codec.writeResponse(duplex, whole)),
        leftover
      )
    }
    const fail = (cause: Cause.Cause<OptionError>) => Effect.flatMap(failed(cause), write)
    return Effect.suspend(() => reply(codec, duplex, read, options, limits)).pipe(
      Effect.onInterrupt(() => Effect.ignore(write(refused({ status: 503 })))),
      Effect.flatMap(write),
      Effect.catchAllCause((cause) => (Cause.isInterrupted(cause) ? Effect.interrupt : fail(cause))),
      Effect.orDie
    )
  })
