/** Options that are a value, or an effect that makes one. */
import * as Effect from "effect/Effect"
import type { OrEffect } from "./HandshakeOptions.js"

/** The value itself, or what the effect makes. */
export const orEffect = <A, E, R>(value: OrEffect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.isEffect(value) ? (value as Effect.Effect<A, E, R>) : Effect.succeed(value as A)
