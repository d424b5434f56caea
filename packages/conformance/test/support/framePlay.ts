/**
 * Cases of frames against our server and our client: a peer of bare octets plays them, and both sides are compared with
 * what is expected.
 */
import { expect } from "@effect/vitest"
import * as NodeCompression from "@effect-websocket/node/NodeCompression"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { LimitOptions } from "effect-websocket/Limits"
import * as WebSocket from "effect-websocket/WebSocket"
import { comparable, type FrameCase, messagesOf, pongsOf } from "./corpus.js"
import type { Place } from "./places.js"
import type { RawPeer } from "./RawPeer.js"
import { compression, limits as corpusLimits, echo, type Outcome, type Settings, serving } from "./underTest.js"
import { frame, type Heard, hear, requestOf, responseTo } from "./wire.js"

export type Role = "client" | "server"

type Expected = Pick<FrameCase, "expect" | "halfClose" | "deflate">

const normal = Buffer.of(0x03, 0xe8)

const above = Layer.merge(WebSocket.layer, NodeCompression.layer)

/** What is agreed on before the first frame. */
const extensionsOf = ({ deflate }: Expected): string | undefined =>
  deflate === true ? "permessage-deflate" : undefined

const settingsOf = ({ deflate }: Expected, limits: LimitOptions): Settings => ({
  limits,
  compression: deflate === true && compression
})

/** Sends the octets as the other role, closes when nothing has ended by then, and gives what came back. */
const play = (peer: RawPeer, each: Expected, pieces: ReadonlyArray<Uint8Array>, role: Role, skip: number) =>
  Effect.gen(function* () {
    const { close, messages } = each.expect
    const answers = messages.length + pongsOf(each).length
    const other = role === "server" ? "client" : "server"
    yield* peer.write(pieces)
    if (each.halfClose === true) peer.end()
    const isAnswered = (received: Buffer) => {
      const heard = hear(received.subarray(skip))
      return heard.messages.length + heard.pongs.length >= answers
    }
    if (close === undefined) {
      yield* peer.until(isAnswered)
      yield* peer.write([frame(0x88, normal, other)])
    }
    // RFC 6455 §7.1.1: a client waits for the server's end.
    if (other === "server") {
      yield* peer.until((received) => hear(received.subarray(skip)).close !== undefined)
      peer.end()
    }
    return hear((yield* peer.all).subarray(skip))
  })

const check = (each: Expected, role: Role, outcome: Outcome, heard: Heard) => {
  const { close, error, reason } = each.expect
  const messages = comparable(messagesOf(each))
  expect({
    messages: comparable(outcome.messages),
    error: outcome.error,
    reason: reason === undefined ? undefined : outcome.reason
  }).toEqual({ messages, error, reason })
  expect({ ...heard, messages: comparable(heard.messages) }).toEqual({
    // What came before a fault, or a Close frame, is answered before it, also when all arrived at once.
    messages,
    pongs: pongsOf(each),
    close: close === null ? undefined : (close ?? 1000),
    isMasked: heard.isMasked.map(() => role === "client"),
    excess: 0
  })
}

const againstServer = (place: Place, each: Expected, pieces: ReadonlyArray<Uint8Array>, limits: LimitOptions) =>
  Effect.gen(function* () {
    const outcome = yield* serving(settingsOf(each, limits))
    const peer = yield* place.toServer
    yield* peer.write([Buffer.from(requestOf(extensionsOf(each)))])
    const skip = (yield* peer.head).length
    const heard = yield* play(peer, each, pieces, "server", skip)
    check(each, "server", yield* outcome, heard)
  })

const againstClient = (place: Place, each: Expected, pieces: ReadonlyArray<Uint8Array>, limits: LimitOptions) =>
  Effect.gen(function* () {
    const played = yield* Deferred.make<Heard>()
    const uri = yield* place.serve((peer) =>
      Effect.gen(function* () {
        const request = yield* peer.head
        yield* peer.write([Buffer.from(responseTo(request, extensionsOf(each)))])
        yield* Deferred.complete(played, play(peer, each, pieces, "client", request.length))
      })
    )
    const outcome = yield* Effect.scoped(Effect.flatMap(WebSocket.connect(uri, settingsOf(each, limits)), echo))
    check(each, "client", outcome, yield* Deferred.await(played))
  })

/** Plays the pieces of a case against our end of this role; without limits those of the corpus hold. */
export const against = (
  role: Role,
  place: Place,
  each: Expected,
  pieces: ReadonlyArray<Uint8Array>,
  limits: LimitOptions = corpusLimits
) =>
  (role === "server" ? againstServer : againstClient)(place, each, pieces, limits).pipe(
    Effect.provide(above),
    Effect.provide(place.layer)
  )
