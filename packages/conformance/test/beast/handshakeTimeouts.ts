/** Beast's tests of a handshake with a timeout, of 50 ms: one that is kept to, and one that is not. */
import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import * as Handshake from "effect-websocket/Handshake"
import { Listener } from "effect-websocket/Listener"
import { type Duplex, Transport } from "effect-websocket/Transport"
import * as WebSocket from "effect-websocket/WebSocket"
import { leavesNoFiber, passing } from "../support/fibers.js"
import type { Role } from "../support/framePlay.js"
import { leavesNothing } from "../support/leaks.js"
import { meet, together } from "../support/operations.js"
import { type Place, places } from "../support/places.js"

const limits = { handshakeTimeout: "50 millis" } as const

/** Our handshake with a server that says nothing; what it fails with. */
const withServer = (place: Place) =>
  Effect.gen(function* () {
    const { connect } = yield* Transport
    const handshake = yield* Handshake.Handshake
    const uri = yield* Effect.flatMap(
      place.serve(() => Effect.void),
      WebSocket.parseUri
    )
    const duplex = yield* connect(uri)
    return yield* Effect.flip(handshake.client(duplex, uri, { limits }))
  })

/** The same with a client. */
const withClient = (place: Place) =>
  Effect.gen(function* () {
    const { accept } = yield* Listener
    const handshake = yield* Handshake.Handshake
    const made = yield* Deferred.make<Handshake.Accepted<undefined>, Handshake.HandshakeFailure>()
    const use = (duplex: Duplex) => Effect.asVoid(Effect.intoDeferred(handshake.server(duplex, { limits }), made))
    yield* Effect.forkScoped(accept(use))
    yield* place.toServer
    return yield* Effect.flip(Deferred.await(made))
  })

/** Our handshake in this role with a peer that says nothing. */
const silent = (role: Role, place: Place) =>
  Effect.suspend(
    (): Effect.Effect<unknown, unknown, Handshake.Handshake | Transport | Listener | Scope.Scope> =>
      role === "client" ? withServer(place) : withClient(place)
  )

/** The three tests of a role, over memory and TCP. */
export const handshakeTimeouts = (suite: string, role: Role): void => {
  describe(`Beast ${suite}`, () => {
    leavesNothing()
    for (const [name, place] of Object.entries(places)) {
      it.effect(`success, no timeout, over ${name}`, () =>
        leavesNoFiber(
          Effect.gen(function* () {
            const { ws } = yield* meet(role, { handshakeTimeout: Infinity })
            expect(yield* together(ws, ["write", "read"])).toEqual({ write: "written", read: "the message" })
          })
        ).pipe(Effect.provide([WebSocket.layer, place.layer]))
      )

      it.effect(`success, timeout enabled, over ${name}`, () =>
        leavesNoFiber(
          Effect.gen(function* () {
            const { ws } = yield* meet(role, limits)
            yield* TestClock.adjust("1 seconds")
            expect(yield* together(ws, ["write", "read"])).toEqual({ write: "written", read: "the message" })
          })
        ).pipe(Effect.provide([WebSocket.layer, place.layer]))
      )

      it.effect(`timeout, over ${name}`, () =>
        leavesNoFiber(
          Effect.gen(function* () {
            const { millis, result } = yield* passing(yield* Effect.fork(silent(role, place)))
            expect(result).toMatchObject({ _tag: "TimeoutError", phase: "Handshake" })
            expect(millis).toBeGreaterThanOrEqual(50)
          })
        ).pipe(Effect.provide([WebSocket.layer, place.layer]))
      )
    }
  })
}
