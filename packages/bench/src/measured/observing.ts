/** What it costs to be watched: the styles whose names end so have metrics, spans, and a log of frames that nobody reads. */
import * as Layer from "effect/Layer"
import * as FrameLog from "effect-websocket/FrameLog"
import * as WebSocketMetrics from "effect-websocket/WebSocketMetrics"
import * as WebSocketTracing from "effect-websocket/WebSocketTracing"

const suffix = "+metrics"

/** The layers of a style, and its name without them. */
export const observing = (style: string): readonly [name: string, layer: Layer.Layer<never>] =>
  style.endsWith(suffix)
    ? [style.slice(0, -suffix.length), Layer.mergeAll(WebSocketMetrics.layer, WebSocketTracing.layer, FrameLog.layer)]
    : [style, Layer.empty]
