/**
 * The fields `traceparent` and `tracestate` (W3C Trace Context §3.2, §3.3): which trace a request belongs to, which span of it
 * asks, and what the systems on its way have noted.
 *
 * What comes from a peer is four numbers of fixed length, or nothing, and a bounded text that is passed on as it came.
 */
import { Fields } from "@effect-websocket/protocol/http/Fields"
import * as Context from "effect/Context"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"

/** The names of the fields. */
export const traceparent = "traceparent"
const tracestate = "tracestate"

/** What a peer's `tracestate` said: spans of Effect have no place for it but their context. */
class TraceState extends Context.Tag("effect-websocket/TraceState")<TraceState, string>() {}

/** §3.3.1.5: so much should be passed on; more is left out. */
const maxState = 512

const pattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

const isZero = (digits: string): boolean => /^0+$/.test(digits)

/** §3.3.1: what came with the trace goes on with it, to whatever its spans ask. */
const stateOf = (span: Tracer.AnySpan): string | undefined => {
  let at: Tracer.AnySpan | undefined = span
  while (at !== undefined) {
    const state: Option.Option<string> = Context.getOption(at.context, TraceState)
    if (Option.isSome(state)) return state.value
    at = at._tag === "Span" ? Option.getOrUndefined(at.parent) : undefined
  }
  return undefined
}

/** The fields for what a span asks for; a tracer that is switched off has no numbers, and no fields. */
export const format = (span: Tracer.Span): Fields => {
  const { sampled, spanId, traceId } = span
  const value = `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`
  if (!pattern.test(value)) return Fields.empty
  const state = stateOf(span)
  return Fields.from(state === undefined ? { traceparent: value } : { traceparent: value, tracestate: state })
}

const contextOf = (fields: Fields): Context.Context<never> => {
  const state = fields.combined(tracestate) ?? ""
  return state === "" || state.length > maxState ? Context.empty() : Context.make(TraceState, state)
}

/** The span of the peer, when the field says which. */
export const parse = (fields: Fields): Tracer.ExternalSpan | undefined => {
  const match = pattern.exec(fields.combined(traceparent) ?? "")
  if (match === null) return undefined
  const [, version = "", traceId = "", spanId = "", flags = "", more] = match
  // §3.2.2.1: the version ff is forbidden, and version 00 has four parts; later ones may have more.
  if (version === "ff" || (version === "00" && more !== undefined)) return undefined
  // §3.2.2.3, §3.2.2.4: all zeros is no trace, and no span.
  if (isZero(traceId) || isZero(spanId)) return undefined
  const sampled = (Number.parseInt(flags, 16) & 1) === 1
  return Tracer.externalSpan({ traceId, spanId, sampled, context: contextOf(fields) })
}
