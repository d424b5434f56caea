import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import { describe, expect, it } from "vitest"
import { Closing, codeOf, noStatus } from "../../src/connection/Closing.js"
import { TransportError } from "../../src/WebSocketError.js"

const close = { code: 1000, reason: "bye" }

describe("RFC 6455 §7.1.2-§7.1.6: what the Close frames tell of the end", () => {
  it("ours first: the initiator is local", () => {
    const closing = new Closing()
    expect(closing.isSent).toBe(false)
    closing.send(close)
    expect(closing.isSent).toBe(true)
    closing.receive({ code: 1000, reason: "" })
    expect(closing.closure(undefined)).toEqual({
      initiator: "local",
      sent: Option.some(close),
      received: Option.some({ code: 1000, reason: "" }),
      clean: true,
      cause: undefined
    })
  })

  it("the peer's first: the initiator is remote, and nothing was sent until we answer", () => {
    const closing = new Closing()
    closing.receive(close)
    expect(closing.isSent).toBe(false)
    closing.send({ code: 1000, reason: "" })
    expect(closing.isSent).toBe(true)
    expect(closing.closure(undefined)).toMatchObject({ initiator: "remote", received: Option.some(close) })
  })

  it("§7.1.5: a frame without a code is told as 1005", () => {
    const closing = new Closing()
    closing.receive(undefined)
    closing.send(undefined)
    expect(closing.closure(undefined)).toMatchObject({ sent: Option.some(noStatus), received: Option.some(noStatus) })
    expect(noStatus.code).toBe(1005)
  })

  it("without any Close frame neither is there, and a cause makes it unclean", () => {
    const cause = new TransportError({ reason: { _tag: "Reset" } })
    expect(new Closing().closure(cause)).toEqual({
      initiator: "remote",
      sent: Option.none(),
      received: Option.none(),
      clean: false,
      cause
    })
  })

  it("a second Close frame of the same endpoint changes nothing", () => {
    const closing = new Closing()
    closing.send(close)
    closing.send({ code: 1011, reason: "" })
    expect(closing.closure(undefined).sent).toEqual(Option.some(close))
  })
})

describe("the code that tells how the program ended", () => {
  it("1000 after success, 1001 after an interruption, 1011 after a failure or a defect", () => {
    expect(codeOf(Exit.succeed(1))).toBe(1000)
    expect(codeOf(Exit.interrupt(FiberId.none))).toBe(1001)
    expect(codeOf(Exit.fail("no"))).toBe(1011)
    expect(codeOf(Exit.die("no"))).toBe(1011)
  })
})
