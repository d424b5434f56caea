/** What a program has left behind in the runtime: fibers that still live when it has ended. */
import { expect } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Supervisor from "effect/Supervisor"
import * as TestClock from "effect/TestClock"
import { hostTurn } from "effect-websocket/host/HostTurn"

/** Lets whatever can go on without time passing go on. */
export const turns = (count: number): Effect.Effect<void> => Effect.repeatN(hostTurn, count)

/** Turns after which a fiber that still lives stays for ever; sockets need some to close. */
const patience = 200

/** Runs the effect in a Scope of its own, and expects that no fiber of it is left. */
export const leavesNoFiber = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, Exclude<R, Scope.Scope>> =>
  Effect.gen(function* () {
    const supervisor = yield* Supervisor.track
    const fiber = yield* Effect.fork(Effect.supervised(Effect.scoped(effect), supervisor))
    const exit = yield* Fiber.await(fiber)
    for (let turn = 0; turn < patience && (yield* supervisor.value).length > 0; turn++) yield* hostTurn
    // A check of the test that failed is told first.
    if (Exit.isSuccess(exit) || !Cause.isDie(exit.cause)) {
      expect((yield* supervisor.value).length, "living fibers").toBe(0)
    }
    return yield* exit
  })

/** Lets time pass by TestClock, 10 ms and again, until the fiber has ended; gives how many milliseconds that were, too. */
export const passing = <A, E>(fiber: Fiber.Fiber<A, E>) =>
  Effect.gen(function* () {
    let millis = 0
    for (; Option.isNone(yield* Fiber.poll(fiber)); millis += 10) {
      yield* turns(10)
      yield* TestClock.adjust("10 millis")
    }
    return { millis, result: yield* Fiber.join(fiber) }
  })
