/**
 * The server's part of the opening handshake (RFC 6455 §4.2): a request in, the checks and policies, a response out.
 *
 * The first rule that is broken decides; whatever the answer, it is written here, and the caller learns why.
 */
import * as ExtensionList from "@effect-websocket/protocol/extension/ExtensionList"
import * as PerMessageDeflate from "@effect-websocket/protocol/extension/PerMessageDeflate"
import type { HandshakeViolation } from "@effect-websocket/protocol/handshake/HandshakeViolation"
import type { Negotiated } from "@effect-websocket/protocol/handshake/Negotiated"
import * as ServerHandshake from "@effect-websocket/protocol/handshake/ServerHandshake"
import * as Subprotocol from "@effect-websocket/protocol/handshake/Subprotocol"
import { keepAlive } from "@effect-websocket/protocol/http/Connection"
import { awaitsContinue } from "@effect-websocket/protocol/http/Expectation"
import { Fields } from "@effect-websocket/protocol/http/Fields"
import type { RequestHead } from "@effect-websocket/protocol/http/RequestHead"
import type * as ResponseHead from "@effect-websocket/protocol/http/ResponseHead"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type CompressionSettings, chosen } from "../Compression.js"
import type { HeadRead, HttpCodec } from "../HttpCodec.js"
import { inContext } from "../host/inContext.js"
import { dated, framed, goOn, toResponse } from "../http/HttpAnswer.js"
import { type LimitValues, resolveIn } from "../Limits.js"
import { accepting, answering } from "../observing/handshakes.js"
import type { Duplex } from "../Transport.js"
import {
  HandshakeError,
  type HandshakeReason,
  type HttpResponse,
  OptionError,
  type TransportError
} from "../WebSocketError.js"
import { within } from "./deadline.js"
import type { Accepted, AcceptOptions, AlreadyRead, HandshakeFailure, OrEffect } from "./HandshakeOptions.js"
import { checkHost, checkOrigin } from "./hostPolicies.js"
import { andThen, orEffect } from "./orEffect.js"
import { Rejected } from "./Rejected.js"

type Codec = HttpCodec["Type"]
type UpgradeRequest = ServerHandshake.UpgradeRequest

const noOctets = new Uint8Array(0)

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

/** A refusal on its way: a rule of the protocol, or the answer of a policy. */
type Refusal = HandshakeViolation | Rejected

/** RFC 6455 §4.2.2 step 5.5: one of those the client offers, or none. */
const chooseSubprotocol = <A, R>(
  request: UpgradeRequest,
  options: AcceptOptions<A, R>
): OrEffect<string | undefined, Refusal, R> => {
  const { requireSubprotocol = false, subprotocols = [] } = options
  const offered = request.subprotocols
  const choice: OrEffect<string | undefined, Rejected, R> =
    typeof subprotocols === "function"
      ? andThen(subprotocols(offered, request), Option.getOrUndefined)
      : Subprotocol.choose(offered, subprotocols)
  return andThen(choice, (chosen) =>
    chosen !== undefined || !requireSubprotocol ? chosen : Effect.fail(ServerHandshake.subprotocolRequired(request))
  )
}

/** A request that is accepted: the answer, and what the application has found out. */
interface Decision<A> extends Pick<Negotiated, "response" | "subprotocol" | "extensions"> {
  readonly session: A
}

/** Everything that may refuse the request, in order. `settings`: those of permessage-deflate, when it is wanted. */
const decide = <A, R>(
  head: RequestHead,
  options: AcceptOptions<A, R>,
  encrypted: boolean,
  settings: CompressionSettings | undefined
): OrEffect<Decision<A>, Refusal | OptionError, R> => {
  const request = ServerHandshake.verify(head)
  if ("_tag" in request) return Effect.fail(request)
  const violation = checkOrigin(request, options, encrypted) ?? checkHost(request, options)
  if (violation !== undefined) return Effect.fail(violation)
  const agree = (session: A) =>
    andThen(chooseSubprotocol(request, options), (subprotocol): OrEffect<Decision<A>, OptionError, R> => {
      const deflate = settings && PerMessageDeflate.answer(request.extensions, settings)
      const extensions = deflate === undefined ? [] : [deflate.extension]
      const response = makeResponse(request, subprotocol, extensions, options)
      return andThen(response, (response) => ({ response, subprotocol, extensions, session }))
    })
  return options.authorize === undefined
    ? agree(undefined as A)
    : Effect.flatMap(options.authorize(request), (session) => orEffect(agree(session)))
}

const makeResponse = <A, R>(
  request: UpgradeRequest,
  subprotocol: string | undefined,
  extensions: ReadonlyArray<ExtensionList.Extension>,
  { decorateResponse }: AcceptOptions<A, R>
): OrEffect<ResponseHead.ResponseHead, OptionError, R> => {
  const make = (fields: Fields): OrEffect<ResponseHead.ResponseHead, OptionError> => {
    const answer = { subprotocol, extensions: ExtensionList.format(extensions), fields }
    const head = ServerHandshake.response(request, answer)
    return "_tag" in head ? Effect.fail(new OptionError({ option: head.field, rule: head.rule })) : head
  }
  const plain = make(Fields.empty)
  if (decorateResponse === undefined) return plain
  return andThen(plain, (head) => andThen(decorateResponse(head), (fields) => make(Fields.from(fields))))
}

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
  read: { readonly head: RequestHead | undefined; readonly leftover: Uint8Array },
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

const answer = <A, R>(
  codec: Codec,
  duplex: Duplex,
  { head, leftover }: HeadRead<RequestHead>,
  options: AcceptOptions<A, R>,
  settings: CompressionSettings | undefined
): Effect.Effect<Accepted<A>, HandshakeError | OptionError, R> =>
  Effect.matchCauseEffect(
    Effect.suspend(() => orEffect(decide(head, options, duplex.info.encrypted, settings))),
    {
      onFailure: (cause) => {
        const refused = Effect.catchAll(Effect.failCause(cause), (error) =>
          error instanceof OptionError ? Effect.fail(error) : refuse(codec, duplex, { head, leftover }, error, options)
        )
        return orInternalError(codec, duplex, refused)
      },
      onSuccess: ({ session, ...agreed }) => {
        const switching = codec.writeResponse(duplex, { head: agreed.response, body: noOctets })
        // RFC 9110 §7.8: whoever sends Expect gets 100 before 101. A refusal is an answer by itself.
        const written =
          awaitsContinue(head) === true ? Effect.zipRight(codec.writeResponse(duplex, goOn), switching) : switching
        return Effect.as(written, { negotiated: { role: "server", request: head, ...agreed, leftover }, session })
      }
    }
  )

/** The request that was read already, or reads it. */
const requestOf = <A, R>(
  codec: Codec,
  duplex: Duplex,
  options: AcceptOptions<A, R>,
  { octets = noOctets, request }: AlreadyRead,
  limits: LimitValues
): OrEffect<HeadRead<RequestHead>, HandshakeFailure, R> =>
  request === undefined
    ? Effect.catchAll(codec.readRequest(duplex, limits, octets), (error) => refuseBroken(codec, duplex, error, options))
    : { head: request, leftover: octets }

/** Answers the client on `duplex`. */
export const accept = <A, R>(
  codec: Codec,
  duplex: Duplex,
  options: AcceptOptions<A, R>,
  read: AlreadyRead
): Effect.Effect<Accepted<A>, HandshakeFailure, R> =>
  inContext<R, Accepted<A>, HandshakeFailure, R>(({ context }) => {
    const limits = resolveIn(context, "server", options.limits)
    if (limits instanceof OptionError) return Effect.fail(limits)
    const answered = (settings: CompressionSettings | undefined): Effect.Effect<Accepted<A>, HandshakeFailure, R> => {
      const whole = andThen(requestOf(codec, duplex, options, read, limits), (read) =>
        answering(context, read.head, duplex.info, answer(codec, duplex, read, options, settings))
      )
      return accepting(context, within(orEffect(whole), limits.handshakeTimeout, "Handshake"))
    }
    return options.compression ? Effect.flatMap(chosen(options.compression), answered) : answered(undefined)
  })
