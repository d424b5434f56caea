import { describe, expect } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { Duplex } from "../../src/Transport.js"
import type { ControlFrame, Message } from "../../src/WebSocket.js"
import { test, turns } from "../support/leavesNothing.js"
import { deflated, pausing } from "../support/pausing.js"
import { concat, frame, octets, open, other, roles, until, utf8 } from "../support/peer.js"
import { yieldAt } from "../support/yieldAt.js"

/** A transport that delivers one chunk more after it was paused, as the contract allows. */
const sluggish = (lower: Duplex): Duplex => ({
  ...lower,
  unsafeReceive: (onOctets, onEnd) => {
    let isPaused = false
    const flow = lower.unsafeReceive((chunk) => {
      const isLast = isPaused
      onOctets(chunk)
      if (isLast && isPaused) flow.pause()
    }, onEnd)
    return {
      pause: () => {
        isPaused = true
      },
      resume: () => {
        isPaused = false
        flow.resume()
      }
    }
  }
})

for (const role of roles) {
  const peerRole = other(role)
  describe(`MR-01 pull, receive: a ${role}`, () => {
    test("pull: everything that has arrived, in order, as one batch", function* () {
      const { peer, ws } = yield* open(role)
      peer.write(frame(peerRole, 1, "a"), frame(peerRole, 2, octets(3)), frame(peerRole, 1, ""), frame(peerRole, 2))
      yield* turns()
      expect(yield* ws.pull).toEqual(["a", octets(3), "", new Uint8Array(0)])
      const parked = yield* Effect.fork(ws.pull)
      yield* turns()
      peer.write(frame(peerRole, 1, "b"), frame(peerRole, 1, "c"))
      expect(yield* Fiber.join(parked)).toEqual(["b", "c"])
    })

    test("receive: one by one; pull gives the rest", function* () {
      const { peer, ws } = yield* open(role)
      peer.write(...["a", "b", "c", "d"].map((text) => frame(peerRole, 1, text)))
      expect([yield* ws.receive, yield* ws.receive]).toEqual(["a", "b"])
      expect(yield* ws.pull).toEqual(["c", "d"])
    })

    test("§5.4: a fragmented message is one message, with control frames in between", function* () {
      const { peer, ws } = yield* open(role)
      peer.send(1, "Hel", { fin: false })
      peer.send(9, "?")
      peer.send(0, "", { fin: false })
      peer.send(0, "lo")
      expect(yield* ws.receive).toBe("Hello")
      yield* peer.until(1)
      expect(peer.briefs).toEqual(["pong 3f"])
    })

    test("PARITY MR-17: whole messages come before the Close frame; one that it cuts is none, and no error", function* () {
      const { peer, ws } = yield* open(role)
      const parked = yield* Effect.fork(ws.pull)
      yield* turns()
      peer.write(frame(peerRole, 1, "a"), frame(peerRole, 1, "b"), frame(peerRole, 1, "c", { fin: false }))
      peer.close(4000)
      expect(yield* Fiber.join(parked)).toEqual(["a", "b"])
      const error = yield* Effect.flip(ws.pull)
      expect(error).toMatchObject({ _tag: "Closed", closure: { initiator: "remote", clean: true } })
      expect((yield* ws.closed).received).toEqual(Option.some({ code: 4000, reason: "" }))
    })

    test("CC-01: several fibers that receive: each message goes to one of them", function* () {
      const { peer, ws } = yield* open(role)
      const got: Array<Message> = []
      const receiving = Effect.map(ws.receive, (message) => got.push(message))
      const fibers = yield* Effect.replicateEffect(Effect.fork(receiving), 10)
      yield* turns()
      for (let n = 0; n < 10; n++) peer.send(1, `${n}`)
      yield* Fiber.joinAll(fibers)
      expect(got.sort()).toEqual(Array.from({ length: 10 }, (_, n) => `${n}`))
    })

    test("A28: interrupted while parked, neither a message nor half of one is lost", function* () {
      const { peer, ws } = yield* open(role)
      for (const wait of [ws.pull, ws.receive, ws.receiveStream, ws.run(() => {})]) {
        for (const cut of wait === ws.receiveStream ? [0, 1] : [0, 1, 5]) {
          const whole = frame(peerRole, 1, "Hello")
          const fiber = yield* Effect.fork(wait)
          yield* turns(2)
          peer.write(whole.subarray(0, cut))
          yield* turns(2)
          yield* Fiber.interrupt(fiber)
          peer.write(whole.subarray(cut))
          expect(yield* ws.receive).toBe("Hello")
        }
      }
    })

    test("A28: woken and interrupted in the same turn, it has lost nothing", function* () {
      const { at, ws } = yield* open(role)
      const [one, two] = [frame(peerRole, 1, "one"), frame(peerRole, 2, octets(3))]
      for (const wait of [ws.pull, ws.receive, ws.receiveStream, ws.run(() => {})]) {
        for (const first of [0, 1, one.length - 1, one.length, one.length + 4, one.length + two.length]) {
          const fiber = yield* Effect.fork(wait)
          yield* turns(2)
          const all = concat(one, two)
          at.deliver(all.slice(0, first))
          fiber.unsafeInterruptAsFork(fiber.id())
          yield* Fiber.await(fiber)
          at.deliver(all.slice(first))
          expect([yield* ws.receive, yield* ws.receive]).toEqual(["one", octets(3)])
        }
      }
    })

    test("A28: interrupted between any two steps, it has delivered the message or left it", function* () {
      for (const name of ["pull", "receive", "receiveStream"] as const) {
        for (let step = 1; step < 16; step++) {
          const { at, ws } = yield* open(role)
          at.deliver(frame(peerRole, 1, "Hello"))
          let fiber: Fiber.RuntimeFiber<unknown, unknown> | undefined
          let isDelivered = false
          const wait = Effect.flatMap<unknown, unknown, never, void, never, never>(ws[name], () => {
            isDelivered = true
            return Effect.void
          })
          const interrupt = () => fiber?.unsafeInterruptAsFork(fiber.id())
          fiber = yield* Effect.fork(yieldAt(wait, step, interrupt))
          yield* Fiber.await(fiber)
          at.deliver(frame(peerRole, 1, "next"))
          expect(yield* ws.receive, `${name}, step ${step}`).toBe(isDelivered ? "next" : "Hello")
        }
      }
    })

    test("another fiber that is quicker between any two steps: the next message, or what ended the connection", function* () {
      for (const name of ["pull", "receive", "receiveStream"] as const) {
        for (let step = 1; step < 16; step++) {
          const { at, ws } = yield* open(role)
          at.deliver(frame(peerRole, 1, "Hello"))
          const wait: Effect.Effect<unknown, unknown> = ws[name]
          const fiber = yield* Effect.fork(yieldAt(wait, step, () => Effect.runFork(ws.pull)))
          yield* turns(3)
          at.deliver(frame(peerRole, 1, "next"))
          yield* Fiber.join(fiber)
          const last = yield* Effect.fork(Effect.flip(yieldAt(wait, step, () => at.deliver(frame(peerRole, 8)))))
          yield* turns(3)
          at.deliver(frame(peerRole, 8))
          if ((yield* Fiber.await(last))._tag === "Success") {
            expect((yield* Fiber.join(last)) as object).toMatchObject({ _tag: "Closed" })
          }
        }
      }
    })

    test("a message is the application's own: neither later octets nor the peer's alter it", function* () {
      const { peer, ws } = yield* open(role)
      const large = octets(30_000)
      const small = octets(100)
      peer.write(frame(peerRole, 2, small), frame(peerRole, 2, large))
      const [first, second] = [yield* ws.receive, yield* ws.receive]
      for (let n = 0; n < 20; n++) peer.send(2, octets(30_000, n))
      yield* turns()
      expect([first, second]).toEqual([small, large])
    })
  })

  describe(`PARITY MR-01 run and messages: a ${role}`, () => {
    test("run: in order, one at a time; what the handler returns is awaited", function* () {
      const { peer, ws } = yield* open(role)
      const log: Array<string> = []
      const fiber = yield* Effect.fork(
        ws.run((message) => {
          log.push(`begin ${message}`)
          return message === "sync" ? undefined : Effect.map(turns(3), () => log.push(`end ${message}`))
        })
      )
      peer.write(...["a", "sync", "b"].map((text) => frame(peerRole, 1, text)))
      peer.close()
      yield* Fiber.join(fiber)
      expect(log).toEqual(["begin a", "end a", "begin sync", "begin b", "end b"])
    })

    test("run: a failure, or a defect, of the handler ends it; the connection and the next messages stay", function* () {
      const { peer, ws } = yield* open(role)
      peer.write(...["a", "b", "c", "d"].map((text) => frame(peerRole, 1, text)))
      expect(yield* Effect.flip(ws.run(() => Effect.fail("no")))).toBe("no")
      const throwing = () => {
        throw new Error("defect")
      }
      expect((yield* Effect.exit(ws.run(throwing)))._tag).toBe("Failure")
      expect((yield* Effect.exit(ws.run(() => Effect.interrupt)))._tag).toBe("Failure")
      expect(yield* ws.receive).toBe("d")
      expect(ws.unsafeSend("open")).toBe(true)
    })

    test("run: a Closed that is not of this connection is a failure of the handler", function* () {
      const { peer, ws } = yield* open(role)
      const another = yield* open(role)
      another.peer.close()
      peer.send(1, "a")
      expect(yield* Effect.flip(ws.run(() => another.ws.receive))).toMatchObject({ _tag: "Closed" })
    })

    for (const [name, end] of [
      ["a clean close ends it normally", true],
      ["a lost connection is its failure", false]
    ] as const) {
      test(`run and messages: ${name}`, function* () {
        const { peer, ws } = yield* open(role)
        const run = yield* Effect.fork(Effect.either(ws.run(() => {})))
        yield* turns()
        peer.send(1, "a")
        yield* turns()
        const stream = yield* Effect.fork(Effect.either(Stream.runCollect(ws.messages)))
        yield* turns()
        peer.write(frame(peerRole, 1, "b"))
        if (end) peer.close()
        else yield* peer.duplex.abort
        const results = [yield* Fiber.join(run), yield* Fiber.join(stream)]
        expect(results.map(({ _tag }) => _tag)).toEqual(end ? ["Right", "Right"] : ["Left", "Left"])
      })
    }

    test("messages: a chunk for each batch; taking a few of one loses only what was in the batch", function* () {
      const { peer, ws } = yield* open(role)
      peer.write(...["a", "b", "c"].map((text) => frame(peerRole, 1, text)))
      yield* turns()
      const chunks = yield* Effect.fork(Stream.runCollect(Stream.chunks(ws.messages)))
      yield* turns()
      peer.write(frame(peerRole, 1, "d"))
      yield* turns()
      peer.close()
      const sizes = Chunk.toReadonlyArray(yield* Fiber.join(chunks)).map((chunk) => Chunk.toReadonlyArray(chunk))
      expect(sizes).toEqual([["a", "b", "c"], ["d"]])
    })
  })

  describe(`Back-pressure inwards (MR-12, B05): a ${role}`, () => {
    test("nothing is read beyond readAhead while nobody pulls; then everything arrives, in order", function* () {
      const { peer, ws } = yield* open(role, { limits: { readAhead: 1000 }, memory: { capacity: 0 } })
      const sent = Array.from({ length: 100 }, (_, n) => octets(100, n))
      for (const message of sent) peer.send(2, message)
      const all = sent.reduce((sum, message) => sum + frame(peerRole, 2, message).length, 0)
      yield* turns()
      const taken = all - peer.duplex.unsafeBuffered()
      expect(taken).toBe(8 * frame(peerRole, 2, octets(100)).length)
      yield* turns()
      expect(all - peer.duplex.unsafeBuffered()).toBe(taken)
      for (const message of sent) expect(yield* ws.receive).toEqual(message)
      expect(peer.duplex.unsafeBuffered()).toBe(0)
    })

    test("Pings are answered, a Pong and a Close are seen, while nobody pulls", function* () {
      const { peer, ws } = yield* open(role)
      peer.send(1, "not asked for")
      peer.send(9, "1")
      yield* peer.until(1)
      const ping = yield* Effect.fork(ws.ping(utf8("2")))
      yield* peer.until(2)
      peer.send(10, "2")
      yield* Fiber.join(ping)
      peer.close(3333)
      expect((yield* ws.closed).received).toMatchObject(Option.some({ code: 3333 }))
      expect(peer.briefs).toEqual(["pong 31", "ping 32", "close 3333"])
      expect(yield* ws.receive).toBe("not asked for")
    })

    test("above readAhead the rest is not seen, until half of it was taken", function* () {
      // A message counts 32 besides its octets: 7 of 30 are more than 400, and 3 of them less than 200.
      const { peer, ws } = yield* open(role, { limits: { readAhead: 400 } })
      for (let n = 0; n < 7; n++) peer.send(2, octets(30, n))
      peer.send(9, "?")
      yield* turns()
      for (let n = 0; n < 4; n++) {
        yield* turns()
        expect(peer.frames).toEqual([])
        expect(yield* ws.receive).toEqual(octets(30, n))
      }
      yield* peer.until(1)
    })

    test("readAhead 0: a message is read ahead, and no more", function* () {
      const { peer, ws } = yield* open(role, { limits: { readAhead: 0 }, memory: { capacity: 0 } })
      for (const text of ["a", "b", "c"]) peer.send(1, text)
      yield* turns()
      expect(peer.duplex.unsafeBuffered()).toBe(2 * frame(peerRole, 1, "a").length)
      expect([yield* ws.receive, yield* ws.receive, yield* ws.receive]).toEqual(["a", "b", "c"])
    })

    test("run gives room as it goes; a close reads on whatever is held", function* () {
      const { peer, ws } = yield* open(role, { limits: { readAhead: 10 } })
      let count = 0
      const run = yield* Effect.fork(ws.run(() => void count++))
      for (let n = 0; n < 50; n++) peer.send(2, octets(100))
      yield* until(() => count === 50)
      yield* Fiber.interrupt(run)
      for (let n = 0; n < 50; n++) peer.send(2, octets(100))
      yield* turns()
      const closing = yield* Effect.fork(ws.close())
      peer.close()
      expect((yield* Fiber.join(closing)).clean).toBe(true)
    })
  })

  describe(`MR-04 receiveStream: a ${role}`, () => {
    const collected = (body: Stream.Stream<Uint8Array, unknown>) =>
      Effect.map(Stream.runCollect(body), (chunk) => concat(...chunk))

    test("pieces as they arrive, before the frame has ended; maxMessageSize does not apply", function* () {
      const { peer, ws } = yield* open(role, { limits: { maxMessageSize: 10 } })
      const whole = frame(peerRole, 2, octets(1000))
      const waiting = yield* Effect.fork(ws.receiveStream)
      yield* turns()
      peer.write(whole.subarray(0, 100))
      const { body, kind } = yield* Fiber.join(waiting)
      expect(kind).toBe("binary")
      const pieces: Array<Uint8Array> = []
      const taking = yield* Effect.fork(Stream.runForEach(body, (piece) => Effect.sync(() => pieces.push(piece))))
      yield* until(() => pieces.length === 1)
      peer.write(whole.subarray(100, 500))
      yield* until(() => pieces.length === 2)
      peer.write(whole.subarray(500))
      yield* Fiber.join(taking)
      expect(concat(...pieces)).toEqual(octets(1000))
      peer.send(1, "next")
      expect(yield* ws.receive).toBe("next")
    })

    test("PARITY MR-04: a message is echoed piece by piece, of its kind, before it has ended", function* () {
      const { peer, ws } = yield* open(role, { limits: { maxMessageSize: 10 } })
      const echo = Effect.flatMap(ws.receiveStream, ({ body, kind }) => ws.sendStream(kind, body))
      const echoing = yield* Effect.fork(Effect.forever(echo))
      yield* turns()
      peer.send(1, "Hello, ", { fin: false })
      yield* peer.until(1)
      expect(peer.briefs).toEqual(["text- Hello, "])
      peer.send(9)
      peer.send(0, "wörld and all")
      yield* peer.until(4)
      peer.send(2, octets(100))
      yield* peer.until(6)
      expect(peer.briefs.slice(1, 4)).toEqual(["pong", "more- wörld and all", "more"])
      expect(peer.frames.slice(4).map(({ opcode, payload }) => [opcode, payload.length])).toEqual([
        [2, 100],
        [0, 0]
      ])
      yield* Fiber.interrupt(echoing)
    })

    test("whole messages that wait already come first, also empty ones", function* () {
      const { peer, ws } = yield* open(role)
      peer.write(frame(peerRole, 1, "Höh"), frame(peerRole, 2), frame(peerRole, 2, octets(5)))
      yield* turns()
      const all = yield* Effect.replicateEffect(
        Effect.flatMap(ws.receiveStream, ({ body, kind }) => Effect.map(collected(body), (octets) => [kind, octets])),
        3
      )
      expect(all).toEqual([
        ["text", utf8("Höh")],
        ["binary", new Uint8Array(0)],
        ["binary", octets(5)]
      ])
    })

    test("a message that has begun to arrive is taken over with what there is of it", function* () {
      const { peer, ws } = yield* open(role)
      peer.send(1, "Hel", { fin: false })
      yield* turns()
      const { body, kind } = yield* ws.receiveStream
      peer.send(0, "lo")
      expect([kind, yield* collected(body)]).toEqual(["text", utf8("Hello")])
    })

    test("§8.1: text in pieces is checked: 1007, and the body fails with it", function* () {
      const { peer, ws } = yield* open(role)
      const waiting = yield* Effect.fork(ws.receiveStream)
      yield* turns()
      peer.send(1, "good", { fin: false })
      const { body } = yield* Fiber.join(waiting)
      peer.send(0, Uint8Array.of(0xff))
      const pieces: Array<Uint8Array> = []
      const error = yield* Effect.flip(Stream.runForEach(body, (piece) => Effect.sync(() => pieces.push(piece))))
      expect(error).toMatchObject({ _tag: "ProtocolError", reason: { _tag: "BadFramePayload" } })
      expect(concat(...pieces)).toEqual(utf8("good"))
    })

    test("an abandoned body is discarded when the next message is asked for, and does not stop reading", function* () {
      for (const taken of [0, 1]) {
        const { peer, ws } = yield* open(role, { limits: { readAhead: 100 } })
        const waiting = yield* Effect.fork(ws.receiveStream)
        yield* turns()
        peer.send(2, octets(200), { fin: false })
        const { body } = yield* Fiber.join(waiting)
        yield* Stream.runDrain(Stream.take(body, taken))
        for (let n = 0; n < 10; n++) peer.send(0, octets(200), { fin: false })
        yield* turns()
        const next = yield* Effect.fork(ws.receive)
        peer.send(0, octets(200))
        peer.send(1, "next")
        expect(yield* Fiber.join(next)).toBe("next")
      }
    })

    test("back-pressure: a body that is not taken stops reading at readAhead", function* () {
      const { peer, ws } = yield* open(role, { limits: { readAhead: 1000 }, memory: { capacity: 0 } })
      const waiting = yield* Effect.fork(ws.receiveStream)
      yield* turns()
      peer.send(2, octets(100), { fin: false })
      const { body } = yield* Fiber.join(waiting)
      for (let n = 0; n < 50; n++) peer.send(0, octets(100, n), { fin: n === 49 })
      yield* turns()
      const unread = peer.duplex.unsafeBuffered()
      expect(unread).toBe(40 * frame(peerRole, 0, octets(100)).length)
      expect((yield* collected(body)).length).toBe(5100)
      expect(peer.duplex.unsafeBuffered()).toBe(0)
    })

    test("two messages in one chunk, for one who waits: the first, and then the second", function* () {
      const { peer, ws } = yield* open(role)
      for (const rest of ["receiveStream", "receive", "pull"] as const) {
        const waiting = yield* Effect.fork(ws.receiveStream)
        yield* turns()
        peer.write(frame(peerRole, 1, "one"), frame(peerRole, 1, "two"), frame(peerRole, 1, "three"))
        const first = yield* Fiber.join(waiting)
        expect(yield* collected(first.body)).toEqual(utf8("one"))
        if (rest === "receiveStream") {
          expect(yield* collected((yield* ws.receiveStream).body)).toEqual(utf8("two"))
          expect(yield* collected((yield* ws.receiveStream).body)).toEqual(utf8("three"))
        } else if (rest === "receive") expect([yield* ws.receive, yield* ws.receive]).toEqual(["two", "three"])
        else expect(yield* ws.pull).toEqual(["two", "three"])
      }
    })

    test("several that wait: each message goes to one of them, whole", function* () {
      const { peer, ws } = yield* open(role)
      const take = Effect.flatMap(ws.receiveStream, ({ body }) => collected(body))
      const fibers = yield* Effect.replicateEffect(Effect.fork(take), 3)
      yield* turns()
      for (const text of ["one", "two", "three"]) peer.send(1, text)
      const all = yield* Effect.forEach(fibers, Fiber.join)
      expect(all.map((octets) => Buffer.from(octets).toString()).sort()).toEqual(["one", "three", "two"])
    })

    test("one large message after the other, whatever the chunks", function* () {
      const { peer, ws } = yield* open(role, { limits: { maxMessageSize: 100, readAhead: 500 } })
      const waiting = yield* Effect.fork(ws.receiveStream)
      yield* turns()
      const all = concat(...[0, 1, 2, 3].map((seed) => frame(peerRole, 2, octets(1000, seed))))
      for (let at = 0; at < all.length; at += 999) peer.write(all.subarray(at, at + 999))
      const first = yield* Fiber.join(waiting)
      expect(yield* collected(first.body)).toEqual(octets(1000, 0))
      for (const seed of [1, 2, 3]) {
        expect(yield* collected((yield* ws.receiveStream).body)).toEqual(octets(1000, seed))
      }
    })

    test("run behind a message in pieces: those that were begun in pieces come whole, in order, also compressed ones", function* () {
      for (const budget of [undefined, 7]) {
        const { peer, ws } = yield* open(role, budget === undefined ? {} : { compression: pausing(budget) })
        const texts = ["the first", "the second", "", "the third, which is cut"]
        const frames = texts.map((text) =>
          budget === undefined ? frame(peerRole, 1, text) : frame(peerRole, 1, deflated(text), { rsv: 4 })
        )
        const all = concat(...frames)
        const waiting = yield* Effect.fork(ws.receiveStream)
        yield* turns()
        peer.write(all.subarray(0, all.length - 9))
        const { body } = yield* Fiber.join(waiting)
        yield* turns()
        const received: Array<Message> = []
        const running = yield* Effect.fork(ws.run((message) => Effect.as(turns(1), received.push(message))))
        yield* turns()
        expect(received).toEqual(["the second", ""])
        peer.write(all.subarray(all.length - 9), frame(peerRole, 1, "last"), frame(peerRole, 8))
        yield* Fiber.join(running)
        expect(received).toEqual([...texts.slice(1), "last"])
        // That one had arrived as a whole.
        expect(yield* collected(body)).toEqual(utf8("the first"))
      }
    })

    test("a message that was begun in pieces and is then wanted whole has the limits of whole ones", function* () {
      for (const unfinished of [0, 1]) {
        const { peer, ws } = yield* open(role, { limits: { maxMessageSize: 100 } })
        const waiting = yield* Effect.fork(ws.receiveStream)
        yield* turns()
        const all = concat(frame(peerRole, 1, "one"), frame(peerRole, 1, "two"), frame(peerRole, 2, octets(101)))
        peer.write(all.subarray(0, all.length - unfinished))
        yield* Fiber.join(waiting)
        expect(yield* ws.receive).toBe("two")
        peer.write(all.subarray(all.length - unfinished))
        expect(yield* Effect.flip(ws.receive)).toMatchObject({ reason: { _tag: "MessageTooBig", limit: 100 } })
        yield* peer.until(1)
        expect(peer.briefs).toEqual(["close 1009 a message is limited to 100 octets here"])
      }
    })

    test("a body that is read after the next message was asked for is a defect, never cut short", function* () {
      const { peer, ws } = yield* open(role)
      const waiting = yield* Effect.fork(ws.receiveStream)
      yield* turns()
      peer.send(2, octets(10), { fin: false })
      const { body } = yield* Fiber.join(waiting)
      const reading = yield* Effect.fork(Effect.exit(collected(body)))
      yield* turns()
      const next = yield* Effect.fork(ws.receive)
      yield* turns()
      peer.write(frame(peerRole, 0, octets(10)), frame(peerRole, 1, "next"))
      expect(yield* Fiber.join(next)).toBe("next")
      for (const exit of [yield* Fiber.join(reading), yield* Effect.exit(collected(body))]) {
        expect(exit._tag === "Failure" && exit.cause._tag).toBe("Die")
      }
    })

    test("interrupted while it waits: the next one has the message, whole or in pieces", function* () {
      const { peer, ws } = yield* open(role)
      for (const again of ["receive", "receiveStream"] as const) {
        const waiting = yield* Effect.fork(ws.receiveStream)
        yield* turns()
        yield* Fiber.interrupt(waiting)
        const whole = frame(peerRole, 1, "Hello")
        peer.write(whole.subarray(0, whole.length - 3))
        yield* turns()
        const stream = Effect.flatMap(ws.receiveStream, ({ body }) => collected(body))
        const fiber = yield* Effect.fork(again === "receive" ? ws.receive : stream)
        yield* turns()
        peer.write(whole.subarray(whole.length - 3))
        expect(yield* Fiber.join(fiber)).toEqual(again === "receive" ? "Hello" : utf8("Hello"))
      }
    })

    test("what was begun in pieces before our Close can be taken; what comes after it cannot", function* () {
      const { peer, ws } = yield* open(role)
      const waiting = yield* Effect.fork(ws.receiveStream)
      yield* turns()
      peer.write(frame(peerRole, 1, "one"), frame(peerRole, 1, "two"), frame(peerRole, 1, "half", { fin: false }))
      yield* Fiber.join(waiting)
      const closing = yield* Effect.fork(ws.close())
      yield* peer.until(1)
      peer.write(frame(peerRole, 0, "other half"), frame(peerRole, 1, "late"))
      peer.close()
      yield* Fiber.join(closing)
      expect(yield* ws.receive).toBe("two")
      expect(yield* Effect.flip(ws.receive)).toMatchObject({ _tag: "Closed" })
    })

    test("the end of the connection in the middle: what arrived first, then the failure", function* () {
      for (const closes of [true, false]) {
        const { peer, ws } = yield* open(role)
        const waiting = yield* Effect.fork(ws.receiveStream)
        yield* turns()
        peer.send(2, octets(10), { fin: false })
        const { body } = yield* Fiber.join(waiting)
        if (closes) peer.close()
        else yield* peer.duplex.end
        const pieces: Array<Uint8Array> = []
        const error = yield* Effect.flip(Stream.runForEach(body, (piece) => Effect.sync(() => pieces.push(piece))))
        // MR-17: a message that was never whole is not whole because of a clean close.
        expect(error._tag).toBe(closes ? "Closed" : "TransportError")
        expect(concat(...pieces)).toEqual(octets(10))
        expect(yield* Effect.flip(ws.receiveStream)).toBe(error)
      }
    })

    test("our own close cuts the body: what is here, and then Closed", function* () {
      const { peer, ws } = yield* open(role)
      const waiting = yield* Effect.fork(ws.receiveStream)
      yield* turns()
      peer.send(2, octets(10), { fin: false })
      const { body } = yield* Fiber.join(waiting)
      yield* turns()
      const closing = yield* Effect.fork(ws.close())
      yield* peer.until(1)
      peer.send(0, octets(10))
      peer.close()
      yield* Fiber.join(closing)
      const pieces: Array<Uint8Array> = []
      const error = yield* Effect.flip(Stream.runForEach(body, (piece) => Effect.sync(() => pieces.push(piece))))
      expect(error._tag).toBe("Closed")
      expect(concat(...pieces)).toEqual(octets(10))
    })

    test("our own close ends a body that somebody waits for, whatever the peer still sends of it", function* () {
      const { peer, ws } = yield* open(role)
      const waiting = yield* Effect.fork(ws.receiveStream)
      yield* turns()
      peer.send(2, octets(10), { fin: false })
      const { body } = yield* Fiber.join(waiting)
      const reading = yield* Effect.fork(Effect.flip(collected(body)))
      yield* turns()
      const closing = yield* Effect.fork(ws.close())
      yield* peer.until(1)
      peer.write(frame(peerRole, 0, octets(10)), frame(peerRole, 1, "another"))
      yield* turns()
      peer.close()
      yield* Fiber.join(closing)
      expect(yield* Fiber.join(reading)).toMatchObject({ _tag: "Closed" })
    })

    test("back-pressure: messages that were begun and not taken count once, and 32 for each", function* () {
      const { peer, ws } = yield* open(role, { limits: { readAhead: 1000 }, memory: { capacity: 0 } })
      const waiting = yield* Effect.fork(ws.receiveStream)
      yield* turns()
      yield* Fiber.interrupt(waiting)
      peer.send(1, "x".repeat(100))
      for (let n = 0; n < 50; n++) peer.send(n === 0 ? 2 : 0, octets(100, n), { fin: n === 49 })
      yield* turns()
      // 132 for the first one, and 32 + 9 * 100 for the second.
      expect(peer.duplex.unsafeBuffered()).toBe(41 * frame(peerRole, 0, octets(100)).length)
      expect(yield* ws.receive).toBe("x".repeat(100))
      expect(((yield* ws.receive) as Uint8Array).length).toBe(5000)
    })

    test("a transport that delivers one chunk after its pause does not stop the connection", function* () {
      const { peer, ws } = yield* open(role, { limits: { readAhead: 100 }, change: sluggish })
      const waiting = yield* Effect.fork(ws.receiveStream)
      yield* turns()
      peer.send(2, octets(200), { fin: false })
      yield* Fiber.join(waiting)
      yield* turns()
      peer.send(0, octets(200))
      peer.send(1, "next")
      yield* turns()
      // The body is never looked at.
      const next = yield* Effect.fork(ws.receive)
      yield* turns()
      expect(yield* Fiber.join(next)).toBe("next")
    })
  })

  describe(`C-04 run with onControl: a ${role}`, () => {
    const written = (seen: Array<unknown>) => ({
      onControl: (frame: ControlFrame) => void seen.push(frame._tag === "Close" ? frame.code : frame._tag)
    })

    test("control frames stand in their place among the messages, the Close last", function* () {
      const { peer, ws } = yield* open(role)
      const seen: Array<unknown> = []
      const running = yield* Effect.fork(ws.run((message) => void seen.push(message), written(seen)))
      yield* turns()
      peer.write(
        frame(peerRole, 1, "a"),
        frame(peerRole, 9, "p"),
        frame(peerRole, 1, "b", { fin: false }),
        frame(peerRole, 10),
        frame(peerRole, 0, "c"),
        frame(peerRole, 8)
      )
      yield* Fiber.join(running)
      expect(seen).toEqual(["a", "Ping", "Pong", "bc", 1005])
      expect(peer.briefs[0]).toBe("pong 70")
    })

    test("they are awaited as messages are, and what fails in them ends the run", function* () {
      const { peer, ws } = yield* open(role)
      const seen: Array<unknown> = []
      const slow = Effect.zipRight(
        turns(),
        Effect.sync(() => void seen.push("pinged"))
      )
      const onControl = (frame: ControlFrame) => (frame._tag === "Ping" ? slow : Effect.fail("no pongs" as const))
      const running = yield* Effect.fork(Effect.flip(ws.run((message) => void seen.push(message), { onControl })))
      yield* turns()
      peer.write(frame(peerRole, 9), frame(peerRole, 1, "a"), frame(peerRole, 10), frame(peerRole, 1, "b"))
      expect(yield* Fiber.join(running)).toBe("no pongs")
      expect(seen).toEqual(["pinged", "a"])
      expect(yield* ws.receive).toBe("b")
    })

    test("PARITY C-07: everything may be called in it, a close for the peer's Close as well", function* () {
      const { peer, ws } = yield* open(role)
      const seen: Array<unknown> = []
      const onControl = (frame: ControlFrame) => {
        if (frame._tag === "Ping") return Effect.zipRight(ws.send("pinged"), ws.pong(utf8("more")))
        if (frame._tag === "Close") return Effect.map(ws.close(3000), ({ initiator }) => void seen.push(initiator))
        return frame.payload.length > 0 ? undefined : Effect.map(ws.ping(utf8("q")), () => void seen.push("answered"))
      }
      const running = yield* Effect.fork(ws.run((message) => ws.send(message), { onControl }))
      yield* turns()
      peer.write(frame(peerRole, 9, "p"), frame(peerRole, 1, "a"), frame(peerRole, 10))
      yield* peer.until(5)
      peer.send(10, "q")
      yield* turns()
      peer.close(4000)
      yield* Fiber.await(running)
      expect(seen).toEqual(["answered", "remote"])
      expect(peer.briefs).toEqual(["pong 70", "text pinged", "pong 6d6f7265", "text a", "ping 71", "close 4000"])
    })

    test("afterwards nobody is told, and what was not taken is not kept", function* () {
      const { peer, ws } = yield* open(role)
      const seen: Array<unknown> = []
      const running = yield* Effect.fork(ws.run(() => Effect.never, written(seen)))
      yield* turns()
      peer.write(frame(peerRole, 1, "a"), frame(peerRole, 9), frame(peerRole, 1, "b"))
      yield* turns()
      yield* Fiber.interrupt(running)
      peer.send(9)
      yield* turns()
      expect([seen, yield* ws.pull]).toEqual([[], ["b"]])
    })

    test("an application that does not go on is not told without bound: reading stops", function* () {
      const { peer, ws } = yield* open(role, { limits: { readAhead: 1000 } })
      const running = yield* Effect.fork(ws.run(() => Effect.never, { onControl: () => Effect.never }))
      yield* turns()
      for (let count = 0; count < 2000; count++) peer.send(10, octets(100))
      yield* turns()
      expect(peer.duplex.unsafeBuffered()).toBeGreaterThan(0)
      yield* Fiber.interrupt(running)
    })
  })
}
