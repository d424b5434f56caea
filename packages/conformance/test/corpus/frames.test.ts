import { describe, expect, it } from "@effect/vitest"
import * as NodeCompression from "@effect-websocket/node/NodeCompression"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as WebSocket from "effect-websocket/WebSocket"
import { comparable, cuts, drives, type FrameCase, frameCases, fromHex, messagesOf } from "../support/corpus.js"
import { type FramesRead, readFrames } from "../support/kernel.js"
import { leavesNothing } from "../support/leaks.js"
import { type Place, places } from "../support/places.js"
import type { RawPeer } from "../support/RawPeer.js"
import { compression, echo, limits, type Outcome, type Settings, serving } from "../support/underTest.js"
import { frame, type Heard, hear, requestOf, responseTo } from "../support/wire.js"

type Role = "client" | "server"

const octetsFor = (role: Role, { toClient, toServer }: FrameCase): Uint8Array | undefined => {
  const written = role === "server" ? toServer : toClient
  return written === undefined ? undefined : fromHex(written)
}

/** The cases that make sense for a receiver of this role, with their octets. */
const casesFor = (role: Role) =>
  frameCases.flatMap((each) => {
    const octets = octetsFor(role, each)
    return octets === undefined ? [] : [{ each, octets, title: `${each.id} ${each.name}` }]
  })

const tagOf = (error: string): string | undefined =>
  error.startsWith("ProtocolError.") ? error.slice("ProtocolError.".length) : undefined

const expectedOfKernel = (each: FrameCase): FramesRead => ({
  messages: comparable(messagesOf(each)),
  pings: each.expect.pong === undefined ? [] : [each.expect.pong],
  close: each.expect.close ?? undefined,
  violation: tagOf(each.expect.error)
})

describe("the corpus of frames against the kernel", () => {
  for (const role of ["server", "client"] as const) {
    for (const { each, octets, title } of casesFor(role)) {
      it(`${role}: ${title}`, () => {
        const expected = expectedOfKernel(each)
        for (const [way, pieces] of [...drives(octets), ...cuts(octets)]) {
          const read = readFrames(role, pieces, each.deflate)
          expect({ way, ...read, messages: comparable(read.messages) }).toEqual({ way, ...expected })
        }
      })
    }
  }
})

const normal = Buffer.of(0x03, 0xe8)

const above = Layer.merge(WebSocket.layer, NodeCompression.layer)

/** What is agreed on before the first frame. */
const extensionsOf = ({ deflate }: FrameCase): string | undefined =>
  deflate === true ? "permessage-deflate" : undefined

const settingsOf = ({ deflate }: FrameCase): Settings => ({ limits, compression: deflate === true && compression })

/** Sends the octets as the other role, closes when nothing has ended by then, and gives what came back. */
const play = (peer: RawPeer, each: FrameCase, pieces: ReadonlyArray<Uint8Array>, role: Role, skip: number) =>
  Effect.gen(function* () {
    const { close, messages, pong } = each.expect
    const other = role === "server" ? "client" : "server"
    yield* peer.write(pieces)
    if (each.halfClose === true) peer.end()
    const isAnswered = (received: Buffer) => {
      const heard = hear(received.subarray(skip))
      return heard.messages.length + heard.pongs.length >= messages.length + (pong === undefined ? 0 : 1)
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

const check = (each: FrameCase, role: Role, outcome: Outcome, heard: Heard) => {
  const { close, error, pong, reason } = each.expect
  const messages = comparable(messagesOf(each))
  expect({
    messages: comparable(outcome.messages),
    error: outcome.error,
    reason: reason === undefined ? undefined : outcome.reason
  }).toEqual({ messages, error, reason })
  expect({ ...heard, messages: comparable(heard.messages) }).toEqual({
    // Behind a Close frame nothing is sent any more: what came with the fault is not sent back.
    messages: close === undefined ? messages : messages.slice(0, heard.messages.length),
    pongs: pong === undefined ? [] : [pong],
    close: close === null ? undefined : (close ?? 1000),
    isMasked: heard.isMasked.map(() => role === "client"),
    excess: 0
  })
}

const againstServer = (place: Place, each: FrameCase, pieces: ReadonlyArray<Uint8Array>) =>
  Effect.gen(function* () {
    const outcome = yield* serving(settingsOf(each))
    const peer = yield* place.toServer
    yield* peer.write([Buffer.from(requestOf(extensionsOf(each)))])
    const skip = (yield* peer.head).length
    const heard = yield* play(peer, each, pieces, "server", skip)
    check(each, "server", yield* outcome, heard)
  })

const againstClient = (place: Place, each: FrameCase, pieces: ReadonlyArray<Uint8Array>) =>
  Effect.gen(function* () {
    const played = yield* Deferred.make<Heard>()
    const uri = yield* place.serve((peer) =>
      Effect.gen(function* () {
        const request = yield* peer.head
        yield* peer.write([Buffer.from(responseTo(request, extensionsOf(each)))])
        yield* Deferred.complete(played, play(peer, each, pieces, "client", request.length))
      })
    )
    const outcome = yield* Effect.scoped(Effect.flatMap(WebSocket.connect(uri, settingsOf(each)), echo))
    check(each, "client", outcome, yield* Deferred.await(played))
  })

for (const [name, place] of Object.entries(places)) {
  for (const [role, against] of [
    ["server", againstServer],
    ["client", againstClient]
  ] as const) {
    describe(`the corpus of frames against our ${role} over ${name}`, () => {
      leavesNothing()
      for (const { each, octets, title } of casesFor(role)) {
        for (const [way, pieces] of drives(octets)) {
          it.scopedLive(`${title}, ${way}`, () =>
            against(place, each, pieces).pipe(Effect.provide(above), Effect.provide(place.layer))
          )
        }
      }
    })
  }
}
