/** Options that are a value, or an effect that makes one. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** A value, or an effect that makes one. */
export type OrEffect<A, E = never, R = never> = A | Effect.Effect<A, E, R>

/** An Option, which Effect takes for an effect, is a value here. */
export const isEffect = <A, E, R>(value: OrEffect<A, E, R>): value is Effect.Effect<A, E, R> =>
  Effect.isEffect(value) && !Option.isOption(value)

/** The value itself, or what the effect makes. */
export const orEffect = <A, E, R>(value: OrEffect<A, E, R>): Effect.Effect<A, E, R> =>
  isEffect(value) ? value : Effect.succeed(value)

/** Goes on with the value: at once when it is one, otherwise behind the effect. */
export const andThen = <A, E, R, B, F, S>(
  value: OrEffect<A, E, R>,
  next: (value: A) => OrEffect<B, F, S>
): OrEffect<B, E | F, R | S> => (isEffect(value) ? Effect.flatMap(value, (made) => orEffect(next(made))) : next(value))

/** What `make` gives; what it throws is a defect, as in an effect. */
export const orDie = <A, E, R>(make: () => OrEffect<A, E, R>): OrEffect<A, E, R> => {
  try {
    return make()
  } catch (defect) {
    return Effect.die(defect)
  }
}
