/** The span of the handshake that has opened a connection, for as long as somebody has the connection. */
import type { Negotiated } from "@effect-websocket/protocol/handshake/Negotiated"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"

const spans = new WeakMap<Negotiated, Tracer.AnySpan>()

export const remember = (negotiated: Negotiated, span: Tracer.AnySpan): void => {
  spans.set(negotiated, span)
}

export const spanOf = (negotiated: Negotiated): Option.Option<Tracer.AnySpan> =>
  Option.fromNullable(spans.get(negotiated))

/** All spans of the effect are linked to that one. */
export const linked = <A, E, R>(negotiated: Negotiated, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
  const span = spans.get(negotiated)
  return span === undefined ? effect : Effect.linkSpans(effect, span)
}
