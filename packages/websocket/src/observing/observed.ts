/**
 * A connection with those who watch it: asked once, when it opens. Where nobody does, it is built of the same parts as ever.
 */
import * as Context from "effect/Context"
import { FrameLog } from "../FrameLog.js"
import { WebSocketMetrics } from "../WebSocketMetrics.js"
import { andThen, type OrEffect } from "../waiting/orEffect.js"
import type { ConnectionWatch, Watchable, Watched } from "./Watching.js"

const by = (watch: ConnectionWatch | undefined, connection: Watched): OrEffect<Watched> =>
  watch === undefined ? connection : watch.watch(connection)

/** The same parts, or those that tell who watches. */
export const observed = (context: Context.Context<never>, connection: Watchable): OrEffect<Watched> =>
  andThen(by(Context.get(context, WebSocketMetrics), { ...connection, onOpen: undefined }), (metered) =>
    by(Context.get(context, FrameLog), metered)
  )
