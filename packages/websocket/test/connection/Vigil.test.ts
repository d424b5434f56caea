import { describe, expect } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import { afterHostTurn } from "../../src/host/HostTurn.js"
import type { LimitOptions } from "../../src/Limits.js"
import type { WebSocket } from "../../src/WebSocket.js"
import { type TimeoutError, type TimeoutPhase, TransportError } from "../../src/WebSocketError.js"
import { test, turns } from "../support/leavesNothing.js"
import { frame, octets, open, other, roles } from "../support/peer.js"

/** Lets time pass, and then what it has caused happen. */
const pass = (time: Duration.DurationInput) => Effect.zipRight(TestClock.adjust(time), turns(5))

/** Happens when that time has come, behind all that the Clock wakes, and before what waits for a turn of the event loop. */
const lateAt = (time: number, happen: () => void) =>
  Effect.fork(
    Effect.delay(
      Effect.sync(() => afterHostTurn(happen)),
      time
    )
  )

/** Expects that the connection is open until that time, and then not. */
const givenUpAfter = (ws: WebSocket, millis: number, phase: TimeoutPhase, after = millis) =>
  Effect.gen(function* () {
    yield* pass(millis - 1)
    expect(ws.unsafeSend(""), `open after ${millis - 1} ms`).toBe(true)
    const receiving = yield* Effect.fork(Effect.flip(ws.receive))
    yield* pass(1)
    const error = (yield* Fiber.join(receiving)) as TimeoutError
    expect(error).toMatchObject({ _tag: "TimeoutError", phase })
    expect(Duration.toMillis(error.after)).toBe(after)
    expect((yield* ws.closed).cause).toBe(error)
    expect((yield* ws.closed).clean).toBe(false)
    return error
  })

for (const role of roles) {
  const peerRole = other(role)
  const idle: LimitOptions = { idleTimeout: "10 seconds", keepAlive: false }
  const alive: LimitOptions = { idleTimeout: "10 seconds", keepAlive: true }

  describe(`TimeoutError Idle (PARITY T-05): a ${role}`, () => {
    test("silence for idleTimeout: given up, 1011, at that time and not before", function* () {
      const { peer, ws } = yield* open(role, { limits: idle })
      const error = yield* givenUpAfter(ws, 10_000, "Idle")
      expect(error.message).toBe("waited 10s for any octet from the peer")
      yield* peer.until(2)
      expect(peer.briefs).toEqual(["text", "close 1011 Idle timeout"])
      // T08: who is dead does not end his side: the transport is not waited for.
      yield* turns()
      expect(yield* Effect.flip(peer.duplex.drain)).toMatchObject({ reason: { _tag: "Reset" } })
    })

    test("Q17: any octet counts, also half of a frame; messages of ours do not (T-09)", function* () {
      const { peer, ws } = yield* open(role, { limits: idle })
      const whole = frame(peerRole, 1, "Hello")
      for (const octet of whole) {
        yield* pass(9_000)
        peer.write(Uint8Array.of(octet))
        yield* turns(3)
      }
      expect(yield* ws.receive).toBe("Hello")
      yield* pass(5_000)
      yield* ws.send("x")
      yield* givenUpAfter(ws, 5_000, "Idle", 10_000)
    })

    test("while nobody pulls and reading is paused, the silence proves nothing (T-10)", function* () {
      const { peer, ws } = yield* open(role, { limits: { ...idle, readAhead: 0 } })
      peer.send(1, "a")
      peer.send(1, "b")
      yield* turns(5)
      for (let n = 0; n < 10; n++) yield* pass(10_000)
      expect([yield* ws.receive, yield* ws.receive]).toEqual(["a", "b"])
      // Reading again: the time begins when we last looked and did not read.
      yield* pass(9_999)
      expect(ws.unsafeSend("")).toBe(true)
      yield* pass(10_000)
      expect(yield* Effect.flip(ws.receive)).toMatchObject({ phase: "Idle" })
    })

    test("T24: read first, judge later: octets that lay unread when the time came are seen", function* () {
      const { at, ws } = yield* open(role, { limits: idle })
      yield* lateAt(10_000, () => at.deliver(frame(peerRole, 1, "Hello")))
      yield* pass(10_000)
      expect(yield* ws.receive).toBe("Hello")
      yield* givenUpAfter(ws, 10_000, "Idle")
    })

    test("a connection that ends between the deadline and the judgement is not given up twice", function* () {
      const lost = new TransportError({ reason: { _tag: "Reset" } })
      const { at, peer, ws } = yield* open(role, { limits: idle })
      yield* lateAt(10_000, () => at.fail(lost))
      yield* pass(10_000)
      expect((yield* ws.closed).cause).toBe(lost)
      yield* peer.ended
      expect(peer.frames).toEqual([])
    })

    test("PARITY T-08: the one TimeoutError is seen by all who wait, and by all who come later", function* () {
      const mark = { ...idle, highWaterMark: 100 }
      const { peer, ws } = yield* open(role, { limits: mark, memory: { capacity: 0 } })
      peer.pause()
      yield* ws.send(octets(200))
      const sending = yield* Effect.fork(Effect.flip(ws.send("waits")))
      const receiving: ReadonlyArray<Effect.Effect<unknown, unknown>> = [ws.pull, ws.receive, ws.receiveStream]
      const waiting = yield* Effect.forEach([...receiving, ws.ping(), ws.run(() => {})], (each) =>
        Effect.fork(Effect.flip(each))
      )
      yield* pass(10_000)
      const { cause } = yield* ws.closed
      expect(cause).toMatchObject({ _tag: "TimeoutError", phase: "Idle" })
      for (const fiber of waiting) expect(yield* Fiber.join(fiber)).toBe(cause)
      for (const later of receiving) expect(yield* Effect.flip(later)).toBe(cause)
      expect((yield* Fiber.join(sending)).reason).toEqual({ _tag: "Closed", failure: cause })
      expect((yield* Effect.flip(ws.send("late"))).reason).toEqual({ _tag: "Closed", failure: cause })
    })

    test("PARITY T-08: nobody has to read for it", function* () {
      const { ws } = yield* open(role, { limits: idle })
      const closed = yield* Effect.fork(ws.closed)
      yield* pass(10_000)
      expect((yield* Fiber.join(closed)).cause).toMatchObject({ _tag: "TimeoutError", phase: "Idle" })
    })

    test("PARITY T-09: a send that waits for a silent peer fails with it; Effect.timeout ends one before, and nothing of it is sent", function* () {
      const limits = { ...idle, highWaterMark: 1000 }
      const { peer, ws } = yield* open(role, { limits, memory: { capacity: 2100 } })
      peer.pause()
      yield* ws.send(octets(2000))
      yield* ws.send(octets(2000))
      const impatient = yield* Effect.fork(Effect.timeoutOption(ws.send("never sent"), "3 seconds"))
      const patient = yield* Effect.fork(Effect.flip(ws.send("neither")))
      yield* pass(3_000)
      expect(yield* Fiber.join(impatient)).toEqual(Option.none())
      // A peer that speaks is alive, whether it reads or not.
      peer.send(10)
      yield* pass(9_999)
      expect(yield* Fiber.poll(patient)).toEqual(Option.none())
      yield* pass(1)
      const { reason } = yield* Fiber.join(patient)
      expect(reason).toMatchObject({ _tag: "Closed", failure: { _tag: "TimeoutError", phase: "Idle" } })
      peer.resume()
      yield* turns()
      expect(peer.frames.map(({ opcode }) => opcode)).toEqual([2])
    })

    test("no idleTimeout: never", function* () {
      const { ws } = yield* open(role, { limits: { idleTimeout: Duration.infinity, keepAlive: true } })
      yield* pass("10 days")
      expect(ws.unsafeSend("")).toBe(true)
    })
  })

  describe(`keepAlive (PARITY T-06): a ${role}`, () => {
    test("a Ping after half of idleTimeout; one that answers lives on", function* () {
      const { peer, ws } = yield* open(role, { limits: alive })
      for (let n = 1; n <= 5; n++) {
        yield* pass(4_999)
        expect(peer.frames.length).toBe(n - 1)
        yield* pass(1)
        expect(peer.briefs.at(-1)).toBe("ping")
        peer.send(10)
        yield* turns(3)
      }
      expect(ws.unsafeSend("")).toBe(true)
    })

    test("T08: one that is silent gets one Ping, and is given up after idleTimeout", function* () {
      const { peer, ws } = yield* open(role, { limits: alive })
      yield* givenUpAfter(ws, 10_000, "Idle")
      yield* peer.until(3)
      expect(peer.briefs).toEqual(["ping", "text", "close 1011 Idle timeout"])
    })

    test("T09: octets that are no Pong count as life", function* () {
      const { peer, ws } = yield* open(role, { limits: alive })
      yield* pass(5_000)
      yield* pass(4_000)
      peer.send(1, "Hello")
      yield* turns(3)
      yield* pass(4_999)
      expect(peer.briefs).toEqual(["ping"])
      yield* pass(1)
      expect(peer.briefs).toEqual(["ping", "ping"])
      expect(yield* ws.receive).toBe("Hello")
    })

    test("PARITY T-14: a peer that pings is alive: it gets its Pongs, and no Ping of ours", function* () {
      const { peer } = yield* open(role, { limits: alive })
      for (let n = 1; n <= 5; n++) {
        yield* pass(4_999)
        peer.send(9, `${n}`)
        yield* turns(3)
      }
      const pongs = ["pong 31", "pong 32", "pong 33", "pong 34", "pong 35"]
      expect(peer.briefs).toEqual(pongs)
      yield* pass(5_000)
      expect(peer.briefs).toEqual([...pongs, "ping"])
    })

    test("while reading is paused no Ping is sent", function* () {
      const { peer, ws } = yield* open(role, { limits: { ...alive, readAhead: 0 } })
      peer.send(1, "a")
      yield* turns(3)
      yield* pass("2 minutes")
      expect(peer.frames.length).toBe(0)
      expect(ws.unsafeSend("")).toBe(true)
    })

    test("no Ping follows our Close (§5.5.1)", function* () {
      const { peer, ws } = yield* open(role, { limits: { ...alive, closeTimeout: "1 minute" } })
      yield* Effect.fork(ws.close())
      yield* peer.until(1)
      yield* pass(6_000)
      expect(peer.briefs).toEqual(["close 1000"])
      peer.close()
      expect((yield* ws.closed).clean).toBe(true)
    })
  })

  describe(`TimeoutError Message: a ${role}`, () => {
    const limits: LimitOptions = { messageTimeout: "10 seconds", idleTimeout: Duration.infinity }

    test("T07: a trickle of fragments does not prolong it: 1008", function* () {
      const { peer, ws } = yield* open(role, { limits })
      peer.send(1, "a", { fin: false })
      for (let n = 0; n < 9; n++) {
        yield* pass(1_000)
        peer.send(0, "", { fin: false })
        yield* turns(2)
      }
      const error = yield* givenUpAfter(ws, 1_000, "Message", 10_000)
      expect(error.message).toBe("waited 10s for the end of a message that had begun")
      yield* peer.until(2)
      expect(peer.briefs).toEqual(["text", "close 1008 Message timeout"])
      // §7.1.1: who lives may read the Close, and end his side.
      yield* turns()
      yield* peer.duplex.drain
      yield* pass("10 seconds")
      expect(yield* Effect.flip(peer.duplex.drain)).toMatchObject({ reason: { _tag: "Reset" } })
    })

    test("T05: half of a header is the begin of a message", function* () {
      const { peer, ws } = yield* open(role, { limits })
      peer.write(frame(peerRole, 1, "a").subarray(0, 1))
      yield* turns(3)
      yield* givenUpAfter(ws, 10_000, "Message")
    })

    test("each message has a time of its own, also when one ends and the next begins in the same chunk", function* () {
      const { peer, ws } = yield* open(role, { limits })
      peer.send(1, "a", { fin: false })
      yield* turns(3)
      yield* pass(9_000)
      peer.write(frame(peerRole, 0, "b"), frame(peerRole, 2, octets(3), { fin: false }))
      yield* turns(3)
      expect(yield* ws.receive).toBe("ab")
      yield* pass(9_000)
      peer.send(0, "")
      yield* turns(3)
      expect(yield* ws.receive).toEqual(octets(3))
      yield* pass("2 minutes")
      expect(ws.unsafeSend("")).toBe(true)
    })

    test("a Ping in the middle does not prolong it; while we do not read the time stands still", function* () {
      const { peer, ws } = yield* open(role, { limits: { ...limits, readAhead: 0 } })
      peer.write(frame(peerRole, 1, "whole"), frame(peerRole, 1, "a", { fin: false }))
      yield* turns(3)
      yield* pass("2 minutes")
      expect(ws.unsafeSend("")).toBe(true)
      expect(yield* ws.receive).toBe("whole")
      yield* pass(5_000)
      peer.send(9)
      yield* turns(3)
      yield* pass("2 minutes")
      expect(yield* Effect.flip(ws.receive)).toMatchObject({ phase: "Message" })
    })
  })

  describe(`TimeoutError Close (PARITY X-21): a ${role}`, () => {
    test("a peer that does not answer our Close is given up after closeTimeout", function* () {
      const { peer, ws } = yield* open(role, { limits: { closeTimeout: "10 seconds" } })
      const closing = yield* Effect.fork(ws.close(1000))
      yield* peer.until(1)
      yield* pass(9_999)
      expect(Option.isNone(yield* Fiber.poll(closing))).toBe(true)
      yield* pass(1)
      const closure = yield* Fiber.join(closing)
      expect(closure).toMatchObject({
        initiator: "local",
        clean: false,
        cause: { _tag: "TimeoutError", phase: "Close" }
      })
      expect(closure.sent).toEqual(Option.some({ code: 1000, reason: "" }))
      expect(closure.received).toEqual(Option.none())
      yield* peer.ended
      expect(peer.briefs).toEqual(["close 1000"])
    })

    test("it is a total: neither messages nor Pings prolong it, nor a full transport", function* () {
      const limits: LimitOptions = { closeTimeout: "10 seconds", highWaterMark: 10 }
      const { peer, ws } = yield* open(role, { limits, memory: { capacity: 0 } })
      peer.pause()
      yield* ws.send(octets(1000))
      const closing = yield* Effect.fork(ws.close(1000))
      for (let n = 0; n < 9; n++) {
        yield* pass(1_000)
        peer.write(frame(peerRole, 1, "x"), frame(peerRole, 9))
        yield* turns(2)
      }
      yield* pass(1_000)
      expect((yield* Fiber.join(closing)).cause).toMatchObject({ phase: "Close" })
    })

    test("#2999: a peer that closes and does not read our answer is given up after closeTimeout", function* () {
      const { peer, ws } = yield* open(role, {
        limits: { closeTimeout: "10 seconds", highWaterMark: 10 },
        memory: { capacity: 0 }
      })
      peer.pause()
      yield* ws.send(octets(1000))
      peer.close()
      expect((yield* ws.closed).clean).toBe(true)
      yield* pass(9_999)
      expect(peer.end).toBeUndefined()
      yield* pass(1)
      expect(yield* Effect.flip(peer.duplex.drain)).toMatchObject({ reason: { _tag: "Reset" } })
    })
  })
}

describe("the nearest of several deadlines wins", () => {
  test("Close before Idle and Message", function* () {
    const limits: LimitOptions = { closeTimeout: 1_000, idleTimeout: 5_000, messageTimeout: 4_000 }
    const { peer, ws } = yield* open("server", { limits })
    peer.send(1, "a", { fin: false })
    yield* turns(3)
    yield* pass(500)
    yield* Effect.fork(ws.close())
    yield* pass(1_000)
    expect((yield* ws.closed).cause).toMatchObject({ phase: "Close" })
  })

  test("Message before Idle, a keepAlive Ping in between", function* () {
    const limits: LimitOptions = { idleTimeout: 5_000, messageTimeout: 4_000, keepAlive: true }
    const { peer, ws } = yield* open("server", { limits })
    peer.send(1, "a", { fin: false })
    yield* turns(3)
    yield* pass(4_000)
    expect((yield* ws.closed).cause).toMatchObject({ phase: "Message" })
    yield* turns()
    expect(peer.briefs).toEqual(["ping", "close 1008 Message timeout"])
  })
})
