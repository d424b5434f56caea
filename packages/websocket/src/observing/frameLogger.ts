/** Writes the frames of one connection to the log, where they are wanted there. */
import * as Frame from "@effect-websocket/protocol/frame/Frame"
import * as Opcode from "@effect-websocket/protocol/frame/Opcode"
import type { Negotiated } from "@effect-websocket/protocol/handshake/Negotiated"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as LogLevel from "effect/LogLevel"
import * as Runtime from "effect/Runtime"
import { FrameLog } from "../FrameLog.js"
import type { ConnectionInfo } from "../Transport.js"
import * as attributes from "./attributes.js"
import type { Direction, FrameListener } from "./FrameTap.js"

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

/** `undefined`: they are not wanted, or nobody would see them. */
export const frameLogger = ({ role }: Negotiated, info: ConnectionInfo): Effect.Effect<FrameListener | undefined> =>
  Effect.gen(function* () {
    const isWanted = yield* FrameLog
    const minimum = yield* FiberRef.get(FiberRef.currentMinimumLogLevel)
    if (!isWanted || LogLevel.greaterThan(minimum, LogLevel.Trace)) return undefined
    const connection = attributes.known(attributes.ofRole(role), attributes.ofConnection(info))
    return logging(yield* Effect.runtime<never>(), connection)
  })
