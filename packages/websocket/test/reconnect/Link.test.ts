import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { Link } from "../../src/reconnect/Link.js"
import { test, turns } from "../support/leavesNothing.js"

describe("Link", () => {
  test("tells of every change of the socket, and of the end", function* () {
    const link = new Link<string, string>()
    const seen: Array<string | undefined> = []
    for (const change of [() => link.open("a"), () => link.lose(), () => link.open("b")]) {
      const { socket } = link
      const waiting = yield* Effect.fork(link.signal.until(() => link.socket !== socket))
      yield* turns(2)
      change()
      yield* Fiber.join(waiting)
      seen.push(link.socket)
    }
    expect(seen).toEqual(["a", undefined, "b"])
    expect(link.failure).toBe(undefined)
    link.finish(Exit.fail("wrong") as Exit.Failure<never, string>)
    expect([link.socket, link.failure]).toEqual([undefined, "wrong"])
  })

  test("a defect is an end, and no failure", function* () {
    const link = new Link<string, string>()
    link.finish(Exit.die("boom") as Exit.Failure<never, string>)
    yield* link.signal.until(() => link.end !== undefined)
    expect(link.failure).toBe(undefined)
  })
})
