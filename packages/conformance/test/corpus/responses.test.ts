import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as WebSocket from "effect-websocket/WebSocket"
import { cuts, drives, expand, type ResponseCase, responseCases } from "../support/corpus.js"
import { judgeResponse } from "../support/kernel.js"
import { leavesNothing } from "../support/leaks.js"
import { type Place, places } from "../support/places.js"
import type { RawPeer } from "../support/RawPeer.js"
import { limits, tagsOf } from "../support/underTest.js"
import { acceptOf, hear } from "../support/wire.js"

const titleOf = ({ id, name }: ResponseCase) => `${id} ${name}`

/** The response to a request with this key. */
const octetsFor = ({ response }: ResponseCase, key: string): Uint8Array => {
  const accept = acceptOf(key)
  return Buffer.from(expand(response).replaceAll("$A", accept).replaceAll("$a", accept.toLowerCase()), "latin1")
}

const sampleKey = "dGhlIHNhbXBsZSBub25jZQ=="

describe("the corpus of responses against the kernel", () => {
  for (const each of responseCases) {
    it(titleOf(each), () => {
      const octets = octetsFor(each, sampleKey)
      for (const [way, pieces] of [...drives(octets), ...cuts(octets)]) {
        const verdict = judgeResponse(sampleKey, each.offered ?? [], pieces)
        expect(`${way}: ${verdict}`).toBe(`${way}: ${each.expect.replace("HandshakeError.", "")}`)
      }
    })
  }
})

/** Answers with the response of the case; an open connection is closed when the client closes it. */
const answer = (peer: RawPeer, each: ResponseCase, drive: number) =>
  Effect.gen(function* () {
    const request = yield* peer.head
    const key = /^Sec-WebSocket-Key: (.*)\r$/m.exec(request)?.[1] ?? ""
    const [, pieces] = drives(octetsFor(each, key))[drive]!
    yield* peer.write(pieces)
    if (each.halfClose === true) peer.end()
    const closeIn = (received: Buffer) => hear(received.subarray(request.length)).close
    if (closeIn(yield* peer.until((received) => closeIn(received) !== undefined)) === undefined) return
    yield* peer.write([Buffer.of(0x88, 0x02, 0x03, 0xe8)])
    peer.end()
  })

const against = (place: Place, each: ResponseCase, drive: number) =>
  Effect.gen(function* () {
    const uri = yield* place.serve((peer) => answer(peer, each, drive))
    const connecting = WebSocket.connect(uri, { subprotocols: each.offered, limits })
    const outcome = yield* Effect.match(Effect.scoped(Effect.flatMap(connecting, (ws) => ws.close())), {
      onFailure: tagsOf,
      onSuccess: ({ clean }) => (clean ? "open" : "not closed cleanly")
    })
    expect(outcome).toBe(each.expect)
  })

for (const [name, place] of Object.entries(places)) {
  describe(`the corpus of responses against our client over ${name}`, () => {
    leavesNothing()
    for (const each of responseCases) {
      for (const [index, [way]] of drives(octetsFor(each, sampleKey)).entries()) {
        it.scopedLive(`${titleOf(each)}, ${way}`, () =>
          against(place, each, index).pipe(Effect.provide(WebSocket.layer), Effect.provide(place.layer))
        )
      }
    }
  })
}
