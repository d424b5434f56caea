/**
 * HTTP/1.1 on a Duplex, as far as an opening handshake needs it (RFC 9112): heads, and small bodies.
 *
 * Reads exactly one message, within the limits, and gives back the octets that came behind it: nothing is read twice and
 * nothing is lost. Grammar and framing are the kernel's; here they meet the transport, and a violation becomes a failure.
 *
 * @example
 * ```ts
 * import { Layer } from "effect"
 * import { FrameStream, Handshake, HttpCodec } from "effect-websocket"
 *
 * // What `WebSocket.layer` is made of: each part can be another one.
 * const layers = Layer.merge(Layer.provideMerge(Handshake.layer, HttpCodec.layer), FrameStream.layer)
 * ```
 */

import { concat } from "@effect-websocket/protocol/bytes/Octets"
import type { Role } from "@effect-websocket/protocol/bytes/Role"
import { httpError } from "@effect-websocket/protocol/handshake/HandshakeViolation"
import type { BodyFraming } from "@effect-websocket/protocol/http/BodyFraming"
import { HeadDecoder } from "@effect-websocket/protocol/http/HeadDecoder"
import { type HttpViolation, httpViolation, isHttpViolation } from "@effect-websocket/protocol/http/HttpViolation"
import * as RequestHead from "@effect-websocket/protocol/http/RequestHead"
import * as ResponseHead from "@effect-websocket/protocol/http/ResponseHead"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { BodyCollector, type BodyRead } from "./http/BodyCollector.js"
import { remainder } from "./http/octets.js"
import type { LimitValues } from "./Limits.js"
import type { Duplex } from "./Transport.js"
import { HandshakeError, type HttpResponse, OptionError, type TransportError } from "./WebSocketError.js"
import { Direct } from "./waiting/Direct.js"
import { type OrEffect, orEffect } from "./waiting/orEffect.js"

export type { BodyRead }

/** A head that was read, and the octets behind it. */
export interface HeadRead<Head> {
  readonly head: Head
  readonly leftover: Uint8Array
}

/** How much of a body is read, and for how long. */
export interface BodyLimits {
  /** Octets. */
  readonly maxSize: number
  /** Milliseconds. */
  readonly within: number
}

/**
 * Reads and writes HTTP/1.1 messages.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { HttpCodec, Limits, type Transport } from "effect-websocket"
 *
 * // The head of a request on a connection of one's own; what has arrived behind it is there too.
 * const request = (duplex: Transport.Duplex) =>
 *   Effect.gen(function* () {
 *     const codec = yield* HttpCodec.HttpCodec
 *     return yield* codec.readRequest(duplex, yield* Limits.resolve("server"))
 *   })
 * ```
 */
export class HttpCodec extends Context.Tag("effect-websocket/HttpCodec")<
  HttpCodec,
  {
    /** Reads a request head, beginning with `octets` which were read already. An end before the first octet is `EndOfStream`. */
    readonly readRequest: (
      duplex: Duplex,
      limits: LimitValues,
      octets?: Uint8Array
    ) => Effect.Effect<HeadRead<RequestHead.RequestHead>, HandshakeError | TransportError>
    /** Reads a response head, interim ones (1xx) too. */
    readonly readResponse: (
      duplex: Duplex,
      limits: LimitValues,
      octets?: Uint8Array
    ) => Effect.Effect<HeadRead<ResponseHead.ResponseHead>, HandshakeError | TransportError>
    /**
     * Reads the body of a message. Never fails: when the body is longer or slower than the limits, its framing broken, or the
     * connection ends, it is what was there, and the fault. `octets` are those behind the head.
     */
    readonly readBody: (
      duplex: Duplex,
      framing: BodyFraming,
      limits: BodyLimits,
      octets: Uint8Array
    ) => Effect.Effect<BodyRead>
    /** Writes a head; nothing of it when something in it may not stand there. */
    readonly writeRequest: (duplex: Duplex, head: RequestHead.RequestHead) => Effect.Effect<void, OptionError>
    /** Writes head and body in one piece; nothing of it when something in the head may not stand there. */
    readonly writeResponse: (duplex: Duplex, response: HttpResponse) => Effect.Effect<void, OptionError>
  }
>() {}

const failure = (role: Role, violation: HttpViolation): HandshakeError =>
  new HandshakeError({
    role,
    reason: httpError(violation, role),
    request: Option.none(),
    response: Option.none(),
    keepAlive: false,
    leftover: noOctets
  })

const noOctets = new Uint8Array(0)

type Head = RequestHead.RequestHead | ResponseHead.ResponseHead

const feed = <H extends Head>(
  decoder: HeadDecoder<H>,
  chunks: ReadonlyArray<Uint8Array>
): HeadRead<H> | HttpViolation | undefined => {
  for (let index = 0; index < chunks.length; index++) {
    const result = decoder.decode(chunks[index])
    if (result === undefined) continue
    return isHttpViolation(result) ? result : { head: result.head, leftover: remainder(chunks, index, result.next) }
  }
  return undefined
}

const endedEarly = httpViolation("EndedEarly", "RFC 9112 §8", "a message head ends with an empty line", 400)

const readHead = <H extends Head>(
  duplex: Duplex,
  decoder: HeadDecoder<H>,
  octets: Uint8Array,
  role: Role
): OrEffect<HeadRead<H>, HandshakeError | TransportError> => {
  const onEnd = (error: TransportError): HandshakeError | TransportError =>
    error.reason._tag === "EndOfStream" && (role === "client" || !decoder.isEmpty) ? failure(role, endedEarly) : error
  const next: Effect.Effect<HeadRead<H>, HandshakeError | TransportError> = Effect.flatMap(
    Effect.mapError(duplex.pull, onEnd),
    (chunks) => orEffect(step(chunks))
  )
  const step = (chunks: ReadonlyArray<Uint8Array>): OrEffect<HeadRead<H>, HandshakeError | TransportError> => {
    const result = feed(decoder, chunks)
    if (result === undefined) return next
    return isHttpViolation(result) ? Effect.fail(failure(role, result)) : result
  }
  return octets.length === 0 ? next : step([octets])
}

const readBody = (
  duplex: Duplex,
  framing: BodyFraming,
  limits: BodyLimits,
  octets: Uint8Array
): Effect.Effect<BodyRead> =>
  Effect.suspend(() => {
    const body = new BodyCollector(framing, limits.maxSize)
    body.push([octets])
    const all = Effect.whileLoop({
      while: () => !body.isOver,
      body: () => duplex.pull,
      step: (chunks) => body.push(chunks)
    })
    const ended = Effect.catchAll(all, (error) => Effect.sync(() => body.end(error.reason._tag === "EndOfStream")))
    return Effect.map(Effect.timeoutOption(ended, limits.within), () => body.read)
  })

/** The kernel throws at what would become another head on the wire: a mistake of ours, told before anything is sent. */
const write = (duplex: Duplex, encode: () => Uint8Array): Effect.Effect<void, OptionError> =>
  new Direct(() => {
    try {
      duplex.unsafeWrite([encode()])
      return undefined
    } catch (error) {
      return Effect.fail(new OptionError({ option: "head", rule: (error as TypeError).message }))
    }
  })

/** The codec of this library: strict RFC 9112, within the limits. */
export const layer: Layer.Layer<HttpCodec> = Layer.succeed(HttpCodec, {
  readRequest: (duplex, limits, octets = noOctets) =>
    new Direct(() => readHead(duplex, HeadDecoder.request(limits), octets, "server")),
  readResponse: (duplex, limits, octets = noOctets) =>
    new Direct(() => readHead(duplex, HeadDecoder.response(limits), octets, "client")),
  readBody,
  writeRequest: (duplex, head) => write(duplex, () => RequestHead.encode(head)),
  writeResponse: (duplex, { body, head }) => write(duplex, () => concat([ResponseHead.encode(head), body]))
})
