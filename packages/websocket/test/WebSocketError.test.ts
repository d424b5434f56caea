import * as ProtocolViolation from "@effect-websocket/protocol/frame/ProtocolViolation"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import { describe, expect, it } from "vitest"
import {
  Closed,
  type Closure,
  HandshakeError,
  OptionError,
  ProtocolError,
  SendError,
  type SendReason,
  TimeoutError,
  type TimeoutPhase,
  TransportError
} from "../src/WebSocketError.js"

describe("messages tell what a person needs", () => {
  const failure = new TransportError({ reason: { _tag: "Reset" } })
  const send: ReadonlyArray<readonly [SendReason, string]> = [
    [{ _tag: "Closing" }, "RFC 6455 §5.5.1"],
    [{ _tag: "Closed", failure }, failure.message],
    [{ _tag: "PayloadTooLong", length: 126, limit: 125 }, "126 octets where 125"],
    [{ _tag: "BadCloseCode", code: 1006 }, "1006"],
    [{ _tag: "BadText" }, "UTF-8"],
    [{ _tag: "QueueFull", limit: 7 }, "7"],
    [{ _tag: "NotOpen" }, "no open connection"]
  ]
  for (const [reason, text] of send) {
    it(`SendError ${reason._tag}: ${text}`, () => {
      expect(new SendError({ reason }).message).toContain(text)
    })
  }

  const phases: ReadonlyArray<TimeoutPhase> = ["Connect", "Handshake", "Idle", "Close", "Message"]
  it("TimeoutError tells how long was waited, and for what", () => {
    const messages = phases.map((phase) => new TimeoutError({ phase, after: Duration.seconds(3) }).message)
    expect(messages.every((message) => message.startsWith("waited 3s for "))).toBe(true)
    expect(new Set(messages).size).toBe(phases.length)
  })

  it("ProtocolError begins with the section, and tells the octet", () => {
    const error = new ProtocolError({ reason: ProtocolViolation.badUnmaskedFrame, offset: 12 })
    expect(error.message).toBe("RFC 6455 §5.1: a client masks every frame (octet 12)")
  })

  it("HandshakeError begins with the section, and tells the status when there is one", () => {
    const parts = {
      role: "client" as const,
      reason: { _tag: "ServerBusy" as const, section: "RFC 9110 §15.6.4", rule: "full", retryAfter: 1 },
      request: Option.none(),
      keepAlive: false,
      leftover: new Uint8Array(0)
    }
    expect(new HandshakeError({ ...parts, response: Option.none() }).message).toBe("RFC 9110 §15.6.4: full")
  })

  it("OptionError names the option", () => {
    expect(new OptionError({ option: "uri", rule: "is one" }).message).toBe("option uri: is one")
  })

  const closure = (initiator: Closure["initiator"], code: number | undefined): Closure => {
    const frame = code === undefined ? Option.none() : Option.some({ code, reason: "" })
    return { initiator, sent: frame, received: frame, clean: true, cause: undefined }
  }
  it("Closed tells who closed, and the code when there is one", () => {
    expect(new Closed({ closure: closure("remote", 1001) }).message).toBe("the peer closed the connection with 1001")
    expect(new Closed({ closure: closure("local", undefined) }).message).toBe("the application closed the connection")
  })
})
