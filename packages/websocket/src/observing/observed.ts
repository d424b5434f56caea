/**
 * A connection with those who watch it: asked once, when it opens. Where nobody does, it is built of the same parts as ever.
 */
import * as Effect from "effect/Effect"
import { FrameLog } from "../FrameLog.js"
import { WebSocketMetrics } from "../WebSocketMetrics.js"
import type { ConnectionWatch, Watchable, Watched } from "./Watching.js"

const nobody: Watched["onOpen"] = () => Effect.void

const by = (watch: ConnectionWatch | undefined, connection: Effect.Effect<Watched>): Effect.Effect<Watched> =>
  watch === undefined ? connection : Effect.flatMap(connection, watch.watch)

/** The same parts, or those that tell who watches. */
export const observed = (connection: Watchable): Effect.Effect<Watched> =>
  Effect.flatMap(WebSocketMetrics, (metering) =>
    Effect.flatMap(FrameLog, (log) => by(log, by(metering, Effect.succeed({ ...connection, onOpen: nobody }))))
  )
