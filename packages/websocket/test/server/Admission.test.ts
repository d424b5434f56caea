import { describe, expect } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { Admission } from "../../src/server/Admission.js"
import { test } from "../support/leavesNothing.js"

/** Begins a handshake in a connection of its own, and tells whether there is no room for it. */
const begin = (admission: Admission) =>
  Effect.gen(function* () {
    const full = yield* Deferred.make<boolean>()
    const make = (isFull: boolean) => Effect.zipRight(Deferred.succeed(full, isFull), Effect.never)
    const both = admission.connections.enter((isFull) => (isFull ? make(true) : admission.handshakes.enter(make)))
    const fiber = yield* Effect.fork(both)
    return { fiber, isFull: yield* Deferred.await(full) }
  })

describe("Admission", () => {
  for (const [name, admission] of [
    ["connections", () => new Admission(2, Number.POSITIVE_INFINITY)],
    ["handshakes", () => new Admission(Number.POSITIVE_INFINITY, 2)]
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
    const { connections, handshakes } = new Admission(2, 1)
    const open = connections.enter(() => Effect.zipRight(handshakes.enter(Effect.succeed), Effect.never))
    const one = yield* Effect.fork(open)
    const two = yield* Effect.fork(open)
    yield* Effect.yieldNow()
    expect(yield* connections.enter(Effect.succeed)).toBe(true)
    expect(yield* handshakes.enter(Effect.succeed)).toBe(false)
    yield* Fiber.interrupt(one)
    expect(yield* connections.enter(Effect.succeed)).toBe(false)
    yield* Fiber.interrupt(two)
  })

  test("one that was refused counts no more, however long it stays", function* () {
    const { connections } = new Admission(1, 1)
    const one = yield* Effect.fork(connections.enter(() => Effect.never))
    const refused = yield* Effect.fork(connections.enter(() => Effect.never))
    yield* Effect.yieldNow()
    yield* Fiber.interrupt(one)
    expect(yield* connections.enter(Effect.succeed)).toBe(false)
    yield* Fiber.interrupt(refused)
  })

  test("what fails or dies is counted no longer", function* () {
    const { handshakes } = new Admission(1, 1)
    yield* Effect.exit(handshakes.enter(() => Effect.fail("no")))
    yield* Effect.exit(handshakes.enter(() => Effect.die("no")))
    expect(yield* handshakes.enter(Effect.succeed)).toBe(false)
  })
})
