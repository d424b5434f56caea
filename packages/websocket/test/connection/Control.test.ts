import { describe, expect } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import type { ControlFrame } from "../../src/WebSocket.js"
import { TransportError } from "../../src/WebSocketError.js"
import { test, turns } from "../support/leavesNothing.js"
import { frame, octets, open, other, roles, until, utf8 } from "../support/peer.js"
import { yieldAt } from "../support/yieldAt.js"

for (const role of roles) {
  const peerRole = other(role)
  describe(`RFC 6455 §5.5.2 Ping: a ${role}`, () => {
    test("MUST answer with a Pong that has the same application data", function* () {
      const { peer } = yield* open(role)
      for (const payload of [utf8(""), utf8("Hello"), octets(125)]) peer.send(9, payload)
      yield* peer.until(3)
      expect(peer.frames.map(({ opcode, payload }) => [opcode, payload])).toEqual([
        [10, utf8("")],
        [10, utf8("Hello")],
        [10, octets(125)]
      ])
    })

    test("a Ping that comes octet by octet is answered alike", function* () {
      const { peer } = yield* open(role, { memory: { maxChunk: 1 } })
      peer.send(9, octets(125))
      yield* peer.until(1)
      expect(peer.frames[0]?.payload).toEqual(octets(125))
    })

    test("ping: the time between it and its Pong, by the Clock; payloads are unique by default", function* () {
      const { peer, ws } = yield* open(role)
      const first = yield* Effect.fork(ws.ping())
      yield* peer.until(1)
      yield* TestClock.adjust("30 millis")
      const second = yield* Effect.fork(ws.ping())
      yield* peer.until(2)
      const [one, two] = peer.frames.map(({ payload }) => payload)
      expect(one).not.toEqual(two)
      peer.send(10, one)
      expect(Duration.toMillis(yield* Fiber.join(first))).toBe(30)
      yield* TestClock.adjust("12 millis")
      peer.send(10, two)
      expect(Duration.toMillis(yield* Fiber.join(second))).toBe(12)
    })

    test("T11, §5.5.3: a Pong answers earlier Pings too", function* () {
      const { peer, ws } = yield* open(role)
      const pings = yield* Effect.forEach(["a", "b", "c"], (text) => Effect.fork(ws.ping(utf8(text))))
      yield* peer.until(3)
      yield* TestClock.adjust("1 second")
      peer.send(10, "b")
      for (const ping of pings.slice(0, 2)) expect(Duration.toSeconds(yield* Fiber.join(ping))).toBe(1)
      yield* turns()
      expect(yield* Fiber.poll(pings[2] as Fiber.Fiber<unknown, unknown>)).toMatchObject({ _tag: "None" })
      peer.send(10, "c")
      yield* Fiber.join(pings[2] as Fiber.Fiber<unknown, unknown>)
    })

    test("T09, §5.5.3: a Pong that nobody asked for answers nothing", function* () {
      const { peer, ws } = yield* open(role)
      peer.send(10, "early")
      yield* turns()
      const ping = yield* Effect.fork(ws.ping(utf8("p")))
      yield* peer.until(1)
      peer.send(10, "q")
      yield* turns()
      expect(yield* Fiber.poll(ping)).toMatchObject({ _tag: "None" })
      peer.send(10, "p")
      yield* Fiber.join(ping)
      expect(peer.briefs).toEqual(["ping 70"])
    })

    test("maxPings: one more is QueueFull; an interrupted one makes room", function* () {
      const { peer, ws } = yield* open(role, { limits: { maxPings: 2 } })
      const pings = yield* Effect.replicateEffect(Effect.fork(ws.ping()), 2)
      yield* peer.until(2)
      const error = yield* Effect.flip(ws.ping())
      expect(error).toMatchObject({ _tag: "SendError", reason: { _tag: "QueueFull", limit: 2 } })
      yield* Fiber.interruptAll(pings)
      const again = yield* Effect.fork(ws.ping(utf8("again")))
      yield* peer.until(3)
      peer.send(10, "again")
      yield* Fiber.join(again)
    })

    test("pong: one that nobody asked for may be sent (§5.5.3)", function* () {
      const { peer, ws } = yield* open(role)
      yield* ws.pong()
      yield* ws.pong(utf8("x"))
      yield* peer.until(2)
      expect(peer.briefs).toEqual(["pong", "pong 78"])
    })

    test("§5.5: at most 125 octets: PayloadTooLong; nothing of it is sent", function* () {
      const { peer, ws } = yield* open(role)
      const reason = { _tag: "PayloadTooLong", length: 126, limit: 125 }
      expect(yield* Effect.flip(ws.ping(octets(126)))).toMatchObject({ _tag: "SendError", reason })
      expect((yield* Effect.flip(ws.pong(octets(126)))).reason).toEqual(reason)
      yield* ws.pong(octets(125))
      yield* peer.until(1)
      expect(peer.frames[0]?.payload.length).toBe(125)
    })

    test("B03, §5.5.3: above the mark the newest Ping alone is answered, when everything has left", function* () {
      const limits = { highWaterMark: 100 }
      const { peer, ws } = yield* open(role, { limits, memory: { capacity: 0 } })
      peer.pause()
      yield* ws.send(octets(200))
      for (let n = 0; n < 1000; n++) peer.send(9, `${n}`)
      yield* turns()
      peer.resume()
      yield* peer.until(2)
      yield* turns()
      expect(peer.briefs.slice(1)).toEqual([`pong ${Buffer.from("999").toString("hex")}`])
      peer.send(9, "!")
      yield* peer.until(3)
    })

    test("a Pong that is owed is not sent behind our Close (§5.5.1)", function* () {
      const { peer, ws } = yield* open(role, { limits: { highWaterMark: 100 }, memory: { capacity: 0 } })
      peer.pause()
      yield* ws.send(octets(200))
      peer.send(9, "owed")
      yield* turns()
      const closing = yield* Effect.fork(ws.close())
      yield* turns()
      peer.resume()
      yield* peer.until(2)
      yield* turns()
      peer.close()
      yield* Fiber.join(closing)
      expect(peer.briefs.slice(1)).toEqual(["close 1000"])
    })

    test("the end of the connection fails Pings that wait with what ended it, and later ones with Closed", function* () {
      const { peer, ws } = yield* open(role)
      const ping = yield* Effect.fork(Effect.flip(ws.ping()))
      yield* peer.until(1)
      peer.send(3)
      const error = yield* Fiber.join(ping)
      expect(error._tag).toBe("ProtocolError")
      expect(yield* Effect.flip(ws.ping())).toMatchObject({ _tag: "SendError", reason: { failure: error } })
    })

    test("the end of the connection between any two steps of a Ping is seen by it", function* () {
      const lost = new TransportError({ reason: { _tag: "Reset" } })
      for (let step = 1; step < 12; step++) {
        const { at, ws } = yield* open(role)
        const ping = yield* Effect.fork(yieldAt(Effect.flip(ws.ping()), step, () => at.fail(lost)))
        yield* turns(3)
        at.fail(lost)
        yield* until(() => Option.isSome(Effect.runSync(Fiber.poll(ping))), `step ${step}`)
        expect(["TransportError", "SendError"]).toContain((yield* Fiber.join(ping))._tag)
      }
    })
  })

  describe(`RFC 6455 §5.5.1 Close, §7.4 codes: a ${role}`, () => {
    test("codes that may not be sent: BadCloseCode; the connection stays open", function* () {
      const { peer, ws } = yield* open(role)
      for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65536, 1000.5, Number.NaN, -1]) {
        expect((yield* Effect.flip(ws.close(code))).reason).toEqual({ _tag: "BadCloseCode", code })
      }
      yield* ws.send("open")
      yield* peer.until(1)
      expect(peer.briefs).toEqual(["text open"])
    })

    test("A02: a reason has at most 123 octets of UTF-8", function* () {
      const { peer, ws } = yield* open(role)
      const tooLong = yield* Effect.flip(ws.close(1000, "é".repeat(62)))
      expect(tooLong.reason).toEqual({ _tag: "PayloadTooLong", length: 124, limit: 123 })
      expect((yield* Effect.flip(ws.close(1000, "x".repeat(200)))).reason).toMatchObject({ length: 200, limit: 123 })
      const closing = yield* Effect.fork(ws.close(1000, `${"é".repeat(61)}a`))
      yield* peer.until(1)
      expect(peer.briefs).toEqual([`close 1000 ${"é".repeat(61)}a`])
      peer.close()
      yield* Fiber.join(closing)
    })

    test("A03: a lone surrogate of a reason becomes U+FFFD; A05: a wrong type is a defect", function* () {
      const { peer, ws } = yield* open(role)
      const wrong = yield* Effect.exit(ws.close(1000, new Float32Array(20) as unknown as string))
      expect(Exit.isFailure(wrong) && wrong.cause._tag).toBe("Die")
      const closing = yield* Effect.fork(ws.close(1000, "\ud800"))
      yield* peer.until(1)
      expect(peer.briefs).toEqual(["close 1000 �"])
      peer.close()
      yield* Fiber.join(closing)
    })

    test("A06: ping(50) and pong(50) are defects, and send nothing", function* () {
      const { peer, ws } = yield* open(role)
      const fifty = 50 as unknown as Uint8Array
      for (const send of [Effect.asVoid(ws.ping(fifty)), ws.pong(fifty)]) {
        const wrong = yield* Effect.exit(send)
        expect(Exit.isFailure(wrong) && wrong.cause._tag).toBe("Die")
      }
      yield* turns()
      expect(peer.briefs).toEqual([])
    })

    for (const code of [1000, 1003, 1007, 1011, 1014, 3000, 4999]) {
      test(`${code} goes both ways`, function* () {
        const { peer, ws } = yield* open(role)
        const closing = yield* Effect.fork(ws.close(code))
        yield* peer.until(1)
        expect(peer.briefs).toEqual([`close ${code}`])
        peer.close(code, "r")
        expect((yield* Fiber.join(closing)).received).toMatchObject({ value: { code, reason: "r" } })
      })
    }
  })

  describe(`controlFrames (PARITY C-04): a ${role}`, () => {
    test("all of them, in order, with payloads of their own; the end of the connection ends it", function* () {
      const { peer, ws } = yield* open(role)
      const seen: Array<ControlFrame> = []
      const watching = yield* Effect.fork(
        Stream.runForEach(ws.controlFrames, (frame) => Effect.sync(() => seen.push(frame)))
      )
      yield* turns()
      peer.write(frame(peerRole, 9, "a"), frame(peerRole, 1, "text"), frame(peerRole, 10, "b"))
      peer.write(frame(peerRole, 9, octets(125)), frame(peerRole, 9, octets(125, 1)))
      peer.close(3000, "bye")
      yield* Fiber.join(watching)
      expect(seen).toEqual([
        { _tag: "Ping", payload: utf8("a") },
        { _tag: "Pong", payload: utf8("b") },
        { _tag: "Ping", payload: octets(125) },
        { _tag: "Ping", payload: octets(125, 1) },
        { _tag: "Close", code: 3000, reason: "bye" }
      ])
      expect(Chunk.size(yield* Stream.runCollect(ws.controlFrames))).toBe(0)
    })

    test("§7.1.5: a Close without a code has 1005; frames while closing are seen (Q23, Q24)", function* () {
      const { peer, ws } = yield* open(role)
      const seen: Array<string> = []
      const watching = yield* Effect.fork(
        Stream.runForEach(ws.controlFrames, (frame) => Effect.sync(() => seen.push(frame._tag)))
      )
      yield* turns()
      const closing = yield* Effect.fork(ws.close())
      yield* peer.until(1)
      peer.write(frame(peerRole, 10), frame(peerRole, 9), frame(peerRole, 8))
      yield* Fiber.join(closing)
      yield* Fiber.join(watching)
      expect(seen).toEqual(["Pong", "Ping", "Close"])
    })

    test("nobody watches: nothing is kept; a slow one loses the oldest of 64", function* () {
      const { peer, ws } = yield* open(role)
      peer.send(10, "before")
      yield* turns()
      let go = false
      const seen: Array<string> = []
      const watching = yield* Effect.fork(
        Stream.runForEach(ws.controlFrames, (frame) =>
          Effect.zipRight(
            until(() => go),
            Effect.sync(() => seen.push("payload" in frame ? Buffer.from(frame.payload).toString() : frame._tag))
          )
        )
      )
      yield* turns()
      for (let n = 0; n < 100; n++) peer.send(10, `${n}`)
      yield* turns()
      peer.close()
      yield* turns()
      go = true
      yield* Fiber.join(watching)
      expect(seen.length).toBeLessThan(100)
      expect(seen.slice(-3)).toEqual(["98", "99", "Close"])
      expect(seen).not.toContain("before")
    })
  })
}
