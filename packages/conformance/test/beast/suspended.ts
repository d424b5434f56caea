/**
 * Beast's tests of suspended operations: several are begun at a time, octets of the peer in front of them, and every point at
 * which the transport may fail is failed once (`doFailLoop`).
 */
import { describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { LimitOptions } from "effect-websocket/Limits"
import * as MemoryTransport from "effect-websocket/MemoryTransport"
import { everyFailureAt, type FailurePoint, layerAt, layerListenerAt } from "effect-websocket/testing/FailingTransport"
import * as WebSocket from "effect-websocket/WebSocket"
import { TransportError } from "effect-websocket/WebSocketError"
import { fromHex, type Written } from "../support/corpus.js"
import { leavesNoFiber } from "../support/fibers.js"
import type { Role } from "../support/framePlay.js"
import { leavesNothing } from "../support/leaks.js"
import { facing, type Moment, meet, type Operation, type Outcomes } from "../support/operations.js"
import { type Place, places } from "../support/places.js"
import { titled } from "./deviations.js"

/** Operations that are begun at a time, and what each of them comes to. */
export interface Suspended {
  readonly name: string
  readonly role?: Role
  readonly limits?: LimitOptions
  /** What the peer has sent, in hexadecimal digits. */
  readonly octets?: Written
  readonly operations: ReadonlyArray<Operation>
  /** What `write` sends. */
  readonly message?: WebSocket.Message
  /** What they come to when the octets are there first, and when they come behind the begin. */
  readonly ends: Readonly<Partial<Record<Moment, Outcomes>>>
  readonly differs?: string | undefined
}

const run = ({ limits, message, octets = "", operations, role = "client" }: Suspended, moment: Moment) =>
  Effect.flatMap(meet(role, limits), (ends) => facing(ends, fromHex(octets), moment, operations, message))

const failure = new TransportError({ reason: { _tag: "Read" }, cause: "injected" })

const lost = /^(closed by )?TransportError\.Read$|^SendError\.(Closed|Closing)$/

/** When the transport fails, each operation was done before, or tells it. */
const expectLost = (ends: Outcomes, exits: ReadonlyArray<Exit.Exit<Outcomes, { readonly _tag: string }>>) => {
  for (const exit of exits) {
    if (Exit.isFailure(exit)) {
      expect(Option.getOrThrow(Cause.failureOption(exit.cause))._tag).toMatch(/^(TransportError|HandshakeError)$/)
    } else {
      for (const [operation, end] of Object.entries(exit.value)) {
        if (end !== ends[operation]) expect(end, operation).toMatch(lost)
      }
    }
  }
}

/** Fails each operation of the transport beneath our end. */
const failing = (each: Suspended, moment: Moment, ends: Outcomes) =>
  Effect.gen(function* () {
    const tested = leavesNoFiber(run(each, moment))
    const program = (point: FailurePoint) =>
      each.role === "server" ? Effect.provide(tested, layerListenerAt(point)) : Effect.provide(tested, layerAt(point))
    const exits = yield* everyFailureAt(program, { error: failure })
    expect(exits.length).toBeGreaterThan(3)
    expectLost(ends, exits.slice(0, -1))
    expect(exits.at(-1)).toEqual(Exit.succeed(ends))
  }).pipe(Effect.provide([WebSocket.layer, MemoryTransport.layer]))

const passing = (each: Suspended, moment: Moment, ends: Outcomes, { layer }: Place) =>
  leavesNoFiber(run(each, moment)).pipe(
    Effect.map((ended) => expect(ended).toEqual(ends)),
    Effect.provide([WebSocket.layer, layer])
  )

/** For each case a test for each moment in memory, one over TCP, and one that fails each operation of the transport in turn. */
export const suspended = (suite: string, cases: ReadonlyArray<Suspended>): void => {
  describe(`Beast ${suite}`, () => {
    leavesNothing()
    for (const each of cases) {
      const moments = Object.entries(each.ends) as Array<[Moment, Outcomes]>
      const titleFor = (moment: Moment) =>
        `${titled(each.name, each.differs)}${each.octets === undefined ? "" : `, octets ${moment}`}`
      for (const [moment, ends] of moments) {
        it.live(`${titleFor(moment)}, over memory`, () => passing(each, moment, ends, places.memory!))
      }
      const [moment, ends] = moments.at(-1)!
      it.live(`${titleFor(moment)}, over TCP`, () => passing(each, moment, ends, places.TCP!))
      it.live(`${titleFor(moment)}, with the n-th operation failing`, () => failing(each, moment, ends))
    }
  })
}
