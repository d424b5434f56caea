import { describe, expect } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as SubscriptionRef from "effect/SubscriptionRef"
import * as Reconnect from "../../src/Reconnect.js"
import { Closed, TransportError } from "../../src/WebSocketError.js"
import { test, turns } from "../support/leavesNothing.js"
import { pass, reconnecting, rig, stateOf } from "../support/reconnecting.js"

class Unwelcome extends Data.TaggedError("Unwelcome")<{}> {}

const everySecond = Schedule.spaced("1 second")

describe("AMBITION 7, J1: connections follow each other", () => {
  test("the first attempt is made at once, and the state says Open", function* () {
    const { accept, client } = yield* reconnecting({ schedule: everySecond })
    yield* accept
    yield* turns()
    expect(yield* stateOf(client)).toBe("Open")
  })

  test("a lost connection is followed by another one when the schedule says so, not before", function* () {
    const { accept, asked, client } = yield* reconnecting({ schedule: everySecond })
    yield* (yield* accept).lose
    yield* pass("999 millis")
    expect(yield* stateOf(client)).toBe("Waiting 1000")
    expect(asked()).toBe(1)
    yield* pass("1 millis")
    yield* accept
    expect(yield* stateOf(client)).toBe("Open")
  })

  test("J6: the state is told as it changes", function* () {
    const { accept, client } = yield* reconnecting({ schedule: everySecond })
    const states = yield* Effect.fork(
      client.state.changes.pipe(
        Stream.map(({ _tag }) => _tag),
        Stream.takeUntil((tag) => tag === "Closed"),
        Stream.runCollect
      )
    )
    yield* (yield* accept).lose
    yield* pass("1 seconds")
    yield* accept
    yield* turns()
    yield* client.close()
    const expected = ["Connecting", "Open", "Waiting", "Connecting", "Open", "Closed"]
    expect(Chunk.toReadonlyArray(yield* Fiber.join(states))).toEqual(expected)
  })

  test("Open carries the connection itself, for what goes beyond messages", function* () {
    const { accept, client } = yield* reconnecting()
    yield* accept
    yield* turns()
    const state = yield* SubscriptionRef.get(client.state)
    if (state._tag !== "Open") return yield* Effect.dieMessage(state._tag)
    expect(state.socket.negotiated.role).toBe("client")
    yield* state.socket.ping()
  })
})

describe("J2: the schedule decides", () => {
  test("each failure is one step of it; attempts are counted", function* () {
    const { asked, client, refuse } = yield* reconnecting({ schedule: Schedule.exponential("1 second") })
    refuse({ status: 503 })
    yield* turns()
    for (const [attempts, time] of [
      [1, 1000],
      [2, 3000],
      [3, 7000]
    ] as const) {
      expect([asked(), yield* stateOf(client)]).toEqual([attempts, `Waiting ${time}`])
      yield* pass(2 ** (attempts - 1) * 1000)
    }
  })

  test("its end is the end: GaveUp, with the last failure and the number of attempts", function* () {
    const { client, refuse } = yield* reconnecting({ schedule: Schedule.intersect(everySecond, Schedule.recurs(2)) })
    refuse({ status: 503 })
    const receiving = yield* Effect.fork(Effect.flip(client.receive))
    yield* pass("1 seconds")
    yield* pass("1 seconds")
    const error = yield* Fiber.join(receiving)
    expect(error).toBeInstanceOf(Reconnect.GaveUp)
    expect(error).toMatchObject({ attempts: 3, error: { _tag: "HandshakeError" } })
    expect(error.message).toBe(
      "gave up after 3 attempts: RFC 6455 §4.1: a server accepts with the status 101 (status 503)"
    )
    expect(yield* Effect.flip(client.send("late"))).toBe(error)
    expect(yield* Effect.flip(client.pull)).toBe(error)
    expect((yield* client.closed).clean).toBe(false)
    const state = yield* SubscriptionRef.get(client.state)
    expect(state).toEqual({ _tag: "Closed", cause: Cause.fail(error) })
  })

  test("its input is the failure", function* () {
    const inputs: Array<string> = []
    const schedule = Schedule.tapInput(everySecond, (error: { readonly _tag: string }) =>
      Effect.sync(() => inputs.push(error._tag))
    )
    const { accept, refuse } = yield* reconnecting({ schedule })
    yield* (yield* accept).lose
    refuse({ status: 503 })
    yield* pass("1 seconds")
    expect(inputs).toEqual(["TransportError", "HandshakeError"])
  })

  for (const [open, waits] of [
    ["9999 millis", 2000],
    ["10 seconds", 1000]
  ] as const) {
    test(`a connection that was open for ${open} is followed after ${waits} ms: it begins anew after 10 s`, function* () {
      const { accept, client } = yield* reconnecting({ schedule: Schedule.exponential("1 second") })
      yield* (yield* accept).lose
      yield* pass("1 seconds")
      const second = yield* accept
      yield* pass(open)
      const before = open === "10 seconds" ? 11_000 : 10_999
      yield* second.lose
      yield* turns()
      expect(yield* stateOf(client)).toBe(`Waiting ${before + waits}`)
    })
  }
})

describe("J4, RFC 9110 §10.2.3: Retry-After", () => {
  for (const [name, field, wait] of [
    ["seconds", "120", 120_000],
    ["a date", "Thu, 01 Jan 1970 00:01:30 GMT", 90_000],
    ["less than the schedule", "0", 1000],
    ["more than is respected", "99999", 600_000],
    ["what is neither", "soon", 1000]
  ] as const) {
    test(`${name}: ${field}`, function* () {
      const { client, refuse } = yield* reconnecting({ schedule: everySecond })
      refuse({ status: 503, fields: { "Retry-After": field } })
      yield* turns()
      expect(yield* stateOf(client)).toBe(`Waiting ${wait}`)
    })
  }
})

describe("J3: a function decides which failures are retried", () => {
  test("what is not retried ends all as it is", function* () {
    const { client, refuse } = yield* reconnecting()
    refuse({ status: 403 })
    yield* turns()
    const error = yield* Effect.flip(client.receive)
    expect(error).toMatchObject({ _tag: "HandshakeError", reason: { _tag: "UpgradeDeclined" } })
    expect(yield* Effect.flip(client.send("late"))).toBe(error)
  })

  test("the function of the application is asked with the failure", function* () {
    const { accept, client, refuse } = yield* reconnecting({
      schedule: everySecond,
      retry: (error) => error._tag === "HandshakeError"
    })
    refuse({ status: 403 })
    yield* turns()
    refuse(undefined)
    yield* pass("1 seconds")
    yield* (yield* accept).lose
    expect(yield* Effect.flip(client.receive)).toMatchObject({ _tag: "TransportError" })
  })

  test("RFC 6455 §7.4.1: a peer that closes with 1000 has closed for good", function* () {
    const { accept, client } = yield* reconnecting()
    const peer = yield* accept
    yield* peer.ws.send("last")
    yield* Effect.fork(peer.ws.close(1000, "done"))
    expect(Chunk.toReadonlyArray(yield* Stream.runCollect(client.messages))).toEqual(["last"])
    const error = yield* Effect.flip(client.receive)
    expect(error).toBeInstanceOf(Closed)
    const closure = yield* client.closed
    expect(closure).toMatchObject({ clean: true, initiator: "remote" })
    expect(Option.getOrThrow(closure.received)).toEqual({ code: 1000, reason: "done" })
  })

  test("RFC 6455 §7.4.2: 1012 Service Restart is followed by another connection", function* () {
    const { accept, client } = yield* reconnecting({ schedule: everySecond })
    yield* Effect.fork((yield* accept).ws.close(1012))
    yield* pass("1 seconds")
    yield* (yield* accept).ws.send("again")
    expect(yield* client.receive).toBe("again")
  })
})

describe("J5: the hook `resume` runs on each connection, first", () => {
  test("it is told how many there were, and its messages go before all others", function* () {
    const { accept, client } = yield* reconnecting({
      schedule: everySecond,
      outbox: {},
      resume: (ws, connections) => ws.send(`hello ${connections}`)
    })
    yield* client.send("queued")
    const first = yield* accept
    expect([yield* first.ws.receive, yield* first.ws.receive]).toEqual(["hello 1", "queued"])
    yield* first.lose
    yield* pass("1 seconds")
    expect(yield* (yield* accept).ws.receive).toBe("hello 2")
  })

  test("it may receive, and what it leaves is for the application", function* () {
    const { accept, client } = yield* reconnecting({ resume: (ws) => ws.receive })
    const { ws } = yield* accept
    yield* turns()
    expect(yield* stateOf(client)).toBe("Connecting 1")
    yield* ws.sendAll(["ready", "news"])
    expect(yield* client.receive).toBe("news")
    expect(yield* stateOf(client)).toBe("Open")
  })

  test("its failure is one of the attempt: retried by decision, else the end, and the peer is told 1011", function* () {
    const failing = { schedule: everySecond, resume: () => Effect.fail(new Unwelcome()) }
    const { accept, client } = yield* reconnecting({
      ...failing,
      retry: (error: unknown) => error instanceof Unwelcome
    })
    const closure = yield* (yield* accept).ws.closed
    expect(Option.getOrThrow(closure.received).code).toBe(1011)
    yield* turns()
    expect(yield* stateOf(client)).toBe("Waiting 1000")

    const other = yield* reconnecting(failing)
    expect(yield* Effect.flip(other.client.receive)).toEqual(new Unwelcome())
  })

  test("a connection that is lost meanwhile ends it, and what ended the connection is the failure", function* () {
    const { accept, client } = yield* reconnecting({ schedule: everySecond, resume: () => Effect.never })
    yield* (yield* accept).lose
    yield* turns()
    const state = yield* SubscriptionRef.get(client.state)
    expect(state).toMatchObject({ _tag: "Waiting", error: { _tag: "TransportError" } })
  })

  test("a send of the hook that is too late is a lost connection too", function* () {
    const { accept, client } = yield* reconnecting({
      schedule: everySecond,
      resume: (ws) => Effect.zipRight(ws.closed, ws.send("late"))
    })
    yield* (yield* accept).lose
    yield* turns()
    const state = yield* SubscriptionRef.get(client.state)
    expect(state).toMatchObject({ _tag: "Waiting", error: { _tag: "TransportError" } })
  })

  test("a defect of the hook is the end of all, and no other one", function* () {
    const { accept, client } = yield* reconnecting({ resume: () => Effect.die("boom") })
    yield* accept
    const exit = yield* Effect.exit(client.receive)
    expect(exit).toEqual(Exit.die("boom"))
    expect(yield* Effect.exit(client.send("late"))).toEqual(Exit.die("boom"))
    expect((yield* client.closed).clean).toBe(false)
  })
})

describe("close", () => {
  test("closes the open connection with code and reason; nothing follows, and all see the same end", function* () {
    const { accept, asked, client } = yield* reconnecting({ schedule: everySecond })
    const peer = yield* accept
    yield* turns()
    const receiving = yield* Effect.fork(Effect.flip(client.receive))
    const closure = yield* client.close(4000, "enough")
    expect(closure).toMatchObject({ clean: true, initiator: "local" })
    expect(Option.getOrThrow((yield* peer.ws.closed).received)).toEqual({ code: 4000, reason: "enough" })
    const error = yield* Fiber.join(receiving)
    expect(error).toBeInstanceOf(Closed)
    expect(yield* Effect.flip(client.send("late"))).toBe(error)
    expect(yield* client.close()).toEqual(closure)
    yield* pass("1 minute")
    expect(asked()).toBe(1)
  })

  for (const [name, prepare] of [
    ["while it waits", Effect.void],
    ["while it connects", pass("1 seconds")]
  ] as const) {
    test(`${name}: it ends at once`, function* () {
      const made = yield* rig
      let attempts = 0
      const connect = Effect.suspend(() =>
        ++attempts === 1
          ? Effect.fail(new TransportError({ reason: { _tag: "Open", address: "a" } }))
          : Effect.zipRight(Effect.never, made.connect)
      )
      const client = yield* Reconnect.make(connect, { schedule: everySecond })
      yield* turns()
      yield* prepare
      expect(yield* client.close()).toMatchObject({ clean: true, initiator: "local", sent: Option.none() })
      expect((yield* Effect.flip(client.receive))._tag).toBe("Closed")
      yield* Stream.runDrain(client.messages)
    })
  }

  test("while the hook runs: the hook is interrupted", function* () {
    const events: Array<string> = []
    const resume = () => Effect.onInterrupt(Effect.never, () => Effect.sync(() => events.push("interrupted")))
    const { accept, client } = yield* reconnecting({ resume })
    const peer = yield* accept
    yield* turns()
    yield* client.close(4000)
    expect(events).toEqual(["interrupted"])
    expect(Option.getOrThrow((yield* peer.ws.closed).received).code).toBe(4000)
  })

  for (const [code, reason, tag] of [
    [1005, "", "BadCloseCode"],
    [999, "", "BadCloseCode"],
    [1000, "x".repeat(124), "PayloadTooLong"]
  ] as const) {
    test(`RFC 6455 §7.4, §5.5: ${code} with ${reason.length} octets may not be sent, open or not`, function* () {
      const { accept, client } = yield* reconnecting()
      const refused = { _tag: "SendError", reason: { _tag: tag } }
      expect(yield* Effect.flip(client.close(code, reason))).toMatchObject(refused)
      yield* accept
      yield* turns()
      expect(yield* Effect.flip(client.close(code, reason))).toMatchObject(refused)
      expect(yield* stateOf(client)).toBe("Open")
    })
  }
})

describe("the Scope owns it", () => {
  for (const [name, exit, code] of [
    ["success", Exit.void, 1000],
    ["failure", Exit.fail("wrong"), 1011],
    ["interruption", Exit.interrupt(undefined as never), 1001]
  ] as const) {
    test(`its end by ${name} closes the open connection with ${code}, and no other one is begun`, function* () {
      const made = yield* rig
      const scope = yield* Scope.make()
      const client = yield* Scope.extend(Reconnect.make(made.connect, { schedule: everySecond }), scope)
      const peer = yield* made.accept
      yield* turns()
      yield* Scope.close(scope, exit)
      expect(Option.getOrThrow((yield* peer.ws.closed).received).code).toBe(code)
      expect((yield* Effect.flip(client.receive))._tag).toBe("Closed")
      yield* pass("1 minute")
      expect(made.asked()).toBe(1)
    })
  }

  test("its end while an attempt is made abandons the attempt", function* () {
    const events: Array<string> = []
    const never = Effect.onInterrupt(Effect.never, () => Effect.sync(() => events.push("interrupted")))
    const made = yield* rig
    const scope = yield* Scope.make()
    yield* Scope.extend(Reconnect.make(Effect.zipRight(never, made.connect)), scope)
    yield* turns()
    yield* Scope.close(scope, Exit.void)
    expect(events).toEqual(["interrupted"])
  })
})
