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
