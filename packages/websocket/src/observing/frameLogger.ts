/** Writes the frames of connections to the log. */
import * as Frame from "@effect-websocket/protocol/frame/Frame"
import * as Opcode from "@effect-websocket/protocol/frame/Opcode"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as LogLevel from "effect/LogLevel"
import * as Runtime from "effect/Runtime"
import * as attributes from "./attributes.js"
import type { Direction, FrameListener } from "./FrameTap.js"
import type { ConnectionWatch } from "./Watching.js"
import { watched } from "./watched.js"

const arrows = { sent: ">", received: "<" } as const

const logging = (runtime: Runtime.Runtime<never>, connection: Record<string, unknown>): FrameListener => ({
  keep: Frame.maxShown + 1,
  onFrame: (direction: Direction, frame, size) => {
    const annotations = {
      ...connection,
      "websocket.direction": direction,
      "websocket.opcode": Opcode.name(frame.opcode),
      "websocket.payload.size": size
    }
    const line = Effect.logTrace(Frame.format(frame, arrows[direction], size))
    Runtime.runFork(runtime)(Effect.annotateLogs(line, annotations))
  }
})

/** Watches those connections that are opened while Trace is logged: of others nobody would see them. */
export const frameLogger: ConnectionWatch = {
  watch: (connection) =>
    Effect.gen(function* () {
      const minimum = yield* FiberRef.get(FiberRef.currentMinimumLogLevel)
      if (LogLevel.greaterThan(minimum, LogLevel.Trace)) return connection
      const { duplex, negotiated } = connection
      const about = attributes.known(attributes.ofRole(negotiated.role), attributes.ofConnection(duplex.info))
      return { ...connection, duplex: watched(duplex, negotiated, logging(yield* Effect.runtime<never>(), about)) }
    })
}
