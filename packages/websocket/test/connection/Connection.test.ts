import { describe, expect } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import type { LimitOptions } from "../../src/Limits.js"
import * as MemoryTransport from "../../src/MemoryTransport.js"
import type { Duplex } from "../../src/Transport.js"
import * as FailingTransport from "../../src/testing/FailingTransport.js"
import { connect, type WebSocket, layer as webSocketLayer } from "../../src/WebSocket.js"
import { type ReceiveError, TransportError } from "../../src/WebSocketError.js"
import * as WebSocketServer from "../../src/WebSocketServer.js"
import { faultsOf } from "../support/faults.js"
import { leavesNothing, test, turns } from "../support/leavesNothing.js"
import { Calls, deflated, pausing } from "../support/pausing.js"
import {
  closePayload,
  concat,
  frame,
  hex,
  type OpenOptions,
  octets,
  open,
  other,
  roles,
  utf8
} from "../support/peer.js"

/** Everything that arrives until the end, and the end. */
const drainAll = (ws: WebSocket) => {
  const messages: Array<unknown> = []
  return Effect.map(
    Effect.flip(Effect.forever(Effect.map(ws.pull, (batch) => messages.push(...batch)))),
    (error: ReceiveError) => ({ messages, error })
  )
}

for (const role of roles) {
  const peerRole = other(role)
  describe(`RFC 6455 §7.1.7 Fail the WebSocket Connection: a ${role}`, () => {
    for (const { at = () => 0, code, limits = {}, name, octets: bad, section, tag } of faultsOf(role)) {
      test(`${section} ${name}: ${tag}, ${code}`, function* () {
        const { peer, ws } = yield* open(role, { limits: { ...limits, keepAlive: false } })
        const good = concat(frame(peerRole, 1, "Hello"), frame(peerRole, 9, "?"))
        peer.write(good, bad(peerRole))
        yield* peer.ended
        // §7.1.7: no octet of the peer is processed any more.
        peer.write(frame(peerRole, 1, "late"), frame(peerRole, 9, "late"))
        const ended = ws.send("late").pipe(Effect.flip)
        const { error, messages } = yield* drainAll(ws)
        expect(messages).toEqual(["Hello"])
        if (error._tag !== "ProtocolError") return expect(error._tag).toBe("ProtocolError")
        expect(error.reason).toMatchObject({ _tag: tag, section, closeCode: code })
        expect(error.offset).toBe(good.length + at(peerRole))
        expect(error.message).toContain(section)
        expect((yield* ended).reason).toEqual({ _tag: "Closed", failure: error })
        expect(yield* Effect.flip(ws.receive)).toBe(error)
        expect(peer.briefs).toEqual(["pong 3f", `close ${code} ${error.reason.rule}`])
        const closure = yield* ws.closed
        expect(closure).toEqual({
          initiator: "local",
          sent: Option.some({ code, reason: error.reason.rule }),
          received: Option.none(),
          clean: false,
          cause: error
        })
        yield* peer.duplex.end
        yield* turns(5)
      })
    }
  })

  describe(`RFC 6455 §7.1.4 The Connection is Closed: a ${role}`, () => {
    test("remote: the Close frame is answered with its code and without its reason", function* () {
      const { peer, ws } = yield* open(role)
      peer.write(frame(peerRole, 1, "Hello"), frame(peerRole, 8, concat(hex("0bb8"), utf8("bye"))))
      const closure = yield* ws.closed
      expect(closure).toEqual({
        initiator: "remote",
        sent: Option.some({ code: 3000, reason: "" }),
        received: Option.some({ code: 3000, reason: "bye" }),
        clean: true,
        cause: undefined
      })
      const { error, messages } = yield* drainAll(ws)
      expect(messages).toEqual(["Hello"])
      expect(error).toMatchObject({ _tag: "Closed", closure })
      expect(error.message).toBe("the peer closed the connection with 3000")
      expect(yield* ws.close(1001)).toBe(closure)
      yield* peer.until(1)
      expect(peer.briefs).toEqual(["close 3000"])
    })

    test("§5.5.1: nothing behind the peer's Close frame is looked at, also not in the same chunk", function* () {
      const { peer, ws } = yield* open(role)
      peer.write(frame(peerRole, 8), frame(peerRole, 1, "late"), frame(peerRole, 9, "late"), frame(peerRole, 3))
      const { error, messages } = yield* drainAll(ws)
      expect([messages, error._tag]).toEqual([[], "Closed"])
      yield* turns()
      expect(peer.briefs).toEqual(["close"])
    })

    test("§7.1.5 remote, without a code: answered with an empty frame; 1005 is never on the wire", function* () {
      const { peer, ws } = yield* open(role)
      peer.send(8)
      const closure = yield* ws.closed
      expect(closure.sent).toEqual(Option.some({ code: 1005, reason: "" }))
      expect(closure.received).toEqual(Option.some({ code: 1005, reason: "" }))
      expect(closure.clean).toBe(true)
      yield* peer.until(1)
      expect(peer.briefs).toEqual(["close"])
    })

    test("local: the peer's answer ends it, with both codes", function* () {
      const { peer, ws } = yield* open(role)
      const closing = yield* Effect.fork(ws.close(4000, "done"))
      yield* peer.until(1)
      expect(peer.briefs).toEqual(["close 4000 done"])
      peer.close(4000)
      const closure = yield* Fiber.join(closing)
      expect(closure).toEqual({
        initiator: "local",
        sent: Option.some({ code: 4000, reason: "done" }),
        received: Option.some({ code: 4000, reason: "" }),
        clean: true,
        cause: undefined
      })
      const error = yield* Effect.flip(ws.pull)
      expect(error).toMatchObject({ _tag: "Closed", closure })
      expect(error.message).toBe("the application closed the connection with 4000")
    })

    test("X-06: close is idempotent; a second Close frame is never sent (§5.5.1)", function* () {
      const { peer, ws } = yield* open(role)
      const closings = yield* Effect.forEach([1000, 1001, 3000], (code) => Effect.fork(ws.close(code)))
      yield* peer.until(1)
      peer.close()
      const closures = yield* Effect.forEach(closings, Fiber.join)
      expect(new Set([...closures, yield* ws.close(4999), yield* ws.closed]).size).toBe(1)
      yield* turns()
      expect(peer.briefs).toEqual(["close 1000"])
    })

    test("both sides at the same time: clean, the own one first", function* () {
      const { peer, ws } = yield* open(role)
      const closing = yield* Effect.fork(ws.close(1000))
      yield* Effect.yieldNow()
      peer.close(1001)
      const closure = yield* Fiber.join(closing)
      expect(closure).toMatchObject({ initiator: "local", clean: true })
      expect(closure.received).toEqual(Option.some({ code: 1001, reason: "" }))
      yield* turns()
      expect(peer.briefs).toEqual(["close 1000"])
    })

    test("X-07: a parked pull, receive, receiveStream, ping and run see the one Closed", function* () {
      const { peer, ws } = yield* open(role)
      const run = yield* Effect.fork(ws.run(() => {}))
      const parked = yield* Effect.forEach([ws.pull, ws.receive, ws.receiveStream, ws.ping()], (each) =>
        Effect.fork(Effect.flip<unknown, { readonly _tag: string }, never>(each))
      )
      yield* peer.until(1)
      const closing = yield* Effect.fork(ws.close())
      yield* peer.until(2)
      peer.close()
      const errors = yield* Effect.forEach(parked, Fiber.join)
      expect(new Set(errors).size).toBe(1)
      expect(errors[0]?._tag).toBe("Closed")
      yield* Fiber.join(run)
      yield* Fiber.join(closing)
    })

    test("X-01: what arrives while closing is discarded; a Ping is not answered any more", function* () {
      const { peer, ws } = yield* open(role)
      peer.send(1, "before")
      yield* turns()
      const closing = yield* Effect.fork(ws.close())
      yield* peer.until(1)
      peer.write(frame(peerRole, 1, "during"), frame(peerRole, 9, "?"), frame(peerRole, 2, octets(4097)))
      yield* turns()
      peer.close()
      expect((yield* Fiber.join(closing)).clean).toBe(true)
      const { error, messages } = yield* drainAll(ws)
      expect(messages).toEqual(["before"])
      expect(error._tag).toBe("Closed")
      expect(peer.briefs).toEqual(["close 1000"])
    })

    test("X-09: a fault of the peer while closing fails the connection, without a second Close", function* () {
      const { peer, ws } = yield* open(role)
      const closing = yield* Effect.fork(ws.close())
      yield* peer.until(1)
      peer.send(3, "x")
      const closure = yield* Fiber.join(closing)
      expect(closure).toMatchObject({ initiator: "local", clean: false, cause: { _tag: "ProtocolError" } })
      expect(closure.sent).toEqual(Option.some({ code: 1000, reason: "" }))
      yield* turns()
      expect(peer.briefs).toEqual(["close 1000"])
    })

    test("an interrupted close stops waiting; the closing goes on", function* () {
      const { peer, ws } = yield* open(role)
      const closing = yield* Effect.fork(ws.close(3001))
      yield* peer.until(1)
      yield* Fiber.interrupt(closing)
      peer.close(3001)
      expect(yield* ws.closed).toMatchObject({ initiator: "local", clean: true })
    })

    test("§7.1.1: the server ends the transport first, the client waits for that", function* () {
      const { peer, ws } = yield* open(role)
      peer.close()
      yield* ws.closed
      yield* turns()
      expect(peer.end).toBe(role === "server" ? "EndOfStream" : undefined)
      yield* peer.duplex.end
      yield* peer.ended
      expect(peer.end).toBe("EndOfStream")
    })

    test("a peer that does not end after the Closes is given up after closeTimeout, and the closure stays", function* () {
      const { peer, ws } = yield* open(role, { limits: { closeTimeout: "7 seconds" } })
      peer.close()
      const closure = yield* ws.closed
      yield* turns()
      yield* TestClock.adjust("6999 millis")
      yield* turns()
      expect(peer.end).not.toBe("Reset")
      yield* TestClock.adjust("1 millis")
      yield* turns()
      peer.write(utf8("?"))
      yield* turns()
      expect(yield* Effect.flip(peer.duplex.drain)).toMatchObject({ reason: { _tag: "Reset" } })
      expect(yield* ws.closed).toBe(closure)
    })
  })

  describe(`RFC 6455 §5.5.1, §7.1.7: what came before the end in the same read is answered first: a ${role}`, () => {
    const ends = { "a Close frame": frame(peerRole, 8, hex("03e8")), "a fault": frame(peerRole, 3) }

    for (const [name, end] of Object.entries(ends)) {
      const answer = name === "a fault" ? "close 1002 the opcodes 3-7 and 0xB-0xF are reserved" : "close 1000"

      for (const [ending, andEnd] of [
        ["", false],
        [", and the peer has ended its side", true]
      ] as const) {
        test(`a message and ${name}${ending}`, function* () {
          const { peer, ws } = yield* open(role)
          yield* Effect.fork(Effect.forever(Effect.flatMap(ws.pull, (batch) => ws.sendAll(batch))))
          yield* turns()
          peer.write(frame(peerRole, 1, "one"), frame(peerRole, 1, "two"), end, frame(peerRole, 1, "late"))
          if (andEnd) yield* peer.duplex.end
          yield* ws.closed
          yield* peer.until(3)
          expect(peer.briefs).toEqual(["text one", "text two", answer])
        })
      }

      test(`a part of a message in pieces, and ${name}`, function* () {
        const { peer, ws } = yield* open(role)
        const parts: Array<string> = []
        const reading = Effect.flatMap(ws.receiveStream, ({ body }) =>
          Stream.runForEach(body, (part) =>
            Effect.zipRight(
              ws.send(part),
              Effect.sync(() => parts.push(Buffer.from(part).toString()))
            )
          )
        )
        const fiber = yield* Effect.fork(Effect.flip(reading))
        yield* turns()
        peer.write(frame(peerRole, 1, "one", { fin: false }), end)
        yield* Fiber.join(fiber)
        expect(parts).toEqual(["one"])
        yield* peer.until(2)
        expect(peer.briefs).toEqual(["binary 6f6e65", answer])
      })

      test(`a message whose answer closes the connection, and ${name}: one Close frame, that of the application`, function* () {
        const { peer, ws } = yield* open(role)
        const closing = yield* Effect.fork(Effect.zipRight(ws.receive, ws.close(4000)))
        yield* turns()
        peer.write(frame(peerRole, 1, "one"), end)
        const closure = yield* Fiber.join(closing)
        expect(Option.getOrThrow(closure.sent).code).toBe(4000)
        expect(closure.clean).toBe(name === "a Close frame")
        yield* turns()
        expect(peer.briefs).toEqual(["close 4000"])
      })

      test(`a message that nobody takes, and ${name}: a turn of the event loop, and no longer`, function* () {
        const { peer, ws } = yield* open(role)
        peer.write(frame(peerRole, 1, "one"), end)
        yield* ws.closed
        yield* peer.until(1)
        expect(peer.briefs).toEqual([answer])
        expect((yield* drainAll(ws)).messages).toEqual(["one"])
      })
    }
  })

  describe(`PARITY X-19, after both Close frames: a ${role}`, () => {
    test("PARITY X-19: a transport that fails is no news: Closed, and clean", function* () {
      for (const reason of [{ _tag: "Reset" }, { _tag: "TlsTruncated" }, { _tag: "Read" }] as const) {
        for (const isLocal of [true, false]) {
          const { at, peer, ws } = yield* open(role)
          const closing = isLocal ? yield* Effect.fork(ws.close()) : undefined
          if (isLocal) yield* peer.until(1)
          at.deliver(frame(peerRole, 8, hex("03e8")))
          at.fail(new TransportError({ reason }))
          yield* peer.duplex.abort
          const closure = closing === undefined ? yield* ws.closed : yield* Fiber.join(closing)
          expect(closure).toMatchObject({ initiator: isLocal ? "local" : "remote", clean: true, cause: undefined })
          expect(yield* Effect.flip(ws.receive)).toMatchObject({ _tag: "Closed", closure })
        }
      }
    })
  })

  describe(`ERRORS.md TransportError: a ${role}`, () => {
    test("RFC 6455 §7.1.5: an end without a Close frame is EndOfStream, never a success", function* () {
      const { peer, ws } = yield* open(role)
      const run = yield* Effect.fork(Effect.flip(ws.run(() => {})))
      peer.send(1, "Hello")
      yield* peer.duplex.end
      const error = yield* Fiber.join(run)
      expect(error).toMatchObject({ _tag: "TransportError", reason: { _tag: "EndOfStream" } })
      expect(yield* Effect.flip(Effect.forever(ws.pull))).toBe(error)
      expect(yield* ws.closed).toEqual({
        initiator: "remote",
        sent: Option.none(),
        received: Option.none(),
        clean: false,
        cause: error
      })
      expect(yield* ws.close()).toBe(yield* ws.closed)
      expect((yield* Effect.flip(ws.send("x"))).reason).toEqual({ _tag: "Closed", failure: error })
      expect((yield* Effect.flip(ws.pong())).reason).toEqual({ _tag: "Closed", failure: error })
      expect(ws.unsafeSend("x")).toBe(false)
      yield* peer.ended
      expect(peer.octets.length).toBe(0)
    })

    test("a reset in the middle of a frame: Reset, after the messages before it", function* () {
      const { peer, ws } = yield* open(role)
      peer.write(frame(peerRole, 1, "Hello"), frame(peerRole, 2, octets(500)).subarray(0, 300))
      yield* turns()
      yield* peer.duplex.abort
      const { error, messages } = yield* drainAll(ws)
      expect(messages).toEqual(["Hello"])
      expect(error).toMatchObject({ _tag: "TransportError", reason: { _tag: "Reset" } })
    })

    test("T14: a peer that answers our Close by its end alone: EndOfStream, with the code we sent", function* () {
      const { peer, ws } = yield* open(role)
      const closing = yield* Effect.fork(ws.close(1000))
      yield* peer.until(1)
      yield* peer.duplex.end
      const closure = yield* Fiber.join(closing)
      expect(closure).toMatchObject({ initiator: "local", clean: false, cause: { reason: { _tag: "EndOfStream" } } })
      expect(closure.sent).toEqual(Option.some({ code: 1000, reason: "" }))
    })

    test("a transport that fails to write: that error for the sender who waits and for everyone", function* () {
      const failure = new TransportError({ reason: { _tag: "Write" }, cause: "EPIPE" })
      let fail = () => {}
      const drain = Effect.async<void, TransportError>((resume) => {
        fail = () => resume(Effect.fail(failure))
      })
      const change = (lower: Duplex): Duplex => ({ ...lower, unsafeBuffered: () => 1_000_000, drain })
      const { ws } = yield* open(role, { change })
      const sending = yield* Effect.fork(Effect.flip(ws.send("x")))
      yield* turns()
      fail()
      expect((yield* Fiber.join(sending)).reason).toEqual({ _tag: "Closed", failure })
      expect(yield* Effect.flip(ws.pull)).toBe(failure)
      expect((yield* ws.closed).cause).toBe(failure)
    })
  })

  describe(`FrameStream.open: what came with the handshake comes first: a ${role}`, () => {
    test("messages of the leftover, also cut in the middle of a frame", function* () {
      const all = concat(frame(peerRole, 1, "one"), frame(peerRole, 1, "two"))
      for (let cut = 0; cut <= all.length; cut++) {
        const leftover = all.slice(0, cut)
        const { peer, ws } = yield* open(role, { leftover })
        peer.write(all.subarray(cut))
        expect([yield* ws.receive, yield* ws.receive]).toEqual(["one", "two"])
        // The octets of the handshake are not altered by unmasking.
        expect(leftover).toEqual(all.slice(0, cut))
      }
    })

    test("a Close or a fault in it ends the connection at once", function* () {
      const closed = yield* open(role, { leftover: frame(peerRole, 8) })
      expect(yield* Effect.flip(closed.ws.pull)).toMatchObject({ _tag: "Closed" })
      const failed = yield* open(role, { leftover: hex("83") })
      expect(yield* Effect.flip(failed.ws.pull)).toMatchObject({ _tag: "ProtocolError", offset: 0 })
      yield* failed.peer.until(1)
    })

    test("more of it than readAhead: the transport is paused from the start", function* () {
      const leftover = frame(peerRole, 2, octets(100))
      const { peer, ws } = yield* open(role, { leftover, limits: { readAhead: 10 } })
      peer.send(2, octets(50_000))
      peer.send(2, octets(50_000))
      yield* turns()
      expect(peer.duplex.unsafeBuffered()).toBeGreaterThan(0)
      expect(yield* ws.receive).toEqual(octets(100))
      expect(yield* ws.receive).toEqual(octets(50_000))
      expect(yield* ws.receive).toEqual(octets(50_000))
    })
  })
}

for (const role of roles) {
  const peerRole = other(role)
  const compressed = (message: string) => frame(peerRole, 1, deflated(message), { rsv: 4 })
  const many = Array.from({ length: 12 }, (_, index) => `message ${index}`)
  const all = concat(...many.map(compressed))
  /** A connection that pauses behind 20 octets, so that there are six pauses in all of these messages. */
  const opened = (calls = new Calls(), rest: OpenOptions = {}) =>
    open(role, { ...rest, compression: pausing(20, calls) })

  describe(`RFC 7692 §7.2.2: inflating pauses, and the connection lives on: a ${role}`, () => {
    test("between two turns of the event loop so much is inflated, of many messages as of one; all arrive", function* () {
      const calls = new Calls()
      const { at, peer, ws } = yield* opened(calls)
      at.deliver(concat(all, compressed("x".repeat(200))))
      for (let pauses = 1; pauses <= 16; pauses++) {
        expect(calls.pauses).toBe(pauses)
        yield* turns(0)
      }
      peer.write(all)
      const messages = yield* Effect.replicateEffect(ws.receive, 25)
      expect(messages).toEqual([...many, "x".repeat(200), ...many])
    })

    test("an end of the transport comes behind what had arrived: EndOfStream, with all messages", function* () {
      for (const end of ["end", "abort"] as const) {
        const { at, peer, ws } = yield* opened()
        at.deliver(all.slice())
        yield* peer.duplex[end]
        if (end === "end") at.fail(new TransportError({ reason: { _tag: "EndOfStream" } }))
        const { error, messages } = yield* drainAll(ws)
        expect(messages).toEqual(many)
        expect(error).toMatchObject({
          _tag: "TransportError",
          reason: { _tag: end === "end" ? "EndOfStream" : "Reset" }
        })
        expect(yield* Effect.flip(ws.receive)).toBe(error)
      }
    })

    test("so it does while nobody asks for the messages; a message that was cut is none", function* () {
      const { at, peer, ws } = yield* opened(undefined, { limits: { readAhead: 10 } })
      at.deliver(concat(all, compressed("cut").subarray(0, -1)))
      yield* peer.duplex.end
      yield* turns()
      expect(yield* ws.isOpen).toBe(true)
      const { error, messages } = yield* drainAll(ws)
      expect([messages, error]).toMatchObject([many, { reason: { _tag: "EndOfStream" } }])
    })

    test("§5.5.1: a Close frame behind a pause ends the connection behind the messages before it: clean, and answered", function* () {
      const { at, peer, ws } = yield* opened()
      at.deliver(concat(all, frame(peerRole, 8, closePayload(3000)), compressed("late")))
      expect(peer.briefs).toEqual([])
      const { error, messages } = yield* drainAll(ws)
      expect(messages).toEqual(many)
      expect(error).toMatchObject({ _tag: "Closed", closure: { clean: true, initiator: "remote" } })
      yield* peer.until(1)
      expect(peer.briefs).toEqual(["close 3000"])
    })

    test("§5.5.2: a Ping is answered in its place, behind the messages that came before it", function* () {
      const { at, peer, ws } = yield* opened()
      at.deliver(concat(frame(peerRole, 9, "first"), all, frame(peerRole, 9, "last")))
      yield* turns(1)
      const pong = (text: string) => `pong ${Buffer.from(text).toString("hex")}`
      expect(peer.briefs).toEqual([pong("first")])
      yield* peer.until(2)
      expect([peer.briefs, yield* ws.pull]).toEqual([[pong("first"), pong("last")], many])
    })

    const faults: ReadonlyArray<readonly [tag: string, code: number, octets: Uint8Array, limits?: LimitOptions]> = [
      ["BadDeflate", 1007, frame(peerRole, 2, concat(new Uint8Array(30), hex("ff")), { rsv: 4 })],
      ["BadFramePayload", 1007, frame(peerRole, 1, concat(deflated("a".repeat(30)), hex("c328 00")), { rsv: 4 })],
      ["MessageTooBig", 1009, compressed("x".repeat(31)), { maxMessageSize: 30 }],
      ["BadReservedBits", 1002, frame(peerRole, 9, "?", { rsv: 4 })],
      ["BadOpcode", 1002, frame(peerRole, 3)]
    ]
    for (const [tag, code, octets, limits = {}] of faults) {
      test(`§7.1.7: what breaks a rule behind a pause: the messages before it, then ${tag} at its place, and ${code}`, function* () {
        const { at, peer, ws } = yield* opened(undefined, { limits })
        at.deliver(concat(all, octets, compressed("late")))
        peer.write(compressed("later"))
        const { error, messages } = yield* drainAll(ws)
        expect(messages).toEqual(many)
        expect(error).toMatchObject({ _tag: "ProtocolError", reason: { _tag: tag }, offset: all.length })
        yield* peer.ended
        expect(peer.frames.map(({ opcode, payload }) => [opcode, (payload[0]! << 8) | payload[1]!])).toEqual([
          [8, code]
        ])
      })
    }

    test("A28: interrupted at any turn while it is paused, it loses no message", function* () {
      for (let count = 0; count < 8; count++) {
        const { at, ws } = yield* opened()
        at.deliver(all.slice())
        const taken: Array<unknown> = []
        const fiber = yield* Effect.fork(Effect.forever(Effect.map(ws.receive, (message) => taken.push(message))))
        yield* turns(count)
        yield* Fiber.interrupt(fiber)
        while (taken.length < many.length) taken.push(...(yield* ws.pull))
        expect(taken).toEqual(many)
      }
    })

    test("our own close while it is paused: nothing more is delivered, the peer's Close behind the rest is seen", function* () {
      for (const readAhead of [10, 10_000]) {
        const calls = new Calls()
        const { at, peer, ws } = yield* opened(calls, { limits: { readAhead } })
        at.deliver(concat(all, frame(peerRole, 8, closePayload(1000))))
        const closure = yield* ws.close(1000)
        expect(closure).toMatchObject({ clean: true, initiator: "local" })
        expect(calls).toMatchObject({ pauses: 6, opened: 1, closed: 1 })
        expect((yield* drainAll(ws)).messages).toEqual(many.slice(0, 1))
        expect(peer.briefs).toEqual(["close 1000"])
      }
    })

    test("the end of its Scope, or a fault of the transport to write, while it is paused: nothing goes on, all is given back", function* () {
      const calls = new Calls()
      const scoped = Effect.scoped(
        Effect.gen(function* () {
          const { at, peer } = yield* opened(calls)
          at.deliver(all.slice())
          yield* peer.duplex.abort
        })
      )
      yield* scoped
      expect(calls).toMatchObject({ opened: 1, closed: 1 })
      const { pauses } = calls
      yield* turns()
      expect(calls.pauses).toBe(pauses)
    })

    test("what came with the handshake pauses too, before the transport delivers", function* () {
      const { peer, ws } = yield* opened(undefined, { leftover: all.slice() })
      peer.write(compressed("last"))
      expect(yield* Effect.replicateEffect(ws.receive, 13)).toEqual([...many, "last"])
    })
  })
}

/** Everything that a client can do, on small limits, so that it also waits. */
const session = Effect.gen(function* () {
  const limits = { highWaterMark: 100, fragmentSize: 64, readAhead: 100 }
  const ws = yield* connect("ws://memory/", { limits })
  yield* ws.send("one")
  expect(yield* ws.receive).toBe("one")
  yield* ws.ping()
  yield* ws.sendAll([octets(300), "two"])
  expect(yield* ws.receive).toEqual(octets(300))
  yield* ws.sendStream("binary", Stream.make(octets(50), octets(200)))
  expect(yield* ws.receive).toBe("two")
  const { body } = yield* ws.receiveStream
  expect(concat(...(yield* Stream.runCollect(body)))).toEqual(concat(octets(50), octets(200)))
  return yield* ws.close(3000, "done")
})

/** Lets time pass until the fiber has ended: slowly, so that no deadline comes before what is on its way. */
const passing = <A, E>(fiber: Fiber.Fiber<A, E>) =>
  Effect.gen(function* () {
    while (Option.isNone(yield* Fiber.poll(fiber))) {
      yield* turns(10)
      yield* TestClock.adjust("1 seconds")
    }
    return yield* Fiber.join(fiber)
  })

describe("the n-th operation of the transport fails, for every n of a whole session", () => {
  const layers = Layer.merge(MemoryTransport.layerWith({ maxChunk: 100, capacity: 50 }), webSocketLayer)
  const echo = (ws: WebSocket) => ws.run((message) => ws.send(message))

  test("of the client: each run ends with that failure, and leaves nothing", function* () {
    const error = new TransportError({ reason: { _tag: "Write" }, cause: "injected" })
    const program = Effect.zipRight(
      Effect.forkScoped(WebSocketServer.run(echo)),
      FailingTransport.everyFailure(leavesNothing(session), { error })
    )
    const exits = yield* passing(yield* Effect.fork(Effect.scoped(Effect.provide(program, layers))))
    expect(exits.length).toBeGreaterThan(20)
    expect(exits.at(-1)).toMatchObject(Exit.succeed({ clean: true }))
    for (const exit of exits.slice(0, -1)) {
      if (Exit.isSuccess(exit)) {
        // It failed within the close, which tells how the connection ended.
        expect(exit.value.clean || exit.value.cause === error).toBe(true)
        continue
      }
      const failure = Option.getOrThrow(Cause.failureOption(exit.cause))
      if (failure._tag === "SendError") expect(failure.reason).toMatchObject({ _tag: "Closed", failure: error })
      else expect(failure).toBe(error)
    }
  })

  test("of the server: the client's failure is typed, and nothing is left on either side", function* () {
    const error = new TransportError({ reason: { _tag: "Read" }, cause: "injected" })
    const run = (point: FailingTransport.FailurePoint) =>
      Effect.scoped(
        Effect.zipRight(
          Effect.forkScoped(Effect.provide(WebSocketServer.run(echo), FailingTransport.layerListenerAt(point))),
          session
        )
      )
    const program = FailingTransport.everyFailureAt((point) => leavesNothing(run(point)), { error })
    const exits = yield* passing(yield* Effect.fork(Effect.scoped(Effect.provide(program, layers))))
    expect(exits.length).toBeGreaterThan(20)
    expect(exits.at(-1)).toMatchObject(Exit.succeed({ clean: true }))
    for (const exit of exits) {
      if (Exit.isSuccess(exit)) continue
      const failure = Option.getOrThrow(Cause.failureOption(exit.cause))
      expect(["TransportError", "SendError", "HandshakeError", "Closed"]).toContain(failure._tag)
    }
  })
})
