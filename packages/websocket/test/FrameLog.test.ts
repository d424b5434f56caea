import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as FrameLog from "../src/FrameLog.js"
import { test, turns } from "./support/leavesNothing.js"
import { open } from "./support/peer.js"

/** The lines that are logged, with their levels and annotations. */
const logging = (level: LogLevel.LogLevel) => {
  const lines: Array<string> = []
  const annotations: Array<Record<string, unknown>> = []
  const logger = Logger.make((entry) => {
    lines.push(`${entry.logLevel.label} ${String(entry.message)}`)
    annotations.push(Object.fromEntries(HashMap.entries(entry.annotations)))
  })
  const layer = Layer.mergeAll(
    Logger.replace(Logger.defaultLogger, logger),
    Logger.minimumLogLevel(level),
    FrameLog.layer
  )
  return { lines, annotations, layer }
}

describe("FrameLog", () => {
  test("a line at the level Trace for each frame, both ways, in their order; what is the peer's is escaped", function* () {
    const { annotations, layer, lines } = logging(LogLevel.Trace)
    const { peer, ws } = yield* Effect.provide(open("client"), layer)
    yield* ws.send("Hello")
    yield* ws.send(Uint8Array.of(1, 2))
    peer.write(peer.frame(1, "a\u001b[31m\u202e", { fin: false }), peer.frame(9, "p"), peer.frame(0, "x".repeat(99)))
    yield* ws.receive
    yield* turns(2)
    peer.close(1000, "bye")
    yield* ws.closed
    expect(lines).toEqual([
      'TRACE > Text fin 5 octets "Hello"',
      "TRACE > Binary fin 2 octets 01 02",
      'TRACE < Text 9 octets "a\\u{1b}[31m\\u{202e}"',
      'TRACE < Ping 1 octets "p"',
      `TRACE < Continuation fin 99 octets "${"x".repeat(48)}"…`,
      'TRACE > Pong 1 octets "p"',
      'TRACE < Close 1000 "bye"',
      "TRACE > Close 1000"
    ])
    expect(annotations[0]).toEqual({
      "websocket.role": "client",
      "websocket.direction": "sent",
      "websocket.opcode": "Text",
      "websocket.payload.size": 5,
      "network.transport": "pipe"
    })
    expect(annotations[2]).toMatchObject({ "websocket.direction": "received", "websocket.payload.size": 9 })
  })

  test("nothing, where Trace is not logged when the connection is opened", function* () {
    const { layer, lines } = logging(LogLevel.Debug)
    const { peer, ws } = yield* Effect.provide(open("server"), layer)
    yield* ws.send("Hello")
    yield* peer.until(1)
    expect(lines).toEqual([])
  })
})
