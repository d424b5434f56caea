import { describe, expect, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import * as Option from "effect/Option"
import { closureOf, endOf } from "../../src/reconnect/endOf.js"
import { GaveUp } from "../../src/reconnect/GaveUp.js"
import { Closed, type Closure, TimeoutError, TransportError } from "../../src/WebSocketError.js"

const closure: Closure = {
  initiator: "remote",
  sent: Option.none(),
  received: Option.some({ code: 1000, reason: "" }),
  clean: true,
  cause: undefined
}

describe("the end of reconnecting", () => {
  it("a failure, and a defect, are as they are", () => {
    expect(endOf(Exit.fail("wrong"))).toEqual(Exit.fail("wrong"))
    expect(endOf(Exit.die("boom"))).toEqual(Exit.die("boom"))
  })

  it("an interruption is a close on this side", () => {
    const end = endOf<never>(Exit.interrupt(FiberId.none))
    expect(end.cause).toMatchObject({ _tag: "Fail", error: { _tag: "Closed", closure: { initiator: "local" } } })
  })
})

describe("the end as a Closure", () => {
  it("is that of the last connection", () => {
    expect(closureOf(new Closed({ closure }))).toBe(closure)
    expect(closureOf(new GaveUp({ error: new Closed({ closure }), attempts: 1 }))).toBe(closure)
  })

  it("has what ended the last connection as its cause", () => {
    const lost = new TransportError({ reason: { _tag: "Reset" } })
    const late = new TimeoutError({ phase: "Connect", after: Duration.seconds(1) })
    expect(closureOf(lost)).toMatchObject({ clean: false, initiator: "remote", cause: lost })
    expect(closureOf(new GaveUp({ error: late, attempts: 1 }))).toMatchObject({ clean: false, cause: late })
  })

  it("is not clean, without a cause, when it is something else", () => {
    expect(closureOf("wrong")).toMatchObject({ clean: false, cause: undefined })
    expect(closureOf(undefined)).toMatchObject({ clean: false, cause: undefined })
  })
})
