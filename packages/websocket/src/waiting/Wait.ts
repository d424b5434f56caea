/**
 * An effect that waits for what the host will tell, and does nothing else meanwhile: a socket that is readable, or written, or gone.
 *
 * As an effect it is like any other. Who has no fiber can wait for it too (`watch`), and who bounds the time of it needs no second
 * one: a fiber that is forked only to wait takes some 25 steps of Effect's interpreter, and 2 KB.
 */
import * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"
import * as Exit from "effect/Exit"
import * as Runtime from "effect/Runtime"
import { later, Prompt } from "./Prompt.js"

/** Gives up: what was waited for is not told any more. */
export type Stop = () => void

export class Wait<A, E = never> extends Effectable.Class<A, E> {
  /**
   * `look` gives how to go on, when that is known; otherwise `wait` calls back, once, when it is to be looked again. Nothing is
   * taken before the effect that `look` gives is run: an interruption loses nothing.
   */
  constructor(
    private readonly look: () => Effect.Effect<A, E> | undefined,
    private readonly wait: (again: () => void) => Stop
  ) {
    super()
  }

  /** Calls back once, with how to go on: at once, if that is known. */
  start(resume: (next: Effect.Effect<A, E>) => void): Stop {
    let stop: Stop | undefined
    const again = () => {
      const next = this.look()
      if (next === undefined) stop = this.wait(again)
      else resume(next)
    }
    again()
    return () => stop?.()
  }

  commit(): Effect.Effect<A, E> {
    return this.look() ?? Effect.async((resume) => Effect.sync(this.start(resume)))
  }
}

/** How an effect ends that need not wait; undefined for one that must. */
const exitOf = <A, E>(effect: Effect.Effect<A, E>): Exit.Exit<A, E> | undefined => {
  if (Exit.isExit(effect)) return effect as Exit.Exit<A, E>
  const result = effect instanceof Prompt ? (effect.attempt() as A | typeof later) : later
  return result === later ? undefined : Exit.succeed(result)
}

/** Tells how the effect ends; in a fiber only where it does more than to wait. Who stops it is told nothing, or that it was interrupted. */
export const watch = <A, E>(
  effect: Effect.Effect<A, E>,
  runtime: Runtime.Runtime<never>,
  onExit: (exit: Exit.Exit<A, E>) => void
): Stop => {
  if (effect instanceof Wait) {
    let stop: Stop | undefined
    const waiting = effect.start((next) => {
      stop = watch(next, runtime, onExit)
    })
    return () => (stop ?? waiting)()
  }
  const done = exitOf(effect)
  if (done !== undefined) {
    onExit(done)
    return () => {}
  }
  const fiber = Runtime.runFork(runtime)(effect)
  fiber.addObserver(onExit)
  return () => fiber.unsafeInterruptAsFork(fiber.id())
}
