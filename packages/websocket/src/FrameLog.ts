/**
 * Frames in the log, both ways, at the level Trace: one line for each, as `> Text fin 5 octets "Hello"`.
 *
 * The layer switches it on, and only for connections which are opened while Trace is logged at all: without both, no connection
 * differs by anything. The text of a peer is escaped. Frames have whatever applications send: who logs them, logs that.
 */
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"

/** Whether frames are logged; `false` unless the layer is provided. */
export class FrameLog extends Context.Reference<FrameLog>()("effect-websocket/FrameLog", {
  defaultValue: (): boolean => false
}) {}

/** Logs the frames of the connections that are made where it is provided. */
export const layer: Layer.Layer<never> = /* @__PURE__ */ Layer.succeed(FrameLog, true)
