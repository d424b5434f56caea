/**
 * An effect that is done at once whenever it need not wait, and then takes no step of Effect's interpreter.
 *
 * A step costs 100 to 200 ns, and to send a small message costs as much as one. `yield*` in a generator asks the effect for an
 * iterator; this one does what is to be done, in the fiber that asks, and is through: the generator goes on without a step. (So
 * does Effect with an `Exit`.) Where something must be waited for, and everywhere else, it is an effect like any other.
 */
import * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"
import { YieldWrap } from "effect/Utils"

/** It must be waited for, and nothing has been done yet. */
export const later: unique symbol = Symbol("later")

/** `commit` gives the effect that waits for it, if it must. */
export abstract class Prompt<A, E> extends Effectable.Class<A, E> {
  /** Does it at once, all of it; or not, and gives `later`. */
  abstract attempt(): A | typeof later

  override [Symbol.iterator](): Effect.EffectGenerator<Effect.Effect<A, E>> {
    return new PromptIterator(this) as unknown as Effect.EffectGenerator<Effect.Effect<A, E>>
  }
}

/** Whether something is left to be done: there is an effect, and it is none that was to be done at once, and is done now. */
export const isUndone = <E, R>(effect: Effect.Effect<unknown, E, R> | void): effect is Effect.Effect<unknown, E, R> =>
  effect !== undefined && !(effect instanceof Prompt && effect.attempt() !== later)

class PromptIterator<A, E> implements Iterator<YieldWrap<Effect.Effect<A, E>>, A, A> {
  private isAwaited = false

  constructor(private readonly prompt: Prompt<A, E>) {}

  next(value: A): IteratorResult<YieldWrap<Effect.Effect<A, E>>, A> {
    if (this.isAwaited) return { done: true, value }
    this.isAwaited = true
    try {
      const done = this.prompt.attempt()
      return done === later ? { done: false, value: new YieldWrap(this.prompt) } : { done: true, value: done }
    } catch (defect) {
      // A defect is one of the fiber, which no `try` of the generator should see.
      return { done: false, value: new YieldWrap(Effect.die(defect)) }
    }
  }
}
