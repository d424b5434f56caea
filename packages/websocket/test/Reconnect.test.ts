import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { MessageSocket } from "../src/MessageSocket.js"
import * as Reconnect from "../src/Reconnect.js"
import { Backoff } from "../src/reconnect/Backoff.js"
import { test, turns } from "./support/leavesNothing.js"
import { pass, reconnecting, rig } from "./support/reconnecting.js"

describe("options are checked before anything is connected", () => {
  for (const [option, options] of [
    ["outbox.capacity", { outbox: { capacity: 0 } }],
    ["outbox.capacity", { outbox: { capacity: 1.5 } }],
    ["outbox.capacity", { outbox: { capacity: Number.NaN } }]
  ] as const) {
    test(`${JSON.stringify(options)}`, function* () {
      const { asked, connect } = yield* rig
      expect(yield* Effect.flip(Reconnect.make(connect, options))).toMatchObject({ _tag: "OptionError", option })
      yield* turns()
      expect(asked()).toBe(0)
    })
  }

  test("no capacity is too large, and no duration too long", function* () {
    const { connect } = yield* rig
    const forever = { outbox: { capacity: Infinity }, resetAfter: Infinity, maxRetryAfter: Infinity }
    yield* Reconnect.make(connect, forever)
  })
})

describe("the default schedule", () => {
  test("J2: from 1 s to 30 s, times 0.5 to 1.5, without end", function* () {
    const backoff = new Backoff(Reconnect.defaultSchedule)
    for (let failures = 0; failures < 100; failures++) {
      const ideal = Math.min(1000 * 1.6 ** failures, 30_000)
      const delay = yield* backoff.next(undefined)
      expect(delay).toBeGreaterThanOrEqual(Math.floor(ideal * 0.5))
      expect(delay).toBeLessThanOrEqual(Math.ceil(ideal * 1.5))
    }
  })

  test("two clients do not come back at the same time", function* () {
    const first = yield* Effect.forEach(Array(8), () => new Backoff(Reconnect.defaultSchedule).next(undefined))
    expect(new Set(first).size).toBeGreaterThan(1)
  })
})

describe("what is made", () => {
  test("is a MessageSocket over all connections", function* () {
    const { accept, client } = yield* reconnecting({ schedule: Schedule.spaced("1 second") })
    const socket: MessageSocket<unknown, unknown> = client
    const first = yield* accept
    yield* turns()
    yield* socket.sendAll(["a", "b"])
    expect([yield* first.ws.receive, yield* first.ws.receive]).toEqual(["a", "b"])
    expect(socket.unsafeSend("c")).toBe(true)
    expect(yield* first.ws.receive).toBe("c")
    yield* first.ws.send("d")
    expect(yield* socket.receive).toBe("d")
    yield* first.lose
    yield* pass("1 seconds")
    const second = yield* accept
    yield* turns()
    yield* socket.send("e")
    expect(yield* second.ws.receive).toBe("e")
    yield* second.ws.send("f")
    expect(yield* socket.pull).toEqual(["f"])
    yield* socket.close()
    expect((yield* socket.closed).clean).toBe(true)
  })
})
