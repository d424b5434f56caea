/**
 * Spans for opening handshakes, which belong to one trace on both sides: the layer switches them on, wherever it is provided.
 *
 * A client's span (`websocket.connect`) goes from the begin of connecting to the 101, or to what there is instead; its request has the
 * fields `traceparent` and, where the trace has one, `tracestate` (W3C Trace Context). A server's span (`websocket.accept`) goes from
 * the request to the answer, and has the client's as its parent. What happens on the connection later, which may last for days, is
 * no child of them, but linked to them.
 *
 * @example
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { WebSocket, WebSocketTracing } from "effect-websocket"
 *
 * const watched = Effect.provide(
 *   WebSocket.connect("wss://example.com/"),
 *   Layer.merge(WebSocket.layer, WebSocketTracing.layer)
 * )
 * ```
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import type { WebSocket } from "./connection/WebSocket.js"
import * as Spans from "./observing/Spans.js"
import { tracing } from "./observing/tracing.js"
import type { HandshakeTracing } from "./observing/Watching.js"

/**
 * What makes spans; `undefined` unless the layer is provided.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { WebSocket, WebSocketTracing } from "effect-websocket"
 *
 * // A connection without a span within a program that has them.
 * const untraced = Effect.provideService(
 *   WebSocket.connect("wss://example.com/"),
 *   WebSocketTracing.WebSocketTracing,
 *   undefined
 * )
 * ```
 */
export class WebSocketTracing extends Context.Reference<WebSocketTracing>()("effect-websocket/WebSocketTracing", {
  defaultValue: (): HandshakeTracing | undefined => undefined
}) {}

/** Spans for the handshakes that are made where it is provided. */
export const layer: Layer.Layer<never> = /* @__PURE__ */ Layer.suspend(() => Layer.succeed(WebSocketTracing, tracing))

/** The span of the handshake that has opened this connection. */
export const spanOf = (ws: Pick<WebSocket, "negotiated">): Option.Option<Tracer.AnySpan> => Spans.spanOf(ws.negotiated)

/**
 * Links all spans of the effect to the handshake of this connection, where that has a span. The handlers of `WebSocketServer` are
 * linked; clients do it themselves.
 */
export const linked =
  (ws: Pick<WebSocket, "negotiated">) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Spans.linked(ws.negotiated, effect)
