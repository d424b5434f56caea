/**
 * Runs a test in a Scope of its own, and fails when something of it is left: a fiber, or a socket.
 */
import { expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as Supervisor from "effect/Supervisor"
import type { YieldWrap } from "effect/Utils"
import { hostTurn } from "../../src/host/HostTurn.js"

/** Lets whatever can go on without time passing go on. */
export const turns = (count = 40): Effect.Effect<void> => Effect.repeatN(hostTurn, count)

const sockets = (): ReadonlyArray<string> => process.getActiveResourcesInfo().filter((name) => name.endsWith("Wrap"))

/** Runs the effect, and expects that nothing of it is left. */
export const leavesNothing = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, Exclude<R, Scope.Scope>> =>
  Effect.gen(function* () {
    const before = sockets()
    const supervisor = yield* Supervisor.track
    const fiber = yield* Effect.fork(Effect.supervised(Effect.scoped(effect), supervisor))
    const exit = yield* Fiber.await(fiber)
    if (Exit.isFailure(exit)) return yield* exit
    yield* turns()
    const fibers = yield* supervisor.value
    expect(fibers.length, "living fibers").toBe(0)
    expect(sockets()).toEqual(before)
    return yield* exit
  })

/** A test under TestClock that leaves nothing. */
export const test = (
  name: string,
  body: () => Generator<YieldWrap<Effect.Effect<unknown, unknown, Scope.Scope>>, void>
): void => it.effect(name, () => leavesNothing(Effect.gen(body)))
