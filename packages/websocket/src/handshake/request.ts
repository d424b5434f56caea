/**
 * The client's part of the opening handshake (RFC 6455 §4.1): a request out, a response in, and the checks.
 */
import * as ExtensionList from "@effect-websocket/protocol/extension/ExtensionList"
import * as PerMessageDeflate from "@effect-websocket/protocol/extension/PerMessageDeflate"
import * as ClientHandshake from "@effect-websocket/protocol/handshake/ClientHandshake"
import { httpError } from "@effect-websocket/protocol/handshake/HandshakeViolation"
import { encodeKey } from "@effect-websocket/protocol/handshake/Key"
import type { Negotiated } from "@effect-websocket/protocol/handshake/Negotiated"
import * as Subprotocol from "@effect-websocket/protocol/handshake/Subprotocol"
import type { WebSocketUri } from "@effect-websocket/protocol/handshake/WebSocketUri"
import * as BodyFraming from "@effect-websocket/protocol/http/BodyFraming"
import { keepAlive } from "@effect-websocket/protocol/http/Connection"
import { Fields, type FieldsInput } from "@effect-websocket/protocol/http/Fields"
import { httpViolation, isHttpViolation } from "@effect-websocket/protocol/http/HttpViolation"
import type { RequestHead } from "@effect-websocket/protocol/http/RequestHead"
import type { ResponseHead } from "@effect-websocket/protocol/http/ResponseHead"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { chosen } from "../Compression.js"
import { Entropy, type Source } from "../Entropy.js"
import type { BodyLimits, BodyRead, HeadRead, HttpCodec } from "../HttpCodec.js"
import { type LimitValues, resolve } from "../Limits.js"
import type { Duplex } from "../Transport.js"
import { HandshakeError, type HandshakeReason, OptionError, type TransportError } from "../WebSocketError.js"
import { orEffect } from "../waiting/orEffect.js"
import { countdown, within } from "./deadline.js"
import type { HandshakeFailure, RequestOptions } from "./HandshakeOptions.js"

type Codec = HttpCodec["Type"]

/** A request as it is sent, and what it offers. */
interface Attempt {
  readonly offer: ClientHandshake.ClientOffer
  readonly head: RequestHead
}

const nonceLength = 16

const fieldsOf = (uri: WebSocketUri, fields: FieldsInput | undefined): Fields => {
  const given = Fields.from(fields ?? Fields.empty)
  // Who gives credentials in the URI and in a field means the field.
  return uri.authorization === undefined || given.has("Authorization")
    ? given
    : given.set("Authorization", uri.authorization)
}

const makeHead = (offer: ClientHandshake.ClientOffer): Effect.Effect<Attempt, OptionError> => {
  const head = ClientHandshake.request(offer)
  return "_tag" in head
    ? Effect.fail(new OptionError({ option: head.field, rule: head.rule }))
    : Effect.succeed({ head, offer })
}

/** The request as the options alone make it. */
const plainAttempt = <E, R>(
  uri: WebSocketUri,
  { compression, fields, subprotocols = [] }: RequestOptions<E, R>,
  key: string
): Effect.Effect<Attempt, OptionError> => {
  const invalid = Subprotocol.invalidOffer(subprotocols)
  if (invalid !== undefined) return Effect.fail(new OptionError({ option: "subprotocols", rule: invalid }))
  const { authority, target } = uri
  return Effect.flatMap(chosen(compression), (settings) => {
    const extensions = settings === undefined ? "" : ExtensionList.format(PerMessageDeflate.offers(settings))
    return makeHead({ authority, target, key, subprotocols, extensions, fields: fieldsOf(uri, fields) })
  })
}

/** Whether the options may stand in a request, before there is a connection for it. What `decorateRequest` gives is seen later. */
export const checkRequest = <E, R>(
  uri: WebSocketUri,
  options: RequestOptions<E, R>
): Effect.Effect<void, OptionError> => Effect.asVoid(plainAttempt(uri, options, ""))

const attempt = <E, R>(
  uri: WebSocketUri,
  options: RequestOptions<E, R>,
  entropy: Source
): Effect.Effect<Attempt, OptionError | E, R> => {
  const { decorateRequest } = options
  const plain = plainAttempt(uri, options, encodeKey(entropy.unsafeOctets(nonceLength)))
  if (decorateRequest === undefined) return plain
  return Effect.flatMap(plain, ({ head, offer }) =>
    Effect.flatMap(orEffect(decorateRequest(head)), (fields) =>
      makeHead({ ...offer, fields: offer.fields.merge(Fields.from(fields)) })
    )
  )
}

const interimViolation = httpViolation(
  "Framing",
  "RFC 9110 §15.2",
  "interim responses come before a final one, and not without end",
  400
)

const noOctets = new Uint8Array(0)

/** The failure of a request: with the head of the response, when that was read. */
const failed = (
  request: RequestHead,
  reason: HandshakeReason,
  response: ResponseHead | undefined,
  leftover: Uint8Array = noOctets
): HandshakeError =>
  new HandshakeError({
    role: "client",
    reason,
    request: Option.some(request),
    response: Option.map(Option.fromNullable(response), (head) => ({ head, body: noOctets })),
    keepAlive: false,
    leftover
  })

/** RFC 9110 §15.2: a client skips interim responses which it does not expect; 101 is final here. */
const finalResponse = (
  codec: Codec,
  duplex: Duplex,
  limits: LimitValues,
  request: RequestHead
): Effect.Effect<HeadRead<ResponseHead>, HandshakeError | TransportError> => {
  const next = (
    octets: Uint8Array,
    interim: number
  ): Effect.Effect<HeadRead<ResponseHead>, HandshakeError | TransportError> =>
    Effect.flatMap(codec.readResponse(duplex, limits, octets), (read) => {
      const { status } = read.head
      if (status >= 200 || status === 101) return Effect.succeed(read)
      if (interim < limits.maxInterimResponses) return next(read.leftover, interim + 1)
      return Effect.fail(failed(request, httpError(interimViolation, "client"), read.head, read.leftover))
    })
  return Effect.mapError(next(noOctets, 0), (error) =>
    error._tag === "HandshakeError" && Option.isNone(error.request) ? failed(request, error.reason, undefined) : error
  )
}

const noBody: BodyRead = { octets: noOctets, fault: "Broken", leftover: noOctets }

/** The server answered, but not with 101: its response is the error, whole within the limits. */
const declined = (
  codec: Codec,
  duplex: Duplex,
  bounds: BodyLimits,
  head: RequestHead,
  { head: response, leftover }: HeadRead<ResponseHead>
): Effect.Effect<never, HandshakeError> => {
  const framing = BodyFraming.ofResponse(response, head.method)
  // RFC 9112 §9.3: behind a body that ends with the connection there is no other response.
  const isDelimited = framing._tag !== "UntilEnd"
  const body: Effect.Effect<BodyRead> = isHttpViolation(framing)
    ? Effect.succeed(noBody)
    : codec.readBody(duplex, framing, bounds, leftover)
  return Effect.flatMap(body, (read) =>
    Effect.fail(
      new HandshakeError({
        role: "client",
        reason: ClientHandshake.declined(response, read.octets),
        request: Option.some(head),
        response: Option.some({ head: response, body: read.octets }),
        keepAlive: isDelimited && read.fault === undefined && read.leftover.length === 0 && keepAlive(response),
        leftover: read.leftover
      })
    )
  )
}

/** Does the 101 accept what was offered? */
const verified = (
  { head, offer }: Attempt,
  { head: response, leftover }: HeadRead<ResponseHead>,
  requireSubprotocol: boolean
): Effect.Effect<Negotiated, HandshakeError> => {
  const agreed = ClientHandshake.verify(offer, response, { requireSubprotocol })
  return "_tag" in agreed
    ? Effect.fail(failed(head, agreed, response))
    : Effect.succeed({ role: "client", request: head, response, ...agreed, leftover })
}

/** Asks the server on `duplex` for a WebSocket. */
export const request = <E, R>(
  codec: Codec,
  duplex: Duplex,
  uri: WebSocketUri,
  options: RequestOptions<E, R>
): Effect.Effect<Negotiated, HandshakeFailure | E, R> =>
  Effect.gen(function* () {
    const limits = yield* resolve("client", options.limits)
    const timeLeft = countdown(limits.handshakeTimeout)
    const asked = Effect.gen(function* () {
      const made = yield* attempt(uri, options, yield* Entropy)
      yield* codec.writeRequest(duplex, made.head)
      return { made, read: yield* finalResponse(codec, duplex, limits, made.head) }
    })
    const { made, read } = yield* within(asked, limits.handshakeTimeout, "Handshake")
    if (ClientHandshake.isSwitching(read.head)) return yield* verified(made, read, options.requireSubprotocol ?? false)
    // A refusal is told, also when its body does not come in time.
    const bounds = { maxSize: limits.maxRefusalBody, within: Math.min(timeLeft(), limits.closeTimeout) }
    return yield* declined(codec, duplex, bounds, made.head, read)
  })
