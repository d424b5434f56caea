/**
 * How a server says no: the answer to a request that is refused, and the failure that tells the caller of it.
 *
 * A client learns which rule it broke, or what the policy of the application says; of our own mistakes it learns that there was one.
 */
import type { HandshakeViolation } from "@effect-websocket/protocol/handshake/HandshakeViolation"
import * as ServerHandshake from "@effect-websocket/protocol/handshake/ServerHandshake"
import { keepAlive } from "@effect-websocket/protocol/http/Connection"
import { Fields } from "@effect-websocket/protocol/http/Fields"
import type { RequestHead } from "@effect-websocket/protocol/http/RequestHead"
import type * as ResponseHead from "@effect-websocket/protocol/http/ResponseHead"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { HttpCodec } from "../HttpCodec.js"
import { dated, framed, toResponse } from "../http/HttpAnswer.js"
import type { Duplex } from "../Transport.js"
import {
  HandshakeError,
  type HandshakeReason,
  type HttpResponse,
  OptionError,
  type TransportError
} from "../WebSocketError.js"
import { orEffect } from "../waiting/orEffect.js"
import type { AcceptOptions } from "./HandshakeOptions.js"
import { Rejected } from "./Rejected.js"

type Codec = HttpCodec["Type"]

const noOctets = new Uint8Array(0)

/** A refusal on its way: a rule of the protocol, or the answer of a policy. */
export type Refusal = HandshakeViolation | Rejected

/** What is refused: the head, if it could be read, and the octets behind it. */
interface Refused {
  readonly head: RequestHead | undefined
  readonly leftover: Uint8Array
}

const internalError = framed(toResponse({ status: 500 }), false)

/** Our own mistake in an answer, or a defect of a policy, is not the client's business: it learns that there was one. */
const orInternalError = <A, E, R>(
  codec: Codec,
  duplex: Duplex,
  answering: Effect.Effect<A, E, R>
): Effect.Effect<A, E | OptionError, R> =>
  Effect.tapErrorCause(answering, (cause) => {
    const isOurs = Cause.isDie(cause) || (Cause.isFailType(cause) && cause.error instanceof OptionError)
    return isOurs ? codec.writeResponse(duplex, internalError) : Effect.void
  })

const ofPolicy = (rejected: Rejected): HandshakeReason => ({
  _tag: "Rejected",
  section: "RFC 6455 §4.2.2",
  rule: "the application refused the request",
  response: rejected.response
})

/** Which fields belong to the framing of the response, and are not decorated. */
const framing = ["Connection", "Content-Length", "Transfer-Encoding"]

/** The response of a refusal, with the fields that tell whether the connection stays open. */
const answerOf = <A, R>(
  refusal: Refusal,
  isKept: boolean,
  { decorateResponse }: AcceptOptions<A, R>
): Effect.Effect<HttpResponse, OptionError, R> => {
  if (refusal instanceof Rejected && !refuses(refusal.response.head)) return Effect.fail(notRefusing)
  const plain: HttpResponse =
    refusal instanceof Rejected ? framed(refusal.response, isKept) : ServerHandshake.refusal(refusal, isKept)
  if (decorateResponse === undefined) return Effect.succeed(plain)
  return Effect.map(orEffect(decorateResponse(plain.head)), (input) => {
    const fields = framing.reduce((decorated, name) => decorated.delete(name), Fields.from(input))
    return { ...plain, head: { ...plain.head, fields: plain.head.fields.merge(fields) } }
  })
}

const notRefusing = new OptionError({ option: "status", rule: "a refusal has a status from 300 to 599" })

const refuses = ({ status }: ResponseHead.ResponseHead): boolean => status >= 300 && status <= 599

const refuse = <A, R>(
  codec: Codec,
  duplex: Duplex,
  read: Refused,
  refusal: Refusal,
  options: AcceptOptions<A, R>
): Effect.Effect<never, HandshakeError | OptionError, R> =>
  Effect.gen(function* () {
    const isKept = options.keepAlive === "allow" && read.head !== undefined && keepAlive(read.head)
    const response = yield* dated(yield* answerOf(refusal, isKept, options))
    yield* codec.writeResponse(duplex, response)
    return yield* new HandshakeError({
      role: "server",
      reason: refusal instanceof Rejected ? ofPolicy(refusal) : refusal,
      request: Option.fromNullable(read.head),
      response: Option.some(response),
      keepAlive: isKept && keepAlive(response.head),
      leftover: read.leftover
    })
  })

/** Answers, and fails, because nothing else has been decided: by a refusal, by a mistake of ours, or a defect. */
export const refuseBecause = <A, R>(
  codec: Codec,
  duplex: Duplex,
  read: Refused,
  cause: Cause.Cause<Refusal | OptionError>,
  options: AcceptOptions<A, R>
): Effect.Effect<never, HandshakeError | OptionError, R> => {
  const refused = Effect.catchAll(Effect.failCause(cause), (error) =>
    error instanceof OptionError ? Effect.fail(error) : refuse(codec, duplex, read, error, options)
  )
  return orInternalError(codec, duplex, refused)
}

/** What is wrong with a head that was not read to its end, as long as somebody waits for an answer. */
const isAnswered = (reason: HandshakeReason): reason is HandshakeViolation =>
  reason._tag === "BadHttpVersion" || (reason._tag === "HttpError" && reason.violation.kind !== "EndedEarly")

/** A head that is not HTTP is answered too; an end of the connection is not. */
export const refuseBroken = <A, R>(
  codec: Codec,
  duplex: Duplex,
  error: HandshakeError | TransportError,
  options: AcceptOptions<A, R>
): Effect.Effect<never, HandshakeError | TransportError | OptionError, R> =>
  error._tag === "HandshakeError" && isAnswered(error.reason)
    ? orInternalError(
        codec,
        duplex,
        refuse(codec, duplex, { head: undefined, leftover: noOctets }, error.reason, options)
      )
    : Effect.fail(error)
