/**
 * The field `traceparent` (W3C Trace Context §3.2): which trace a request belongs to, and which span of it asks.
 *
 * What comes from a peer is four numbers of fixed length, or nothing.
 */
import type { Fields } from "@effect-websocket/protocol/http/Fields"
import * as Tracer from "effect/Tracer"

/** The name of the field. */
export const traceparent = "traceparent"

const pattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

const isZero = (digits: string): boolean => /^0+$/.test(digits)

/** The value of the field for what a span asks for; a tracer that is switched off has no numbers. */
export const format = ({ sampled, spanId, traceId }: Tracer.Span): string | undefined => {
  const value = `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`
  return pattern.test(value) ? value : undefined
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
  return Tracer.externalSpan({ traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 })
}
