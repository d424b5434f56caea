import { describe, expect } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { Admission, type Full } from "../../src/server/Admission.js"
import type { Address } from "../../src/Transport.js"
import { orEffect } from "../../src/waiting/orEffect.js"
import { test } from "../support/leavesNothing.js"

const nowhere = Option.none<Address>()

/** A connection that begins, and ends with `use`. */
const enter = <A, E, R>(
  admission: Admission,
  remote: Option.Option<Address>,
  use: (full: Full | undefined) => Effect.Effect<A, E, R>
) => Effect.scoped(Effect.flatMap(orEffect(admission.enter({ info: { remote } })), use))

const from = (hostname: string) => Option.some<Address>({ _tag: "TcpAddress", hostname, port: 1 })

/** Begins a handshake in a connection of its own, and tells whether there is no room for it. */
const begin = (admission: Admission) =>
  Effect.gen(function* () {
    const full = yield* Deferred.make<boolean>()
    const make = (isFull: boolean) => Effect.zipRight(Deferred.succeed(full, isFull), Effect.never)
    const both = enter(admission, nowhere, (full) => (full ? make(true) : admission.handshakes.enter(make)))
    const fiber = yield* Effect.fork(both)
    return { fiber, isFull: yield* Deferred.await(full) }
  })

describe("Admission", () => {
  for (const [name, admission] of [
    ["connections", () => new Admission({ connections: 2 })],
    ["handshakes", () => new Admission({ handshakes: 2 })]
  ] as const) {
    test(`${name}: one too many is told so, and leaves the room as it was`, function* () {
      const counts = admission()
      const [one, two, three, four] = yield* Effect.replicateEffect(begin(counts), 4)
      expect([one?.isFull, two?.isFull, three?.isFull, four?.isFull]).toEqual([false, false, true, true])
      yield* Effect.forEach([three!, four!], ({ fiber }) => Fiber.interrupt(fiber))
      const fifth = yield* begin(counts)
      expect(fifth.isFull).toBe(true)
      yield* Effect.forEach([fifth, one!], ({ fiber }) => Fiber.interrupt(fiber))
      const sixth = yield* begin(counts)
      expect(sixth.isFull).toBe(false)
      yield* Effect.forEach([two!, sixth], ({ fiber }) => Fiber.interrupt(fiber))
    })
  }

  test("a handshake that is done makes room for another one; its connection still counts", function* () {
    const admission = new Admission({ connections: 2, handshakes: 1 })
    const { handshakes } = admission
    const full = enter(admission, nowhere, Effect.succeed)
    const open = enter(admission, nowhere, () => Effect.zipRight(handshakes.enter(Effect.succeed), Effect.never))
    const one = yield* Effect.fork(open)
    const two = yield* Effect.fork(open)
    yield* Effect.yieldNow()
    expect(yield* full).toBe("server")
    expect(yield* handshakes.enter(Effect.succeed)).toBe(false)
    yield* Fiber.interrupt(one)
    expect(yield* full).toBe(undefined)
    yield* Fiber.interrupt(two)
  })

  test("one that was refused counts no more, however long it stays", function* () {
    const admission = new Admission({ connections: 1 })
    const one = yield* Effect.fork(enter(admission, nowhere, () => Effect.never))
    const refused = yield* Effect.fork(enter(admission, nowhere, () => Effect.never))
    yield* Effect.yieldNow()
    yield* Fiber.interrupt(one)
    expect(yield* enter(admission, nowhere, Effect.succeed)).toBe(undefined)
    yield* Fiber.interrupt(refused)
  })

  test("what fails or dies is counted no longer", function* () {
    const { handshakes } = new Admission({ handshakes: 1 })
    yield* Effect.exit(handshakes.enter(() => Effect.fail("no")))
    yield* Effect.exit(handshakes.enter(() => Effect.die("no")))
    expect(yield* handshakes.enter(Effect.succeed)).toBe(false)
  })

  test("HARDENING S03: so many from one address, and others besides; who has left is forgotten", function* () {
    const admission = new Admission({ connections: 4, perAddress: 2 })
    const stay = (hostname: string) =>
      Effect.gen(function* () {
        const full = yield* Deferred.make<string | undefined>()
        const told = (each: string | undefined) => Effect.zipRight(Deferred.succeed(full, each), Effect.never)
        const fiber = yield* Effect.fork(enter(admission, from(hostname), told))
        return { fiber, full: yield* Deferred.await(full) }
      })
    const all = yield* Effect.forEach(["192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.3"], stay)
    // The one that was refused because of its address holds a place of the server for as long as it is there.
    expect(all.map(({ full }) => full)).toEqual([undefined, undefined, "address", undefined, "server"])
    expect(admission.addresses.size).toBe(2)
    yield* Fiber.interrupt(all[2]!.fiber)
    yield* Fiber.interrupt(all[0]!.fiber)
    expect(yield* enter(admission, from("192.0.2.1"), Effect.succeed)).toBe(undefined)
    yield* Effect.forEach(all, ({ fiber }) => Fiber.interrupt(fiber))
    expect(admission.addresses.size).toBe(0)
  })

  test("HARDENING S03: addresses of one customer count as one", function* () {
    const admission = new Admission({ perAddress: 1 })
    const within = enter(admission, from("192.0.2.1"), () => enter(admission, from("::ffff:192.0.2.1"), Effect.succeed))
    expect(yield* within).toBe("address")
  })

  test("HARDENING S03: who comes from no network is not counted", function* () {
    const admission = new Admission({ perAddress: 1 })
    const unix = Option.some<Address>({ _tag: "UnixAddress", path: "/run/a" })
    expect(yield* enter(admission, unix, () => enter(admission, unix, Effect.succeed))).toBe(undefined)
    expect(yield* enter(admission, nowhere, () => enter(admission, nowhere, Effect.succeed))).toBe(undefined)
  })
})
