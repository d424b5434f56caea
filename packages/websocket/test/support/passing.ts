/** Time under TestClock, for what goes on by turns of the event loop as well. */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Supervisor from "effect/Supervisor"
import * as TestClock from "effect/TestClock"
import { turns } from "./leavesNothing.js"

/** Lets time pass, and then what it has caused happen. */
export const pass = (time: Duration.DurationInput): Effect.Effect<void> =>
  Effect.zipRight(TestClock.adjust(time), turns(10))

/** Runs the effect while time passes: 100 ms in 20 turns of the event loop, which come at their own pace. */
export const whilePassing = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.raceFirst(effect, Effect.forever(Effect.zipRight(turns(20), TestClock.adjust("100 millis"))))

/** Runs the effect, and gives how many fibers live that were forked on behalf of what it has made. */
export const watching = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<readonly [A, fibers: Effect.Effect<number>], E, R> =>
  Effect.gen(function* () {
    const supervisor = yield* Supervisor.track
    const made = yield* Effect.supervised(effect, supervisor)
    const count = Effect.map(supervisor.value, (fibers) => fibers.length)
    return [made, Effect.zipRight(turns(5), count)] as const
  })
