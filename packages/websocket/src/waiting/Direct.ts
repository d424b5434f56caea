/**
 * Effects whose begin is plain code, such as the steps of a handshake.
 *
 * A handshake on whose way nobody has to be waited for is plain code: a value goes from step to step, and the interpreter sees none of
 * them. Where an option is an effect, or a service is another one, what is left of the way is an effect.
 */
import type * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"
import { type OrEffect, orEffect } from "./orEffect.js"

/** An effect whose begin is plain code, which runs in the fiber that asks: all of it, when there is nothing to wait for. */
export class Direct<A, E = never, R = never> extends Effectable.Class<A, E, R> {
  constructor(readonly begin: () => OrEffect<A, E, R>) {
    super()
  }

  commit(): Effect.Effect<A, E, R> {
    return orEffect(this.begin())
  }
}

/** Begins at once, where the effect can be begun so: its value, or what is left of it. */
export const atOnce = <A, E, R>(effect: Effect.Effect<A, E, R>): OrEffect<A, E, R> =>
  effect instanceof Direct ? effect.begin() : effect
