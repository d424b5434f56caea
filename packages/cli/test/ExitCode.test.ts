import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import { OptionError, SendError, TransportError } from "effect-websocket/WebSocketError"
import { describe, expect, it } from "vitest"
import { ClosedByPeer, complaint, describe as describeFailure, exitCode, PingsLost } from "../src/ExitCode.js"

describe("exitCode", () => {
  it.each([
    ["success", Exit.void, 0],
    ["a fault of the program", Exit.die(new Error("fault")), 1],
    ["a failure of another kind", Exit.fail("failure"), 1],
    ["an option out of range", Exit.fail(new OptionError({ option: "o", rule: "r" })), 2],
    ["what may not be sent", Exit.fail(new SendError({ reason: { _tag: "BadText" } })), 2],
    ["no connection", Exit.fail(new TransportError({ reason: { _tag: "Reset" } })), 3],
    ["closed by the peer", Exit.fail(new ClosedByPeer({ code: 1011, reason: "" })), 6],
    ["lost Pings", Exit.fail(new PingsLost({ lost: 1, sent: 2 })), 7],
    ["an interruption", Exit.failCause(Cause.interrupt(FiberId.none)), 130]
  ] as const)("%s", (_name, exit, code) => {
    expect(exitCode(exit)).toBe(code)
  })
})

describe("complaint (RFC 6455 §7.4.1)", () => {
  const closed = (initiator: "local" | "remote", code: number) =>
    complaint({
      initiator,
      sent: Option.some({ code, reason: "" }),
      received: Option.some({ code, reason: "why" }),
      clean: true,
      cause: undefined
    })

  it("is there for a peer that closed with an error, and for nobody else", () => {
    expect(Option.getOrThrow(closed("remote", 1008))).toMatchObject({ code: 1008, reason: "why" })
    for (const code of [1000, 1001, 1005]) expect(Option.isNone(closed("remote", code))).toBe(true)
    expect(Option.isNone(closed("local", 1008))).toBe(true)
  })
})

describe("describe", () => {
  it("tells what is beneath, and escapes what may come from a peer", () => {
    const error = new TransportError({ reason: { _tag: "Read" }, cause: new Error("\u001b[2J") })
    expect(describeFailure(error)).toBe("reading from the connection failed (\\u{1b}[2J)")
    expect(describeFailure("\u0007")).toBe("\\u{07}")
  })
})
