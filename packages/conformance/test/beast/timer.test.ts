import { describe, expect, it } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import * as FrameStream from "effect-websocket/FrameStream"
import * as Handshake from "effect-websocket/Handshake"
import type { LimitOptions } from "effect-websocket/Limits"
import { Listener } from "effect-websocket/Listener"
import type { Duplex } from "effect-websocket/Transport"
import * as WebSocket from "effect-websocket/WebSocket"
import { leavesNoFiber, passing, turns } from "../support/fibers.js"
import { leavesNothing } from "../support/leaks.js"
import { meet, together } from "../support/operations.js"
import { type Place, places } from "../support/places.js"
import { hear, parseFrames, upgradeRequest } from "../support/wire.js"
import { differs, titled } from "./deviations.js"

/** Our server's end of a connection whose client, of bare octets, says nothing more after the handshake. */
const silent = (place: Place, limits: LimitOptions) =>
  Effect.gen(function* () {
    const { accept } = yield* Listener
    const handshake = yield* Handshake.Handshake
    const frames = yield* FrameStream.FrameStream
    const opened = yield* Deferred.make<WebSocket.WebSocket>()
    const open = (duplex: Duplex) =>
      Effect.gen(function* () {
        const { negotiated } = yield* handshake.server(duplex)
        const ws = yield* frames.open(duplex, negotiated, { limits })
        yield* Deferred.succeed(opened, ws)
        yield* ws.closed
      })
    yield* Effect.forkScoped(accept((duplex) => Effect.ignore(Effect.scoped(open(duplex)))))
    const peer = yield* place.toServer
    yield* peer.write([Buffer.from(upgradeRequest)])
    const skip = (yield* peer.head).length
    const heard = Effect.map(peer.all, (all) => hear(all.subarray(skip)))
    return { ws: yield* Deferred.await(opened), peer, heard }
  })

const aborted = differs("a pending read gets `operation_aborted` when we close")

/** Our Close frame is not answered: what operations that were begun before the deadline come to. */
const unanswered = (place: Place, operations: Parameters<typeof together>[1]) =>
  Effect.gen(function* () {
    const { ws } = yield* silent(place, { closeTimeout: "50 millis" })
    const { millis, result } = yield* passing(yield* Effect.fork(together(ws, operations)))
    expect(millis).toBeGreaterThanOrEqual(50)
    return result
  })

for (const [name, place] of Object.entries(places)) {
  const timed = (title: string, test: Effect.Effect<void, unknown, Effect.Effect.Context<ReturnType<typeof meet>>>) =>
    it.effect(`${title}, over ${name}`, () => leavesNoFiber(test).pipe(Effect.provide([WebSocket.layer, place.layer])))

  describe(`Beast timer.cpp, over ${name} (PARITY §17.7)`, () => {
    leavesNothing()

    timed(
      "testIdlePing: idle ping, no timeout",
      Effect.gen(function* () {
        const { peer, ws } = yield* meet("client", { idleTimeout: "200 millis", keepAlive: true })
        const frames = yield* Effect.fork(Stream.runCollect(Stream.take(peer.controlFrames, 3)))
        const reading = yield* Effect.fork(ws.receive)
        const { millis, result } = yield* passing(frames)
        expect(Chunk.toReadonlyArray(result).map(({ _tag }) => _tag)).toEqual(["Ping", "Ping", "Ping"])
        expect(millis).toBeGreaterThanOrEqual(300)
        expect(Option.isNone(yield* Fiber.poll(reading))).toBe(true)
        yield* Fiber.interrupt(reading)
      })
    )

    timed(
      "testIdlePing: idle ping, timeout",
      Effect.gen(function* () {
        const { heard, ws } = yield* silent(place, { idleTimeout: "50 millis", keepAlive: true })
        const { millis, result } = yield* passing(yield* Effect.fork(Effect.flip(ws.receive)))
        expect(result).toMatchObject({ _tag: "TimeoutError", phase: "Idle" })
        expect(millis).toBeGreaterThanOrEqual(50)
        expect(yield* heard).toMatchObject({ close: 1011, messages: [] })
      })
    )

    timed(
      "testIssue1729: close",
      Effect.map(unanswered(place, ["close"]), (ends) => expect(ends).toEqual({ close: "closed by TimeoutError" }))
    )

    timed(
      titled("testIssue1729, testCloseWhileRead: read and close", aborted),
      Effect.map(unanswered(place, ["read", "close"]), (ends) =>
        expect(ends).toEqual({ read: "TimeoutError", close: "closed by TimeoutError" })
      )
    )
  })
}

describe("Beast ping.cpp: suspended idle ping (PARITY §17.4)", () => {
  it.effect("an idle Ping goes between the fragments of a message that waits for the peer", () =>
    leavesNoFiber(
      Effect.gen(function* () {
        const limits = { idleTimeout: "10 seconds", keepAlive: true, fragmentSize: 1000, highWaterMark: 1000 } as const
        const { peer, ws } = yield* silent(places.memory!, limits)
        peer.pause()
        const writing = yield* Effect.fork(ws.send(new Uint8Array(200_000)))
        yield* turns(5)
        yield* TestClock.adjust("5 seconds")
        peer.resume()
        yield* Fiber.join(writing)
        const received = yield* peer.until((octets) => octets.length > 200_000)
        const { frames } = parseFrames(received.subarray(received.indexOf("\r\n\r\n") + 4))
        const opcodes = frames.map(({ opcode }) => opcode)
        expect(opcodes.indexOf(9)).toBeGreaterThan(0)
        expect(opcodes.lastIndexOf(0)).toBeGreaterThan(opcodes.indexOf(9))
      })
    ).pipe(Effect.provide([WebSocket.layer, places.memory!.layer]))
  )
})
