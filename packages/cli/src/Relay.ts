/**
 * A connection passed on to another server, octet by octet.
 *
 * Of the request only what names the server is changed: `Host`, and an `Origin` that is the same (RFC 6455 §10.2), become those
 * of the server it goes to; the target stays. All else, compression and masks too, is what client and server say to each other.
 */
import { concat } from "@effect-websocket/protocol/bytes/Octets"
import type { WebSocketUri } from "@effect-websocket/protocol/handshake/WebSocketUri"
import { HeadDecoder } from "@effect-websocket/protocol/http/HeadDecoder"
import type { HttpViolation } from "@effect-websocket/protocol/http/HttpViolation"
import * as RequestHead from "@effect-websocket/protocol/http/RequestHead"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { defaultsOf } from "effect-websocket/Limits"
import { type Duplex, Transport } from "effect-websocket/Transport"
import type { TransportError } from "effect-websocket/WebSocketError"

/** The request as it goes to `to`. */
export const readdress = (head: RequestHead.RequestHead, to: WebSocketUri): RequestHead.RequestHead => {
  const { fields } = head
  const origin = /^https?:\/\/(.*)$/.exec(fields.get("Origin") ?? "")?.[1]
  const readdressed = fields.set("Host", to.authority)
  return {
    ...head,
    fields:
      origin !== undefined && origin === fields.get("Host")
        ? readdressed.set("Origin", `${to.secure ? "https" : "http"}://${to.authority}`)
        : readdressed
  }
}

/** Reads the request; gives it as it is passed on, with what came behind it. */
const readRequest = (near: Duplex, to: WebSocketUri): Effect.Effect<Uint8Array, TransportError | HttpViolation> => {
  const decoder = HeadDecoder.request(defaultsOf("server"))
  const more: Effect.Effect<Uint8Array, TransportError | HttpViolation> = Effect.flatMap(near.pull, (chunks) => {
    const octets = concat(chunks)
    const decoded = decoder.decode(octets)
    if (decoded === undefined) return more
    if (!("head" in decoded)) return Effect.fail(decoded)
    return Effect.succeed(concat([RequestHead.encode(readdress(decoded.head, to)), octets.subarray(decoded.next)]))
  })
  return more
}

/** Passes octets on until there are no more; the end is passed on too. What is pulled is lent, and copied therefore. */
const pump = (from: Duplex, to: Duplex): Effect.Effect<void, TransportError> =>
  Effect.forever(
    Effect.flatMap(from.pull, (chunks) => {
      to.unsafeWrite([concat(chunks)])
      return to.drain
    })
  ).pipe(
    Effect.catchIf(
      ({ reason }) => reason._tag === "EndOfStream",
      () => to.end
    )
  )

/** Connects to `to` for a client, and passes everything on until both sides have ended. */
export const relay = (
  near: Duplex,
  to: WebSocketUri
): Effect.Effect<void, TransportError | HttpViolation, Transport | Scope.Scope> =>
  Effect.gen(function* () {
    const request = yield* readRequest(near, to)
    const transport = yield* Transport
    const far = yield* transport.connect(to)
    far.unsafeWrite([request])
    yield* Effect.all([pump(near, far), pump(far, near)], { concurrency: 2, discard: true })
  })
