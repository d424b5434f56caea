import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { Entropy, layerSeeded } from "../../src/Entropy.js"
import { prepare, type WebSocket } from "../../src/WebSocket.js"
import { type SendError, TransportError } from "../../src/WebSocketError.js"
import { test, turns } from "../support/leavesNothing.js"
import { Calls, deflated, pausing } from "../support/pausing.js"
import {
  brief,
  concat,
  hex,
  type OpenOptions,
  octets,
  open,
  type Peer,
  roles,
  type Seen,
  until,
  utf8
} from "../support/peer.js"
import { yieldAt } from "../support/yieldAt.js"

const limits = { highWaterMark: 1000, fragmentSize: 500 }
const memory = { capacity: 0 }

/** Fills up to the high-water mark and above; gives how many messages of 100 octets that took. */
const fill = (ws: WebSocket): number => {
  let count = 0
  while (ws.unsafeSend(octets(100, count))) count++
  return count
}

/** The peer that does not read. */
const deaf = (peer: Peer) => {
  peer.pause()
  return peer
}

for (const role of roles) {
  describe(`RFC 6455 §6.1 Sending Data: a ${role}`, () => {
    test("a string is text, octets are binary; empty ones too", function* () {
      const { peer, ws } = yield* open(role)
      yield* ws.send("Höh")
      yield* ws.send(octets(3))
      yield* ws.send("")
      yield* ws.sendAll([new Uint8Array(0), "x"])
      yield* peer.until(5)
      expect(peer.briefs).toEqual(["text Höh", "binary 00070e", "text", "binary", "text x"])
    })

    test("§5.6: the kind may be chosen; octets sent as text are checked", function* () {
      const { peer, ws } = yield* open(role)
      yield* ws.send(utf8("Höh"), { kind: "text" })
      yield* ws.send("Höh", { kind: "binary" })
      yield* ws.sendAll(["a", utf8("b")], { kind: "text" })
      for (const bad of ["c328", "48c3", "eda080", "f4908080"]) {
        expect((yield* Effect.flip(ws.send(hex(bad), { kind: "text" }))).reason).toEqual({ _tag: "BadText" })
      }
      yield* peer.until(4)
      expect(peer.briefs).toEqual(["text Höh", "binary 48c3b668", "text a", "text b"])
    })

    test("A03: a lone surrogate becomes U+FFFD", function* () {
      const { peer, ws } = yield* open(role)
      yield* ws.send("a\ud800")
      yield* ws.send("\udc00".repeat(300))
      yield* peer.until(2)
      expect(peer.frames.map(({ payload }) => Buffer.from(payload).toString())).toEqual(["a�", "�".repeat(300)])
    })

    test("§5.1: a client masks every frame, with a fresh key (§5.3); a server masks none", function* () {
      const { peer, ws } = yield* open(role).pipe(Effect.provide(layerSeeded(7)))
      yield* ws.sendAll(["a", "b", octets(2000)])
      yield* ws.send("c", { kind: "binary" })
      yield* ws.pong()
      yield* ws.sendStream("text", Stream.make("d", "e"))
      void Effect.runFork(Effect.ignore(ws.ping()))
      yield* peer.until(9)
      const keys = peer.frames.map(({ key }) => key)
      if (role === "server") expect(new Set(keys)).toEqual(new Set([undefined]))
      else expect(new Set(keys.filter((key) => key !== undefined)).size).toBe(peer.frames.length)
    })

    test("PARITY K-01, K-03: each frame has the next key of the service Entropy, 0 as well; a server asks for none", function* () {
      const keys = [0, 1, 0xffffffff, 0x01020304]
      let asked = 0
      const source = Layer.succeed(Entropy, {
        unsafeMaskingKey: () => keys[asked++ % keys.length] ?? 0,
        unsafeOctets: (length) => new Uint8Array(length)
      })
      const { peer, ws } = yield* open(role).pipe(Effect.provide(source))
      yield* ws.sendAll(["a", "b"])
      yield* ws.pong(utf8("c"))
      yield* ws.send("d".repeat(300))
      yield* peer.until(4)
      const isClient = role === "client"
      expect(asked).toBe(isClient ? 4 : 0)
      expect(peer.frames.map(({ key }) => key)).toEqual(
        ["00000000", "00000001", "ffffffff", "01020304"].map((key) => (isClient ? key : undefined))
      )
      expect(peer.briefs).toEqual(["text a", "text b", "pong 63", `text ${"d".repeat(300)}`])
    })

    test("MW-19: what was sent is not altered, and may be reused at once", function* () {
      const { peer, ws } = yield* open(role, { limits })
      const message = octets(100)
      const sent = message.slice()
      yield* ws.send(message)
      expect(message).toEqual(sent)
      message.fill(0)
      expect(ws.unsafeSend(sent)).toBe(true)
      expect(sent).toEqual(octets(100))
      sent.fill(0)
      const large = octets(1700)
      yield* ws.send(large)
      expect(large).toEqual(octets(1700))
      large.fill(0)
      yield* peer.until(6)
      expect(peer.frames.slice(0, 2).map(({ payload }) => payload)).toEqual([octets(100), octets(100)])
      expect(concat(...peer.frames.slice(2).map(({ payload }) => payload))).toEqual(octets(1700))
    })

    test("MW-06: longer ones leave in fragments: opcode first, then continuations, FIN last", function* () {
      const { peer, ws } = yield* open(role, { limits })
      yield* ws.send("x".repeat(1001))
      yield* ws.send(octets(500))
      yield* peer.until(4)
      expect(peer.frames.map(({ fin, opcode, payload }) => [opcode, fin, payload.length])).toEqual([
        [1, false, 500],
        [0, false, 500],
        [0, true, 1],
        [2, true, 500]
      ])
    })

    test("PARITY MW-06: with a fragmentSize of Infinity a message is one frame, whatever its size", function* () {
      const { peer, ws } = yield* open(role, { limits: { fragmentSize: Infinity } })
      yield* ws.send(octets(150_000))
      yield* ws.send("é".repeat(50_000))
      yield* peer.until(2)
      expect(peer.frames.map(({ fin, opcode, payload }) => [opcode, fin, payload.length])).toEqual([
        [2, true, 150_000],
        [1, true, 100_000]
      ])
    })

    test("a text of few characters and many octets is longer than fragmentSize in octets, and whole", function* () {
      const { peer, ws } = yield* open(role, { limits })
      yield* ws.send("€".repeat(400))
      yield* peer.until(1)
      expect(peer.briefs).toEqual([`text ${"€".repeat(400)}`])
    })

    test("larger than the shared slab, one frame or more", function* () {
      const { peer, ws } = yield* open(role, { limits: { fragmentSize: 200_000 } })
      const messages = [octets(65_535), octets(65_536), octets(150_000)]
      for (const message of messages) yield* ws.send(message)
      yield* ws.send("€".repeat(30_000))
      yield* peer.until(4)
      expect(peer.frames.slice(0, 3).map(({ payload }) => payload)).toEqual(messages)
      expect(Buffer.from(peer.frames[3]?.payload ?? []).toString()).toBe("€".repeat(30_000))
    })

    test("A05: what is neither a string nor octets is a defect; nothing leaves, and others are not harmed", function* () {
      const { peer, ws } = yield* open(role)
      for (const wrong of [50, null, undefined, {}, new Float32Array(20), new ArrayBuffer(3), ["a"], true]) {
        const message = wrong as unknown as string
        const calls = [
          ws.send(message),
          ws.sendAll([message]),
          ws.send(message, { kind: "text" }),
          ws.send(message, { kind: "binary" }),
          Effect.sync(() => ws.unsafeSend(message)),
          ws.sendStream("text", Stream.make(message)),
          ws.sendStream("binary", Stream.make(message))
        ]
        for (const call of calls) {
          const exit = yield* Effect.exit(call)
          expect(Exit.isFailure(exit) && exit.cause._tag, `${wrong}`).toBe("Die")
        }
        if (wrong === undefined || wrong === null) continue
        const octets = wrong as unknown as Uint8Array
        for (const call of [Effect.asVoid(ws.ping(octets)), ws.pong(octets)]) {
          const exit = yield* Effect.exit(call)
          expect(Exit.isFailure(exit) && exit.cause._tag, `${wrong}`).toBe("Die")
        }
      }
      yield* ws.send("fine")
      yield* peer.until(1)
      expect(peer.briefs).toEqual(["text fine"])
    })
  })

  describe(`Back-pressure outwards (B01): a ${role}`, () => {
    test("above highWaterMark send waits, unsafeSend says no; after the drain both go on", function* () {
      const { peer, ws } = yield* open(role, { limits, memory })
      deaf(peer)
      const count = fill(ws)
      expect(count).toBeGreaterThan(8)
      expect(count).toBeLessThan(12)
      const waiting = yield* Effect.fork(ws.sendAll(["a", "b"]))
      const small = yield* Effect.fork(ws.send("c"))
      yield* turns()
      expect(yield* Fiber.poll(waiting)).toMatchObject({ _tag: "None" })
      expect(ws.unsafeSend("never")).toBe(false)
      peer.resume()
      yield* Fiber.join(waiting)
      yield* Fiber.join(small)
      expect(ws.unsafeSend("d")).toBe(true)
      yield* peer.until(count + 4)
      const texts = peer.briefs.filter((brief) => brief.startsWith("text"))
      expect(texts[0]).toBe("text a")
      expect(texts.at(-1)).toBe("text d")
      expect([...texts].sort()).toEqual(["text a", "text b", "text c", "text d"])
    })

    test("MW-18: a message for many waits as others do, in its turn, and is never between fragments", function* () {
      const { peer, ws } = yield* open(role, { limits, memory })
      const prepared = prepare("many")
      deaf(peer)
      const long = yield* Effect.fork(ws.send(octets(2000)))
      yield* turns()
      expect(ws.unsafeSendPrepared(prepared)).toBe(false)
      const waiting = yield* Effect.fork(ws.sendPrepared(prepared))
      const next = yield* Effect.fork(ws.send("next"))
      const interrupted = yield* Effect.fork(ws.sendPrepared(prepare("never")))
      yield* turns()
      expect(yield* Fiber.poll(waiting)).toMatchObject({ _tag: "None" })
      yield* Fiber.interrupt(interrupted)
      peer.resume()
      for (const fiber of [long, waiting, next]) yield* Fiber.join(fiber)
      expect(ws.unsafeSendPrepared(prepare("x".repeat(900)))).toBe(true)
      yield* peer.until(8)
      expect(peer.briefs.slice(4, 6)).toEqual(["text many", "text next"])
      expect(peer.briefs.slice(6)).toEqual([`text- ${"x".repeat(500)}`, `more ${"x".repeat(400)}`])
      peer.close()
      yield* ws.closed
      expect(ws.unsafeSendPrepared(prepared)).toBe(false)
      expect((yield* Effect.flip(ws.sendPrepared(prepared))).reason._tag).toBe("Closed")
    })

    test("MW-18: a message for many that waits fails when the connection is closed", function* () {
      const { peer, ws } = yield* open(role, { limits, memory })
      deaf(peer)
      fill(ws)
      const waiting = yield* Effect.fork(Effect.flip(ws.sendPrepared(prepare("many"))))
      yield* turns()
      yield* Effect.fork(ws.close())
      expect((yield* Fiber.join(waiting)).reason._tag).toBe("Closing")
    })

    test("whenFull fail: QueueFull, for as long as others wait too", function* () {
      const { peer, ws } = yield* open(role, { limits, memory })
      deaf(peer)
      yield* ws.send("room", { whenFull: "fail" })
      fill(ws)
      const error = yield* Effect.flip(ws.send("x", { whenFull: "fail" }))
      expect(error.reason).toEqual({ _tag: "QueueFull", limit: 1000 })
      expect((yield* Effect.flip(ws.sendAll(["x"], { whenFull: "fail" }))).reason._tag).toBe("QueueFull")
      peer.resume()
      yield* until(() => ws.unsafeSend("again"))
    })

    test("B01: a peer that does not read holds no more than the mark and one message", function* () {
      const { peer, ws } = yield* open(role, { limits, memory })
      deaf(peer)
      let sent = 0
      const producer = yield* Effect.fork(
        Effect.forever(Effect.tap(ws.send(octets(400)), () => Effect.sync(() => sent++)))
      )
      yield* turns(100)
      expect(sent).toBeLessThan(5)
      yield* Fiber.interrupt(producer)
      peer.resume()
      yield* peer.until(sent)
      yield* turns()
      // What was interrupted while it waited was not sent, and harms nothing.
      expect(peer.frames.length).toBe(sent)
      yield* ws.send("next")
      yield* peer.until(sent + 1)
    })

    test("a producer that never waits lets the event loop turn, and the connection read", function* () {
      const { peer, ws } = yield* open(role, { limits: { highWaterMark: Infinity } })
      let asked = false
      const producer = yield* Effect.fork(
        Effect.whileLoop({ while: () => !asked, body: () => ws.send(octets(1000)), step() {} })
      )
      const reader = yield* Effect.fork(
        Effect.map(ws.receive, () => {
          asked = true
        })
      )
      yield* turns(3)
      peer.send(1, "stop")
      yield* Fiber.join(reader)
      yield* Fiber.join(producer)
    })

    test("§5.4, MW-09: control frames go between the fragments of a message that waits", function* () {
      const { peer, ws } = yield* open(role, { limits, memory })
      deaf(peer)
      const long = yield* Effect.fork(ws.send(octets(5000)))
      yield* turns()
      const ping = yield* Effect.fork(ws.ping(utf8("p")))
      yield* ws.pong(utf8("q"))
      yield* turns()
      peer.resume()
      yield* Fiber.join(long)
      yield* peer.until(12)
      const names = peer.briefs.map((brief) => brief.split(" ")[0])
      expect(names[0]).toBe("binary-")
      expect(names.indexOf("ping")).toBeLessThan(6)
      expect(names.indexOf("pong")).toBeLessThan(7)
      expect(names.at(-1)).toBe("more")
      expect(names.filter((name) => name === "more-").length).toBe(8)
      yield* Fiber.interrupt(ping)
    })

    test("PARITY MR-13: a Ping is answered between the fragments of a message that waits, a Close as well", function* () {
      for (const [opcode, answer] of [
        [9, "pong 70"],
        [8, "close"]
      ] as const) {
        const { peer, ws } = yield* open(role, { limits, memory })
        deaf(peer)
        const long = yield* Effect.fork(Effect.either(ws.send(octets(5000))))
        yield* turns()
        peer.send(opcode, opcode === 9 ? "p" : "")
        yield* turns()
        peer.resume()
        const result = yield* Fiber.join(long)
        yield* until(() => peer.briefs.includes(answer) && (opcode === 8 || peer.frames.at(-1)?.opcode === 0))
        const at = peer.briefs.indexOf(answer)
        expect(peer.frames.slice(0, at).map(({ fin }) => fin)).toEqual(Array.from({ length: at }, () => false))
        expect(at).toBeGreaterThan(0)
        expect(peer.frames.slice(at + 1).map(({ opcode }) => opcode)).toEqual(
          opcode === 8 ? [] : Array(10 - at).fill(0)
        )
        if (opcode === 8) expect(result).toMatchObject({ left: { reason: { _tag: "Closed" } } })
        else expect(result._tag).toBe("Right")
      }
    })

    test("nobody overtakes a message that waits or has several frames: messages are never mixed", function* () {
      const { peer, ws } = yield* open(role, { limits, memory })
      deaf(peer)
      const long = yield* Effect.fork(ws.send(octets(2000)))
      yield* turns(2)
      const next = yield* Effect.fork(ws.sendAll(["a", octets(700), "b"]))
      const last = yield* Effect.fork(ws.sendStream("text", Stream.make("c", "d")))
      yield* turns()
      peer.resume()
      for (const fiber of [long, next, last]) yield* Fiber.join(fiber as Fiber.Fiber<void, unknown>)
      yield* turns()
      const messages: Array<number> = []
      let isOpen = false
      for (const { fin, opcode } of peer.frames) {
        expect(opcode === 0).toBe(isOpen)
        isOpen = !fin
        if (opcode !== 0) messages.push(opcode)
      }
      expect(isOpen).toBe(false)
      expect([...messages].sort()).toEqual([1, 1, 1, 2, 2])
    })

    test("PARITY CC-06: those that wait have their turns in the order of waiting, and control frames go ahead of them", function* () {
      const { peer, ws } = yield* open(role, { limits, memory })
      deaf(peer)
      const count = fill(ws)
      const texts = ["a", "b", "c", "d", "e", "f"]
      const waiting = yield* Effect.forEach(texts, (text, n) =>
        Effect.fork(n % 2 === 0 ? ws.send(text) : ws.sendStream("text", Stream.make(text)))
      )
      yield* turns()
      yield* ws.pong(utf8("!"))
      peer.resume()
      for (const fiber of waiting) yield* Fiber.join<void, SendError>(fiber)
      yield* peer.until(count + 10)
      expect(peer.briefs.slice(count)).toEqual([
        "pong 21",
        "text a",
        "text- b",
        "more",
        "text c",
        "text- d",
        "more",
        "text e",
        "text- f",
        "more"
      ])
    })

    test("B04: a Close goes behind what was sent and ahead of what waits: that fails with Closing", function* () {
      const { peer, ws } = yield* open(role, { limits, memory })
      deaf(peer)
      const count = fill(ws)
      const waiting = yield* Effect.forEach(
        [ws.send("a"), ws.send("b"), ws.sendStream("text", Stream.make("c"))],
        (each) => Effect.fork(Effect.flip(each))
      )
      yield* turns()
      const closing = yield* Effect.fork(ws.close(1000))
      for (const fiber of waiting) expect((yield* Fiber.join(fiber)).reason).toEqual({ _tag: "Closing" })
      for (const late of [
        ws.send("x"),
        ws.sendAll(["x"]),
        ws.pong(),
        ws.ping(),
        ws.sendStream("text", Stream.make("x"))
      ]) {
        expect(yield* Effect.flip<unknown, unknown, never>(late)).toMatchObject({ reason: { _tag: "Closing" } })
      }
      expect(ws.unsafeSend("x")).toBe(false)
      yield* ws.sendAll([])
      peer.resume()
      yield* peer.until(count + 1)
      peer.close()
      yield* Fiber.join(closing)
      expect(peer.briefs.at(-1)).toBe("close 1000")
      expect(peer.frames.length).toBe(count + 1)
    })

    test("a lost connection: sends that wait fail with Closed and its failure", function* () {
      const { peer, ws } = yield* open(role, { limits, memory })
      deaf(peer)
      fill(ws)
      const waiting = yield* Effect.forEach([ws.send("a"), ws.send(octets(2000))], (each) =>
        Effect.fork(Effect.flip(each))
      )
      yield* turns()
      yield* peer.duplex.abort
      const failure = yield* Effect.flip(ws.receive)
      expect(failure).toMatchObject({ _tag: "TransportError", reason: { _tag: "Reset" } })
      for (const fiber of waiting) {
        const error = yield* Fiber.join(fiber)
        expect(error.reason).toEqual({ _tag: "Closed", failure })
        expect(error.message).toBe("the connection has ended: the peer reset the connection")
      }
    })
  })

  describe(`between any two steps of a send that waits: a ${role}`, () => {
    const step = (n: number, change: "drain" | "end" | "interrupt") =>
      Effect.gen(function* () {
        const { at, peer, ws } = yield* open(role, { limits, memory })
        deaf(peer)
        const count = fill(ws)
        let fiber: Fiber.RuntimeFiber<void, SendError> | undefined
        const happen = () => {
          if (change === "drain") peer.resume()
          else if (change === "end") at.fail(new TransportError({ reason: { _tag: "Reset" } }))
          else fiber?.unsafeInterruptAsFork(fiber.id())
        }
        fiber = yield* Effect.fork(yieldAt(ws.send("waits"), n, happen))
        yield* turns(3)
        happen()
        yield* until(() => fiber !== undefined && Option.isSome(Effect.runSync(Fiber.poll(fiber))), `step ${n}`)
        peer.resume()
        yield* turns()
        return { exit: yield* Fiber.await(fiber), briefs: peer.briefs.slice(count), ws }
      })

    test("room is made: it is sent, once", function* () {
      for (let n = 1; n < 40; n++) {
        expect((yield* step(n, "drain")).briefs).toEqual(["text waits"])
      }
    })

    test("the connection ends: Closed", function* () {
      for (let n = 1; n < 40; n++) {
        const { exit } = yield* step(n, "end")
        expect(yield* Effect.flip(exit)).toMatchObject({ reason: { _tag: "Closed" } })
      }
    })

    test("it is interrupted: sent or not, and the next one is", function* () {
      for (let n = 1; n < 40; n++) {
        const { briefs, exit, ws } = yield* step(n, "interrupt")
        expect(exit._tag).toBe("Failure")
        expect(["", "text waits"]).toContain(briefs.join())
        expect(ws.unsafeSend("next")).toBe(true)
      }
    })
  })

  describe(`sendStream, PARITY MW-02: a ${role}`, () => {
    test("a fragment for each chunk of the body; what is empty sends none; an empty one ends it", function* () {
      const { peer, ws } = yield* open(role)
      yield* ws.sendStream("text", Stream.make("Hel", "", utf8("lo")))
      yield* ws.sendStream("binary", Stream.make("é", octets(2)))
      yield* ws.sendStream("binary", Stream.empty)
      yield* ws.sendStream("text", Stream.make("", ""))
      yield* peer.until(8)
      expect(peer.briefs).toEqual([
        "text- Hel",
        "more- lo",
        "more",
        "binary- c3a9",
        `more- ${String.fromCharCode(0, 7)}`,
        "more",
        "binary",
        "text"
      ])
    })

    test("code points, also surrogate pairs, may be cut anywhere", function* () {
      const { peer, ws } = yield* open(role)
      const smile = "😀"
      yield* ws.sendStream(
        "text",
        Stream.make("a\ud83d", "\ude00b", utf8(smile).subarray(0, 1), utf8(smile).subarray(1))
      )
      yield* ws.sendStream("text", Stream.make("a\ud83d"))
      yield* ws.sendStream("text", Stream.make("a\ud83d", "b"))
      const texts = () => {
        let text = Buffer.alloc(0)
        return peer.frames.flatMap(({ fin, payload }) => {
          text = Buffer.concat([text, payload])
          if (!fin) return []
          const whole = text.toString()
          text = Buffer.alloc(0)
          return [whole]
        })
      }
      yield* until(() => texts().length === 3)
      expect(texts()).toEqual(["a😀b😀", "a�", "a�b"])
    })

    test("memory O(chunk): the body is not pulled while the peer does not read; long chunks are cut", function* () {
      const { peer, ws } = yield* open(role, { limits, memory })
      deaf(peer)
      let pulled = 0
      const body = Stream.map(Stream.rechunk(Stream.range(1, 100), 1), () => {
        pulled++
        return octets(1200)
      })
      const sending = yield* Effect.fork(ws.sendStream("binary", body))
      yield* turns()
      expect(pulled).toBeLessThan(3)
      peer.resume()
      yield* Fiber.join(sending)
      yield* peer.until(301)
      expect(Math.max(...peer.frames.map(({ payload }) => payload.length))).toBe(500)
      expect(concat(...peer.frames.map(({ payload }) => payload)).length).toBe(120_000)
    })

    test("§5.4: nothing is sent between its fragments but control frames, also while the body is silent", function* () {
      const { peer, ws } = yield* open(role)
      let isReady = false
      const rest = Effect.as(
        until(() => isReady),
        "lo"
      )
      const sending = yield* Effect.fork(
        ws.sendStream("text", Stream.concat(Stream.make("Hel"), Stream.fromEffect(rest)))
      )
      yield* peer.until(1)
      expect(ws.unsafeSend("x")).toBe(false)
      expect((yield* Effect.flip(ws.send("x", { whenFull: "fail" }))).reason._tag).toBe("QueueFull")
      const next = yield* Effect.fork(ws.send("next"))
      yield* ws.pong()
      yield* peer.until(2)
      isReady = true
      yield* Fiber.join(sending)
      yield* Fiber.join(next)
      yield* peer.until(5)
      expect(peer.briefs).toEqual(["text- Hel", "pong", "more- lo", "more", "text next"])
      expect(ws.unsafeSend("x")).toBe(true)
    })

    test("A30: a body that fails after the first fragment: 1011, and its cause is kept", function* () {
      const { peer, ws } = yield* open(role)
      const body = Stream.concat(Stream.make("Hel"), Stream.fail("the application's"))
      expect(yield* Effect.flip(ws.sendStream("text", body))).toBe("the application's")
      yield* peer.until(2)
      expect(peer.briefs).toEqual(["text- Hel", "close 1011 a message was not finished"])
      peer.close(1011)
      expect(yield* ws.closed).toMatchObject({ initiator: "local", clean: true })
    })

    test("a body that fails, or dies, before the first fragment harms nothing", function* () {
      const { peer, ws } = yield* open(role)
      expect(yield* Effect.flip(ws.sendStream("text", Stream.concat(Stream.make(""), Stream.fail("no"))))).toBe("no")
      expect((yield* Effect.exit(ws.sendStream("text", Stream.die("no"))))._tag).toBe("Failure")
      yield* ws.send("fine")
      yield* peer.until(1)
      expect(peer.briefs).toEqual(["text fine"])
    })

    test("A26: interrupted after the first fragment: 1011; the peer never gets the message as whole", function* () {
      const { peer, ws } = yield* open(role)
      const sending = yield* Effect.fork(ws.sendStream("text", Stream.concat(Stream.make("Hel"), Stream.never)))
      yield* peer.until(1)
      yield* Fiber.interrupt(sending)
      yield* peer.until(2)
      expect(peer.briefs).toEqual(["text- Hel", "close 1011 a message was not finished"])
    })

    test("A26: a long send, interrupted between its fragments, the same", function* () {
      const { peer, ws } = yield* open(role, { limits, memory })
      deaf(peer)
      const sending = yield* Effect.fork(ws.send(octets(5000)))
      yield* turns()
      yield* Fiber.interrupt(sending)
      peer.resume()
      yield* until(() => peer.briefs.at(-1)?.startsWith("close") === true)
      expect(peer.frames.slice(0, -1).some(({ fin }) => fin)).toBe(false)
      expect(peer.briefs.at(-1)).toBe("close 1011 a message was not finished")
    })

    test("interrupted before the first fragment: nothing was sent, the next one is", function* () {
      const { peer, ws } = yield* open(role, { limits, memory })
      deaf(peer)
      const count = fill(ws)
      const waiting = yield* Effect.forEach(
        [ws.send("a"), ws.send(octets(5000)), ws.sendStream("text", Stream.make("c")), ws.sendAll(["d", "e"])],
        (each) => Effect.fork(each)
      )
      yield* turns()
      for (const fiber of waiting) yield* Fiber.interrupt(fiber)
      peer.resume()
      yield* ws.send("next")
      yield* peer.until(count + 1)
      yield* turns()
      expect(peer.briefs.slice(count)).toEqual(["text next"])
    })

    test("§8.1: BadText in the middle, and at the end in the middle of a character: 1011", function* () {
      for (const body of [Stream.make("a", hex("c328")), Stream.make(utf8("a"), hex("c3"))]) {
        const { peer, ws } = yield* open(role)
        expect(yield* Effect.flip(ws.sendStream("text", body))).toMatchObject({ reason: { _tag: "BadText" } })
        yield* until(() => peer.briefs.at(-1)?.startsWith("close 1011") === true)
      }
      const { peer, ws } = yield* open(role)
      expect(yield* Effect.flip(ws.sendStream("text", Stream.make(hex("ff"))))).toMatchObject({
        reason: { _tag: "BadText" }
      })
      expect(yield* Effect.flip(ws.sendStream("text", Stream.make("\ud83d", hex("ff"))))).toMatchObject({
        _tag: "SendError"
      })
      yield* ws.send("fine")
      yield* peer.until(1)
      expect(peer.briefs).toEqual(["text fine"])
    })

    test("the peer's Close in the middle of it: Closed, and the body is given up", function* () {
      const { peer, ws } = yield* open(role)
      let isOver = false
      const body = Stream.ensuring(
        Stream.concat(Stream.make("a"), Stream.repeatEffect(Effect.as(turns(1), "b"))),
        Effect.sync(() => {
          isOver = true
        })
      )
      const sending = yield* Effect.fork(Effect.flip(ws.sendStream("text", body)))
      yield* peer.until(2)
      peer.close(1001)
      expect((yield* Fiber.join(sending)).reason).toMatchObject({ _tag: "Closed", failure: { _tag: "Closed" } })
      expect(isOver).toBe(true)
      expect(peer.frames.filter(({ opcode }) => opcode === 8).map(brief)).toEqual(["close 1001"])
    })
  })
}

for (const role of roles) {
  describe(`RFC 7692 §6.1, §7.2.1: sends with a compressor: a ${role}`, () => {
    const kib = 1024
    const shape = ({ fin, opcode, rsv }: Seen) =>
      `${brief({ fin, opcode, payload: new Uint8Array(0), rsv, key: "" })} ${rsv}`
    const opened = (calls: Calls, rest: OpenOptions = {}) => open(role, { ...rest, compression: pausing(1e9, calls) })

    test("steps: a whole message ends at once; each part of a stream can be inflated at once, and then comes its end", function* () {
      const calls = new Calls()
      const { peer, ws } = yield* opened(calls)
      yield* ws.send("Hello")
      yield* ws.sendAll([octets(3), ""])
      expect(ws.unsafeSend("abc")).toBe(true)
      yield* ws.sendStream("text", Stream.make("He", "", "llo"))
      yield* ws.sendStream("binary", Stream.empty)
      yield* ws.send("not", { compress: false })
      expect(calls.deflated.splice(0)).toEqual([
        ...[5, 3, 0, 3].map((size) => [size, "end"]),
        ...[
          [2, "flush"],
          [3, "flush"],
          [0, "end"]
        ],
        [0, "end"]
      ])
      yield* peer.until(9)
      expect(peer.frames.map(shape)).toEqual([
        ...["text 4", "binary 4", "text 4", "text 4"],
        ...["text- 4", "more- 0", "more 0"],
        ...["binary 4", "text 0"]
      ])
      expect(Buffer.from(peer.frames[0]!.payload).toString()).toBe("Hello\0")
    })

    test("P-25: a long message is compressed in parts; no fragment is longer than fragmentSize, RSV1 is on the first alone", function* () {
      for (const fragmentSize of [8, 1000, 64 * kib, Infinity]) {
        const calls = new Calls()
        const { peer, ws } = yield* opened(calls, { limits: { fragmentSize } })
        const message = octets(fragmentSize === 8 ? 50 : 100 * kib)
        yield* ws.send(message)
        yield* until(() => peer.frames.at(-1)?.fin === true)
        const { frames } = peer
        const part = Math.min(fragmentSize, 32 * kib)
        const [steps, sizes] = [calls.deflated.map(([, step]) => step), calls.deflated.map(([size]) => size)]
        expect(steps).toEqual([...sizes.slice(1).map(() => "more"), "end"])
        expect(sizes.slice(0, -1).filter((size) => size !== part)).toEqual([])
        expect(Buffer.compare(concat(...frames.map(({ payload }) => payload)), deflated(message))).toBe(0)
        expect(frames.filter(({ payload }) => payload.length > fragmentSize)).toEqual([])
        expect(frames.map(({ opcode, rsv }) => `${opcode} ${rsv}`)).toEqual(
          frames.map((_, at) => (at === 0 ? "2 4" : "0 0"))
        )
      }
    })

    test("each part of a long message has a turn of the event loop for itself; Pings get in between", function* () {
      for (const message of [octets(300 * kib), "€".repeat(100 * kib)]) {
        const calls = new Calls()
        const { peer, ws } = yield* opened(calls)
        const sending = yield* Effect.fork(ws.send(message))
        for (let before = 0; calls.deflated.at(-1)?.[1] !== "end"; before = calls.deflated.length) {
          expect(calls.deflated.length - before).toBeLessThanOrEqual(1)
          yield* turns(0)
        }
        expect(calls.deflated.length).toBeGreaterThan(8)
        yield* Fiber.join(sending)
        const again = yield* Effect.fork(ws.send(message))
        yield* turns(3)
        peer.send(9, "?")
        yield* Fiber.join(again)
        yield* until(() => peer.frames.filter(({ fin, opcode }) => fin && opcode !== 10).length === 2)
        const names = peer.frames.map(shape)
        const [pong, last] = [names.indexOf("pong 0"), names.lastIndexOf("more 0")]
        expect([pong > names.indexOf("more 0"), pong < last]).toEqual([true, true])
      }
    })

    test("whole messages: so much is compressed before a turn; unsafeSend says no, and goes on by itself", function* () {
      const calls = new Calls()
      const { ws } = yield* opened(calls, { limits: { highWaterMark: 1e9, fragmentSize: 1e9 } })
      expect(ws.unsafeSend(octets(64 * kib + 1))).toBe(false)
      const flood = () => {
        let count = 0
        while (ws.unsafeSend(octets(4 * kib))) count++
        return count
      }
      const counts = [flood()]
      for (let round = 0; round < 3; round++) {
        yield* turns(0)
        counts.push(flood())
      }
      expect(counts).toEqual([32, 32, 32, 32])
      yield* ws.sendAll(Array.from({ length: 40 }, () => octets(4 * kib)))
      expect(calls.deflated.length).toBe(128 + 40)
    })

    test("A26: interrupted between its parts: 1011; what waits behind it, and no compressor, is asked any more", function* () {
      const calls = new Calls()
      const { peer, ws } = yield* opened(calls)
      const sending = yield* Effect.fork(ws.send(octets(300 * kib)))
      const behind = yield* Effect.fork(Effect.flip(ws.send("behind")))
      yield* turns(2)
      yield* Fiber.interrupt(sending)
      expect((yield* Fiber.join(behind)).reason._tag).toBe("Closing")
      const parts = calls.deflated.length
      yield* turns()
      expect(calls.deflated.length).toBe(parts)
      expect([parts > 0, parts < 10]).toEqual([true, true])
      expect(peer.briefs.at(-1)).toBe("close 1011 a message was not finished")
    })
  })

  describe(`RFC 6455 §5.6, §8.1: long octets sent as text: a ${role}`, () => {
    const size = 256 * 1024
    const text = { kind: "text" } as const
    /** So many octets of UTF-8, whose characters of three octets the limits of the parts cut. */
    const euros = (length: number, first: number) =>
      concat(utf8("x".repeat(first)), utf8("€".repeat(Math.ceil(length / 3))))

    test("characters may lie on the limits of the parts in which it is checked; each part has a turn", function* () {
      for (const first of [0, 1, 2]) {
        const { peer, ws } = yield* open(role)
        const octets = euros(2 * size, first)
        const sending = yield* Effect.fork(ws.send(octets, text))
        yield* turns(0)
        expect(peer.frames).toEqual([])
        yield* Fiber.join(sending)
        yield* until(() => peer.frames.at(-1)?.fin === true)
        expect(Buffer.compare(concat(...peer.frames.map(({ payload }) => payload)), octets)).toBe(0)
        expect([...new Set(peer.frames.map(({ opcode }) => opcode))]).toEqual([1, 0])
      }
    })

    test("what is no UTF-8, wherever it is, is BadText before anything is sent; the next message is", function* () {
      const { peer, ws } = yield* open(role)
      const good = euros(2 * size, 0)
      const end = good.length
      for (const at of [0, size - 1, size, size + 1, 2 * size, end - 1]) {
        const bad = good.slice()
        bad[at] = 0xff
        expect((yield* Effect.flip(ws.send(bad, text))).reason).toEqual({ _tag: "BadText" })
      }
      for (const cut of [1, 2]) {
        expect((yield* Effect.flip(ws.send(good.subarray(0, end - cut), text))).reason).toEqual({ _tag: "BadText" })
      }
      yield* ws.send("next")
      yield* peer.until(1)
      expect(peer.briefs).toEqual(["text next"])
    })
  })
}
