import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as WebSocket from "effect-websocket/WebSocket"
import { cuts, drives, expand, fromLatin1, type RequestCase, requestCases } from "../support/corpus.js"
import { judgeRequest } from "../support/kernel.js"
import { leavesNothing } from "../support/leaks.js"
import { type Place, places } from "../support/places.js"
import type { RawPeer } from "../support/RawPeer.js"
import { limits, serving } from "../support/underTest.js"
import { frame, hear } from "../support/wire.js"

const titleOf = ({ id, name }: RequestCase) => `${id} ${name}`

describe("the corpus of requests against the kernel", () => {
  for (const each of requestCases) {
    it(titleOf(each), () => {
      const octets = fromLatin1(each.request)
      const { error, status } = each.expect
      for (const [way, pieces] of [...drives(octets), ...cuts(octets)]) {
        expect({ way, ...judgeRequest(pieces) }).toEqual({ way, status, error })
      }
    })
  }
})

/** The final head; what stands before it is as expected. */
const finalHead = (peer: RawPeer, { expect: { interim } }: RequestCase) =>
  Effect.gen(function* () {
    if (interim === undefined) return yield* peer.head
    const first = yield* peer.head
    expect(first.slice(0, 13)).toBe(`HTTP/1.1 ${interim} `)
    peer.drop(first.length)
    return yield* peer.head
  })

const fieldsOf = (head: string): ReadonlyArray<string> => head.split("\r\n").slice(1, -2)

/** An accepted request: the messages behind it come back, and the connection closes in order. */
const checkOpen = (peer: RawPeer, head: string, { expect: { messages = [] } }: RequestCase) =>
  Effect.gen(function* () {
    expect(fieldsOf(head).filter((field) => /^sec-websocket-(extensions|protocol):/i.test(field))).toEqual([])
    const heardIn = (received: Buffer) => hear(received.subarray(head.length))
    yield* peer.until((received) => heardIn(received).messages.length >= messages.length)
    yield* peer.write([frame(0x88, Buffer.of(0x03, 0xe8), "client")])
    expect(heardIn(yield* peer.all)).toMatchObject({ messages, close: 1000, excess: 0 })
  })

/** Whether a list of tokens has this one. */
const has = (fields: ReadonlyArray<string>, name: string, token: string): boolean =>
  fields.some(
    (field) =>
      field.startsWith(`${name}: `) &&
      field
        .slice(name.length + 2)
        .split(", ")
        .includes(token)
  )

/** A refusal: one response with the length of its body (a HEAD has none), behind which the connection closes. */
const checkRefusal = (peer: RawPeer, head: string, { expect: { field }, request }: RequestCase) =>
  Effect.gen(function* () {
    const size = (yield* peer.all).length - head.length
    const fields = fieldsOf(head)
    expect(has(fields, "Connection", "close")).toBe(true)
    if (expand(request).startsWith("HEAD ")) expect(size).toBe(0)
    else expect(fields).toContain(`Content-Length: ${size}`)
    if (field !== undefined) expect(fields).toContain(field)
  })

const against = (place: Place, each: RequestCase, pieces: ReadonlyArray<Uint8Array>) =>
  Effect.gen(function* () {
    const outcome = yield* serving({ limits })
    const peer = yield* place.toServer
    yield* peer.write(pieces)
    const head = yield* finalHead(peer, each)
    const { error, messages = [], status } = each.expect
    expect(head.slice(0, 13)).toBe(`HTTP/1.1 ${status} `)
    yield* status === 101 ? checkOpen(peer, head, each) : checkRefusal(peer, head, each)
    const expected = error === undefined ? "Closed" : `HandshakeError.${error}`
    expect(yield* outcome).toMatchObject({ messages, error: expected })
  })

for (const [name, place] of Object.entries(places)) {
  describe(`the corpus of requests against our server over ${name}`, () => {
    leavesNothing()
    for (const each of requestCases) {
      for (const [way, pieces] of drives(fromLatin1(each.request))) {
        it.scopedLive(`${titleOf(each)}, ${way}`, () =>
          against(place, each, pieces).pipe(Effect.provide(WebSocket.layer), Effect.provide(place.layer))
        )
      }
    }
  })
}
