/** Interruption at every moment of a program: after each turn of the event loop, or at each step of its fibers. */
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { defaultScheduler, type Scheduler } from "effect/Scheduler"
import { hostTurn } from "effect-websocket/host/HostTurn"

/** How a program ended, and whether it did before it was interrupted. */
export interface Interrupted<A, E> {
  readonly exit: Exit.Exit<A, E>
  readonly isOver: boolean
}

/** Runs a program, and interrupts it at the n-th moment. */
export type InterruptAt = <A, E, R>(
  program: Effect.Effect<A, E, R>,
  moment: number
) => Effect.Effect<Interrupted<A, E>, never, R>

/** Lets it run for so many turns of the event loop. */
export const afterTurns: InterruptAt = (program, moment) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(program)
    const isOver = Effect.map(Fiber.poll(fiber), Option.isSome)
    for (let turn = 0; turn < moment && !(yield* isOver); turn++) yield* hostTurn
    return { isOver: yield* isOver, exit: yield* Fiber.interrupt(fiber) }
  })

/** Lets it, and the fibers it forks, make so many steps. */
export const afterSteps: InterruptAt = (program, moment) =>
  Effect.gen(function* () {
    let steps = 0
    let interrupt = () => {}
    const scheduler: Scheduler = {
      shouldYield: (fiber) => {
        if (++steps === moment) interrupt()
        return defaultScheduler.shouldYield(fiber)
      },
      scheduleTask: (task, priority) => defaultScheduler.scheduleTask(task, priority)
    }
    const fiber = yield* Effect.fork(Effect.withScheduler(program, scheduler))
    interrupt = () => fiber.unsafeInterruptAsFork(fiber.id())
    const exit = yield* Fiber.await(fiber)
    return { exit, isOver: steps < moment }
  })
