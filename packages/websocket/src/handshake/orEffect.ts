/** Options that are a value, or an effect that makes one. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { OrEffect } from "./HandshakeOptions.js"

/** The value itself, or what the effect makes. An Option, which Effect takes for an effect, is a value here. */
export const orEffect = <A, E, R>(value: OrEffect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.isEffect(value) && !Option.isOption(value) ? (value as Effect.Effect<A, E, R>) : Effect.succeed(value as A)
