import * as Socket from "@effect/platform/Socket"
import { describe, expect, it } from "@effect/vitest"
import { badOpcode } from "@effect-websocket/protocol/frame/ProtocolViolation"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import {
  Closed,
  type Closure,
  ProtocolError,
  SendError,
  TimeoutError,
  TransportError
} from "effect-websocket/WebSocketError"
import { endError, openError, payloadOf, writeError } from "../src/SocketFailure.js"

const reset = new TransportError({ reason: { _tag: "Reset" } })
const timeout = (phase: "Handshake" | "Idle") => new TimeoutError({ phase, after: Duration.seconds(1) })

const closure = (initiator: Closure["initiator"]): Closure => ({
  initiator,
  sent: Option.some({ code: 4001, reason: "sent" }),
  received: Option.some({ code: 4002, reason: "received" }),
  clean: true,
  cause: undefined
})

describe("openError", () => {
  it("is Open, or OpenTimeout, with the cause", () => {
    expect(openError(reset)).toMatchObject({ reason: "Open", cause: reset })
    const late = timeout("Handshake")
    expect(openError(late)).toMatchObject({ reason: "OpenTimeout", cause: late })
  })

  it("leaves a SocketError what it is", () => {
    const error = new Socket.SocketGenericError({ reason: "Read", cause: undefined })
    expect(openError(error)).toBe(error)
  })
})

describe("endError", () => {
  it("has the Close frame of who began", () => {
    for (const [initiator, code, reason] of [
      ["local", 4001, "sent"],
      ["remote", 4002, "received"]
    ] as const) {
      const closed = new Closed({ closure: closure(initiator) })
      expect(endError(closed)).toMatchObject({ reason: "Close", code, closeReason: reason, cause: closed })
    }
  })

  it("RFC 6455 §7.1.5: is 1006 when there was none", () => {
    const idle = timeout("Idle")
    expect(endError(reset)).toMatchObject({ reason: "Close", code: 1006, closeReason: reset.message, cause: reset })
    expect(endError(idle)).toMatchObject({ code: 1006, closeReason: idle.message })
    expect(payloadOf({ ...closure("remote"), received: Option.none() })).toEqual({ code: 1006, reason: "" })
  })

  it("RFC 6455 §7.1.7: is what the peer was told when it broke a rule", () => {
    const error = new ProtocolError({ reason: badOpcode, offset: 2 })
    expect(endError(error)).toMatchObject({ code: 1002, closeReason: error.message, cause: error })
  })
})

describe("writeError", () => {
  it("is the end of the connection, or Write", () => {
    const late = new SendError({ reason: { _tag: "Closed", failure: reset } })
    expect(writeError(late)).toMatchObject({ reason: "Close", code: 1006, cause: reset })
    const closing = new SendError({ reason: { _tag: "Closing" } })
    expect(writeError(closing)).toMatchObject({ reason: "Write", cause: closing })
  })
})
