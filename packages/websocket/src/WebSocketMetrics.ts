/**
 * Metrics of all connections, for whatever reads those of Effect: the layer switches them on, wherever it is provided.
 *
 * Without it nothing is counted, and no connection differs by anything. With it frames are counted in plain numbers, which are put into
 * the metrics once for each turn of the event loop.
 *
 * @example
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { WebSocket, WebSocketMetrics } from "effect-websocket"
 *
 * const watched = Effect.provide(
 *   WebSocket.connect("wss://example.com/"),
 *   Layer.merge(WebSocket.layer, WebSocketMetrics.layer)
 * )
 * ```
 *
 * @example
 * ```ts
 * import { Effect, Metric } from "effect"
 * import { WebSocketMetrics } from "effect-websocket"
 *
 * const of = { role: "server", direction: "sent" }
 * const tagged = <T, I, O>(metric: Metric.Metric<T, I, O>, tags: Record<string, string>) =>
 *   Object.entries(tags).reduce((all, [name, value]) => Metric.tagged(all, name, value), metric)
 *
 * // What servers have sent so far, and how their connections are.
 * const report = Effect.all({
 *   octets: Metric.value(tagged(WebSocketMetrics.octets, of)),
 *   compressed: Metric.value(tagged(WebSocketMetrics.compression, { ...of, form: "compressed" })),
 *   ratio: Metric.value(tagged(WebSocketMetrics.compressionRatio, of)),
 *   open: Metric.value(tagged(WebSocketMetrics.connections, { role: "server" })),
 *   waiting: Metric.value(tagged(WebSocketMetrics.queue, { role: "server" })),
 *   roundTrips: Metric.value(tagged(WebSocketMetrics.roundTrip, { role: "server" })),
 *   lost: Metric.value(tagged(WebSocketMetrics.closes, { role: "server", code: "1006", initiator: "remote" }))
 * })
 *
 * // A program that is not counted within one that is.
 * const uncounted = Effect.provideService(Effect.void, WebSocketMetrics.WebSocketMetrics, undefined)
 * ```
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Meter } from "./observing/Meter.js"
import { metering } from "./observing/metering.js"
import type { Metering } from "./observing/Watching.js"

export {
  closes,
  compression,
  compressionRatio,
  connections,
  handshakes,
  messages,
  octets,
  queue,
  roundTrip
} from "./observing/metrics.js"

/** What counts for the connections that are made where it is provided; `undefined` unless it is. */
export class WebSocketMetrics extends Context.Reference<WebSocketMetrics>()("effect-websocket/WebSocketMetrics", {
  defaultValue: (): Metering | undefined => undefined
}) {}

/** Counts connections, handshakes and frames from here on; at the end of its Scope all is in the metrics. */
export const layer: Layer.Layer<never> = /* @__PURE__ */ Layer.suspend(() => {
  const meter = new Meter()
  const flush = Effect.sync(() => meter.flush())
  return Layer.scoped(
    WebSocketMetrics,
    Effect.acquireRelease(
      Effect.sync(() => metering(meter)),
      () => flush
    )
  )
})
