import { describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import * as FrameStream from "effect-websocket/FrameStream"
import * as Handshake from "effect-websocket/Handshake"
import * as Listener from "effect-websocket/Listener"
import type { Duplex } from "effect-websocket/Transport"
import { everyFailureAt, type FailurePoint, layerAt, layerListenerAt } from "effect-websocket/testing/FailingTransport"
import * as WebSocket from "effect-websocket/WebSocket"
import { leavesNoFiber, turns } from "../support/fibers.js"
import type { Role } from "../support/framePlay.js"
import { afterSteps, afterTurns, type InterruptAt, type Interrupted } from "../support/interruption.js"
import { leavesNothing } from "../support/leaks.js"
import { places } from "../support/places.js"

/** No deadline ends what hangs: it hangs, and the test fails. */
const limits = { handshakeTimeout: "1 hours", closeTimeout: "1 hours", idleTimeout: "1 hours" } as const

/** Beast's `async_all_server`, which is a client: handshake, ping, a message in two parts, close. */
const client = Effect.scoped(
  Effect.gen(function* () {
    const ws = yield* WebSocket.connect(yield* Listener.uri("/"), { limits })
    yield* ws.ping()
    yield* ws.sendStream("text", Stream.make("FOO", "BAR"))
    return yield* ws.close(1000, "testing")
  })
)

/** Beast's `async_all_client`, which is a server: accept, pong, read the message, read to the end. */
const server = (duplex: Duplex) =>
  Effect.scoped(
    Effect.gen(function* () {
      const handshake = yield* Handshake.Handshake
      const { negotiated } = yield* handshake.server(duplex, { limits })
      const frames = yield* FrameStream.FrameStream
      const ws = yield* frames.open(duplex, negotiated, { limits })
      yield* ws.pong()
      expect(yield* ws.receive).toBe("FOOBAR")
      const more = () => Effect.dieMessage("a message behind the last one")
      return yield* Effect.matchEffect(ws.receive, { onFailure: Effect.succeed, onSuccess: more })
    })
  )

const uninterrupted: InterruptAt = (program) => Effect.map(Effect.exit(program), (exit) => ({ exit, isOver: true }))

/** Runs both, and interrupts one of them; how each of them ended. */
const session = (interrupted: Role, interruptAt: InterruptAt, moment: number) =>
  Effect.gen(function* () {
    const { accept } = yield* Listener.Listener
    const [onClient, onServer] =
      interrupted === "client" ? [interruptAt, uninterrupted] : ([uninterrupted, interruptAt] as const)
    const served = yield* Deferred.make<Interrupted<unknown, { readonly _tag: string }>>()
    const use = (duplex: Duplex) =>
      Effect.flatMap(onServer(server(duplex), moment), (ended) => Effect.asVoid(Deferred.succeed(served, ended)))
    yield* Effect.forkScoped(accept(use))
    const asked: Interrupted<unknown, { readonly _tag: string }> = yield* onClient(client, moment)
    // Who has not connected is not served.
    const unserved = Exit.isFailure(asked.exit) ? Effect.as(turns(100), undefined) : Effect.never
    const ended = yield* Effect.raceFirst(Deferred.await(served), unserved)
    return ended === undefined ? [asked] : [asked, ended]
  })

const typed = /^(Closed|TransportError|HandshakeError|SendError)$/

/** Each has done its part, was interrupted, or fails with an error of the other's end: never a defect, never half a message. */
const expectTyped = (exit: Exit.Exit<unknown, { readonly _tag: string }>) => {
  if (Exit.isSuccess(exit) || Cause.isInterruptedOnly(exit.cause)) return
  expect(Cause.isDie(exit.cause), Cause.pretty(exit.cause)).toBe(false)
  for (const { _tag } of Cause.failures(exit.cause)) expect(_tag).toMatch(typed)
}

/** Interrupts at each of the moments, until it comes too late; gives how many moments there are. */
const everyMoment = (interrupted: Role, interruptAt: InterruptAt, stride: number) =>
  Effect.gen(function* () {
    for (let moment = 1; ; moment += stride) {
      const ended = yield* leavesNoFiber(session(interrupted, interruptAt, moment))
      for (const { exit } of ended) expectTyped(exit)
      if (ended.every(({ isOver }) => isOver)) return moment
    }
  })

/** All 1 200 steps of a client were tried, and the 320 of a server (5 s); here it is each seventh, and fewer over TCP. */
const strides: Readonly<Record<string, number>> = { memory: 7, TCP: 23 }

describe("Beast cancel.cpp: brute_force (PARITY §17.7)", () => {
  leavesNothing()
  for (const [name, { layer }] of Object.entries(places)) {
    for (const role of ["client", "server"] as const) {
      it.live(`a ${role} that is interrupted at the n-th step of its fibers, over ${name}`, () =>
        Effect.map(everyMoment(role, afterSteps, strides[name]!), (moments) =>
          expect(moments).toBeGreaterThan(100)
        ).pipe(Effect.provide([WebSocket.layer, layer]))
      )
    }
  }

  // Over memory the whole of it is done within one turn.
  for (const role of ["client", "server"] as const) {
    it.live(`a ${role} that is interrupted after each turn of the event loop, over TCP`, () =>
      Effect.map(everyMoment(role, afterTurns, 1), (moments) => expect(moments).toBeGreaterThan(3)).pipe(
        Effect.provide([WebSocket.layer, places.TCP!.layer])
      )
    )
  }
})

describe("Beast test.hpp: doFailLoop, a whole session over TCP (PARITY §17)", () => {
  leavesNothing()
  const whole = leavesNoFiber(session("client", uninterrupted, 0))
  for (const [role, program] of [
    ["client", (point: FailurePoint) => Effect.provide(whole, layerAt(point))],
    ["server", (point: FailurePoint) => Effect.provide(whole, layerListenerAt(point))]
  ] as const) {
    it.live(`each operation of the ${role}'s transport fails once`, () =>
      Effect.gen(function* () {
        const exits = yield* everyFailureAt(program)
        expect(exits.length).toBeGreaterThan(5)
        for (const ended of exits) for (const { exit } of yield* ended) expectTyped(exit)
        const last = yield* exits.at(-1)!
        expect(last.map(({ exit }) => exit._tag)).toEqual(["Success", "Success"])
      }).pipe(Effect.provide([WebSocket.layer, places.TCP!.layer]))
    )
  }
})
