/**
 * Frames in the log, both ways, at the level Trace: one line for each, as `> Text fin 5 octets "Hello"`.
 *
 * The layer switches it on, and only for connections which are opened while Trace is logged at all: without both, no connection
 * differs by anything. The text of a peer is escaped. Frames have whatever applications send: who logs them, logs that.
 *
 * @example
 * ```ts
 * import { Effect, Layer, Logger, LogLevel } from "effect"
 * import { FrameLog, WebSocket } from "effect-websocket"
 *
 * const logged = Effect.provide(
 *   WebSocket.connect("wss://example.com/"),
 *   Layer.merge(FrameLog.layer, Logger.minimumLogLevel(LogLevel.Trace))
 * )
 * ```
 */
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import { frameLogger } from "./observing/frameLogger.js"
import type { ConnectionWatch } from "./observing/Watching.js"

/**
 * What logs frames; `undefined` unless the layer is provided.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { FrameLog, WebSocket } from "effect-websocket"
 *
 * // Logs the frames of all connections but this one.
 * const unlogged = Effect.provideService(WebSocket.connect("wss://example.com/"), FrameLog.FrameLog, undefined)
 * ```
 */
export class FrameLog extends Context.Reference<FrameLog>()("effect-websocket/FrameLog", {
  defaultValue: (): ConnectionWatch | undefined => undefined
}) {}

/** Logs the frames of the connections that are made where it is provided. */
export const layer: Layer.Layer<never> = /* @__PURE__ */ Layer.suspend(() => Layer.succeed(FrameLog, frameLogger))
