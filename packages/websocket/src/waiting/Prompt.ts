/**
 * An effect that is done at once whenever it need not wait, and then takes no step of Effect's interpreter.
 *
 * A step costs 100 to 200 ns, and to send a small message costs as much as one. `yield*` in a generator asks the effect for an
 * iterator; this one does then what is to be done, in the fiber that asks, and gives an iterator that is at its end: the generator
 * goes on without a step. (So does Effect with an `Exit`.) Where something must be waited for, and everywhere else, it is an effect
 * like any other.
 */
import * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"

/** It must be waited for, and nothing has been done yet. */
export const later: unique symbol = Symbol("later")

type EffectIterator<A, E> = Effect.EffectGenerator<Effect.Effect<A, E>>

/** An iterator that is at its end, and what it gives then. */
class End<A> {
  readonly done = true

  constructor(readonly value: A) {}

  next(): this {
    return this
  }
}

const ended = new End(undefined)

/** `commit` gives the effect that waits for it, if it must. */
export abstract class Prompt<A, E> extends Effectable.Class<A, E> {
  /** Does it at once, all of it; or not, and gives `later`. */
  abstract attempt(): A | typeof later

  override [Symbol.iterator](): EffectIterator<A, E> {
    try {
      const value = this.attempt()
      if (value === later) return super[Symbol.iterator]()
      return (value === undefined ? ended : new End(value)) as unknown as EffectIterator<A, E>
    } catch (defect) {
      // A defect is one of the fiber, which no `try` of the generator should see.
      return Effect.die(defect)[Symbol.iterator]()
    }
  }
}

/** Whether something is left to be done: there is an effect, and it is none that was to be done at once, and is done now. */
export const isUndone = <E, R>(effect: Effect.Effect<unknown, E, R> | void): effect is Effect.Effect<unknown, E, R> =>
  effect !== undefined && !(effect instanceof Prompt && effect.attempt() !== later)
