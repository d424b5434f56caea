/** RFC 7692 §7.2.2: what inflating costs between two turns of the event loop, and how connections end while it pauses. */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { hostTurn } from "effect-websocket/host/HostTurn"
import * as FailingTransport from "effect-websocket/testing/FailingTransport"
import * as WebSocket from "effect-websocket/WebSocket"
import * as WebSocketServer from "effect-websocket/WebSocketServer"
import { Counts, countedCompression } from "../support/countedCompression.js"
import { type ConnectedOptions, connected, roles } from "../support/DeflatePeer.js"
import { leavesNoFiber, turns } from "../support/fibers.js"
import { leavesNothing } from "../support/leaks.js"
import { type Place, places } from "../support/places.js"
import { noise } from "../support/rawDeflate.js"

const kib = 1024
const mib = 1024 * kib

/** What may be inflated before there is a turn, and the last piece of it. */
const inTurn = (256 + 64) * kib

const layers = (place: Place, counts: Counts) =>
  Layer.mergeAll(WebSocket.layer, countedCompression(counts), place.layer)

/** A message of which little is left when it is compressed: a chunk of the transport has many of them. */
const middle = "to and fro, ".repeat(2000)
const count = 100

for (const role of roles) {
  for (const [name, place] of Object.entries(places)) {
    const met = (counts: Counts, options: ConnectedOptions, test: (of: Met) => Effect.Effect<void, unknown>) =>
      Effect.scoped(Effect.flatMap(connected(role, { ...options, place }), test)).pipe(
        Effect.provide(layers(place, counts))
      )
    type Met = Effect.Effect.Success<ReturnType<typeof connected>>

    describe(`P-21: what is inflated in a turn of the event loop: a ${role} over ${name}`, () => {
      leavesNothing()

      it.live("it is bounded, of many messages in one chunk; all arrive, and the Ping behind them is answered", () => {
        const counts = new Counts()
        return met(counts, {}, ({ peer, ws }) =>
          Effect.gen(function* () {
            const messages = Array.from({ length: count }, () => peer.message(middle))
            yield* peer.write(...messages, peer.frame(0x89, "behind"))
            for (let index = 0; index < count; index++) expect((yield* ws.receive) === middle).toBe(true)
            expect((yield* peer.untilFrames(1))[0]!.payload.toString()).toBe("behind")
            expect(counts.inflated).toBe(count * middle.length)
            expect(counts.mostInTurn).toBeLessThanOrEqual(inTurn)
            expect(counts.resumed).toBeGreaterThanOrEqual(Math.floor(counts.inflated / inTurn))
          })
        )
      })

      it.live("it is bounded, of one message, and of one for which there is no room", () => {
        const counts = new Counts()
        return met(counts, { limits: { maxMessageSize: 8 * mib } }, ({ peer, ws }) =>
          Effect.gen(function* () {
            const large = new Uint8Array(8 * mib)
            yield* peer.send(large)
            expect(Buffer.compare((yield* ws.receive) as Uint8Array, large)).toBe(0)
            yield* peer.send(new Uint8Array(64 * mib))
            expect(yield* Effect.flip(ws.receive)).toMatchObject({ reason: { _tag: "MessageTooBig" } })
            expect(yield* peer.closed).toBe(1009)
            expect(counts.inflated).toBe(16 * mib + 1)
            expect(counts.mostInTurn).toBeLessThanOrEqual(inTurn)
          })
        )
      })

      it.live("it is bounded, of messages that become nothing", () => {
        const counts = new Counts()
        return met(counts, {}, ({ peer, ws }) =>
          Effect.gen(function* () {
            const all = 6000
            const frames = peer.frame(0xc2, Buffer.of(0))
            yield* peer.write(...Array.from({ length: all }, () => frames))
            let [received, sinceTurn, most] = [0, 0, 0]
            const running = yield* Effect.fork(
              ws.run(() => {
                received++
                most = Math.max(most, ++sinceTurn)
              })
            )
            for (; received < all; sinceTurn = 0) yield* hostTurn
            expect(most).toBeLessThan(1000)
            yield* Fiber.interrupt(running)
          })
        )
      })

      it.live(
        "B02: who does not ask is held in bounds: readAhead, and what one turn inflates; then all arrives",
        () => {
          const counts = new Counts()
          return met(counts, {}, ({ peer, ws }) =>
            Effect.gen(function* () {
              yield* peer.write(...Array.from({ length: count }, () => peer.message(middle)))
              yield* turns(50)
              expect(counts.inflated).toBeGreaterThan(64 * kib)
              expect(counts.inflated).toBeLessThanOrEqual(64 * kib + inTurn)
              let taken = 0
              for (; taken < count * middle.length; taken += (yield* ws.receive).length) {
                expect(counts.inflated - taken).toBeLessThanOrEqual(64 * kib + inTurn)
              }
              expect([taken, counts.inflated]).toEqual([count * middle.length, count * middle.length])
            })
          )
        }
      )
    })

    describe(`PARITY §10: ends of a connection that pauses: a ${role} over ${name}`, () => {
      leavesNothing()

      /** Everything until the end, and the end. */
      const drained = (ws: WebSocket.WebSocket) =>
        Effect.gen(function* () {
          let messages = 0
          const each = Effect.map(ws.receive, (message) => {
            if (message === middle) messages++
          })
          const error = yield* Effect.flip(Effect.forever(each))
          return { messages, error }
        })

      const behind = (
        counts: Counts,
        last: (of: Met["peer"]) => ReadonlyArray<Uint8Array>,
        then: (of: Met) => Effect.Effect<void, unknown>
      ) =>
        met(counts, {}, ({ peer, ws }) =>
          Effect.gen(function* () {
            yield* peer.write(...Array.from({ length: 40 }, () => peer.message(middle)), ...last(peer))
            yield* then({ peer, ws })
            expect(counts.resumed).toBeGreaterThan(2)
            expect(counts).toMatchObject({ opened: 1, closed: 1, lateDeflates: 0 })
          })
        )

      it.live("§7.2.2: broken data behind many messages: those first, then BadDeflate, and 1007", () => {
        const counts = new Counts()
        const broken = (peer: Met["peer"]) => [peer.frame(0xc2, Buffer.of(7, 7, 7)), peer.message("late")]
        return behind(counts, broken, ({ peer, ws }) =>
          Effect.gen(function* () {
            const { error, messages } = yield* drained(ws)
            expect(messages).toBe(40)
            expect(error).toMatchObject({ _tag: "ProtocolError", reason: { _tag: "BadDeflate" } })
            expect(yield* peer.closed).toBe(1007)
          })
        )
      })

      it.live("RFC 6455 §5.5.1: a Close frame behind many messages, which are there: clean, with its code", () => {
        const counts = new Counts()
        return behind(
          counts,
          (peer) => [peer.frame(0x88, Buffer.of(0x0b, 0xb8))],
          ({ peer, ws }) =>
            Effect.gen(function* () {
              const { error, messages } = yield* drained(ws)
              expect(messages).toBe(40)
              expect(error).toMatchObject({ _tag: "Closed", closure: { clean: true, initiator: "remote" } })
              expect(yield* peer.closed).toBe(3000)
            })
        )
      })

      it.live("RFC 6455 §7.1.5: the end of the transport behind many messages, which are there: EndOfStream", () => {
        const counts = new Counts()
        return behind(
          counts,
          () => [],
          ({ peer, ws }) =>
            Effect.gen(function* () {
              peer.raw.end()
              yield* turns(5)
              const { error, messages } = yield* drained(ws)
              expect(messages).toBe(40)
              expect(error).toMatchObject({ _tag: "TransportError", reason: { _tag: "EndOfStream" } })
            })
        )
      })

      it.live("A28: a reader that is interrupted again and again loses nothing", () => {
        const counts = new Counts()
        return met(counts, {}, ({ peer, ws }) =>
          Effect.gen(function* () {
            yield* peer.write(...Array.from({ length: 40 }, () => peer.message(middle)))
            let taken = 0
            const take = Effect.map(ws.receive, (message) => {
              if (message === middle) taken++
            })
            while (taken < 40) {
              const fiber = yield* Effect.fork(Effect.forever(take))
              yield* hostTurn
              yield* Fiber.interrupt(fiber)
            }
            expect(taken).toBe(40)
          })
        )
      })
    })
  }
}

describe("the n-th operation of the transport fails, for every n of a session with permessage-deflate", () => {
  leavesNothing()

  const options = {
    compression: { threshold: 0 },
    limits: { highWaterMark: 1000, fragmentSize: 8 * kib, closeTimeout: "1 seconds" }
  } as const
  const sent = [noise(3000), middle.repeat(20), "", middle]

  /** What was received, as far as it came, all of it in order. */
  const session = (received: Array<unknown>) =>
    Effect.gen(function* () {
      const ws = yield* WebSocket.connect("ws://memory/", options)
      yield* Effect.forkScoped(Effect.ignore(ws.sendAll(sent)))
      for (const _ of sent) received.push(yield* ws.receive)
      yield* Effect.fork(Effect.ignore(ws.sendStream("text", Stream.make("one, ", "two"))))
      const { body } = yield* ws.receiveStream
      received.push(Buffer.concat([...(yield* Stream.runCollect(body))]).toString())
      return yield* ws.close()
    })

  const expected = [...sent, "one, two"]

  for (const side of ["client", "server"] as const) {
    it.live(
      `of the ${side}: what arrived is what was sent, as far as it came; all engines are given back, no fiber lives on`,
      () => {
        let wholes = 0
        const run = (point: FailingTransport.FailurePoint) => {
          const counts = new Counts()
          const received: Array<unknown> = []
          const echo = (ws: WebSocket.WebSocket) => ws.run((message) => ws.send(message))
          const lower = places.memory!.layer
          const failing: typeof lower =
            side === "client"
              ? Layer.provideMerge(FailingTransport.layerAt(point), lower)
              : Layer.provideMerge(FailingTransport.layerListenerAt(point), lower)
          const program = Effect.zipRight(
            Effect.forkScoped(WebSocketServer.run(echo, options)),
            session(received)
          ).pipe(Effect.provide(Layer.merge(WebSocket.layer, countedCompression(counts))), Effect.provide(failing))
          return Effect.map(Effect.exit(leavesNoFiber(program)), (exit) => {
            expect(received.map((each, index) => Buffer.compare(octetsOf(each), octetsOf(expected[index])))).toEqual(
              received.map(() => 0)
            )
            expect([counts.closed, counts.lateDeflates]).toEqual([counts.opened, 0])
            if (received.length === expected.length) wholes++
            return exit
          })
        }
        return Effect.gen(function* () {
          const exits = yield* FailingTransport.everyFailureAt((point) => Effect.flatten(run(point)))
          expect(exits.at(-1)).toMatchObject(Exit.succeed({ clean: true }))
          // All operations are met: some before a message has arrived, and some behind the last one.
          expect(exits.length).toBeGreaterThan(15)
          expect(wholes).toBeGreaterThan(1)
          expect(wholes).toBeLessThan(exits.length)
        })
      }
    )
  }
})

const octetsOf = (message: unknown): Buffer => Buffer.from(message as string)
