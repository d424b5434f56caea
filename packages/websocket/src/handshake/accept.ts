/**
 * The server's part of the opening handshake (RFC 6455 §4.2): a request in, the checks and policies, a response out.
 *
 * The first rule that is broken decides; whatever the answer, it is written here, and the caller learns why.
 */
import * as ExtensionList from "@effect-websocket/protocol/extension/ExtensionList"
import * as PerMessageDeflate from "@effect-websocket/protocol/extension/PerMessageDeflate"
import type { Negotiated } from "@effect-websocket/protocol/handshake/Negotiated"
import * as ServerHandshake from "@effect-websocket/protocol/handshake/ServerHandshake"
import * as Subprotocol from "@effect-websocket/protocol/handshake/Subprotocol"
import { awaitsContinue } from "@effect-websocket/protocol/http/Expectation"
import { Fields } from "@effect-websocket/protocol/http/Fields"
import type { RequestHead } from "@effect-websocket/protocol/http/RequestHead"
import type * as ResponseHead from "@effect-websocket/protocol/http/ResponseHead"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type CompressionSettings, chosen } from "../Compression.js"
import type { HeadRead, HttpCodec } from "../HttpCodec.js"
import { here } from "../host/Surroundings.js"
import { goOn } from "../http/HttpAnswer.js"
import { type LimitValues, resolveIn } from "../Limits.js"
import { accepting, answering } from "../observing/handshakes.js"
import type { Duplex } from "../Transport.js"
import { type HandshakeError, type HttpResponse, OptionError } from "../WebSocketError.js"
import { atOnce, Direct } from "../waiting/Direct.js"
import { andThen, isEffect, type OrEffect, orDie, orEffect } from "../waiting/orEffect.js"
import { within } from "./deadline.js"
import type { Accepted, AcceptOptions, AlreadyRead, HandshakeFailure } from "./HandshakeOptions.js"
import { checkHost, checkOrigin } from "./hostPolicies.js"
import type { Rejected } from "./Rejected.js"
import { type Refusal, refuseBecause, refuseBroken } from "./refuse.js"

type Codec = HttpCodec["Type"]
type UpgradeRequest = ServerHandshake.UpgradeRequest

const noOctets = new Uint8Array(0)

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

const answer = <A, R>(
  codec: Codec,
  duplex: Duplex,
  read: HeadRead<RequestHead>,
  options: AcceptOptions<A, R>,
  settings: CompressionSettings | undefined
): OrEffect<Accepted<A>, HandshakeError | OptionError, R> => {
  const { head, leftover } = read
  const write = (response: HttpResponse) => atOnce(codec.writeResponse(duplex, response))
  const accepted = ({ session, ...agreed }: Decision<A>): OrEffect<Accepted<A>, OptionError> => {
    // RFC 9110 §7.8: whoever sends Expect gets 100 before 101. A refusal is an answer by itself.
    const begun = awaitsContinue(head) === true ? write(goOn) : undefined
    const written = andThen(begun, () => write({ head: agreed.response, body: noOctets }))
    return andThen(written, () => ({ negotiated: { role: "server", request: head, ...agreed, leftover }, session }))
  }
  const decision = orDie(() => decide(head, options, duplex.info.encrypted, settings))
  if (!isEffect(decision)) return accepted(decision)
  return Effect.matchCauseEffect(decision, {
    onFailure: (cause) => refuseBecause(codec, duplex, read, cause, options),
    onSuccess: (decision) => orEffect(accepted(decision))
  })
}

/** The request that was read already, or reads it. */
const requestOf = <A, R>(
  codec: Codec,
  duplex: Duplex,
  options: AcceptOptions<A, R>,
  { octets = noOctets, request }: AlreadyRead,
  limits: LimitValues
): OrEffect<HeadRead<RequestHead>, HandshakeFailure, R> =>
  request === undefined ? readRequest(codec, duplex, options, octets, limits) : { head: request, leftover: octets }

/** Reads a request; one that is broken is answered. */
export const readRequest = <A, R>(
  codec: Codec,
  duplex: Duplex,
  options: AcceptOptions<A, R>,
  octets: Uint8Array,
  limits: LimitValues
): OrEffect<HeadRead<RequestHead>, HandshakeFailure, R> => {
  const read = atOnce(codec.readRequest(duplex, limits, octets))
  return isEffect(read) ? Effect.catchAll(read, (error) => refuseBroken(codec, duplex, error, options)) : read
}

/** Answers the client on `duplex`. */
export const accept = <A, R>(
  codec: Codec,
  duplex: Duplex,
  options: AcceptOptions<A, R>,
  read: AlreadyRead
): Effect.Effect<Accepted<A>, HandshakeFailure, R> =>
  new Direct((): OrEffect<Accepted<A>, HandshakeFailure, R> => {
    const { context } = here<R>()
    const limits = resolveIn(context, "server", options.limits)
    if (limits instanceof OptionError) return Effect.fail(limits)
    const answered = (settings: CompressionSettings | undefined): OrEffect<Accepted<A>, HandshakeFailure, R> => {
      const whole = new Direct(() =>
        andThen(requestOf(codec, duplex, options, read, limits), (read) => {
          const answered = new Direct(() => answer(codec, duplex, read, options, settings))
          return atOnce(answering(context, read.head, duplex.info, answered))
        })
      )
      return atOnce(accepting(context, within(whole, limits.handshakeTimeout, "Handshake")))
    }
    return andThen(atOnce(chosen(options.compression)), answered)
  })
