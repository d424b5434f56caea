/** RFC 7692 §6, §7.2: messages compressed on the wire, as a peer that shares nothing with the library sends and reads them. */
import { describe, expect, it } from "@effect/vitest"
import * as NodeCompression from "@effect-websocket/node/NodeCompression"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import type { CompressionOptions } from "effect-websocket/Compression"
import * as MemoryTransport from "effect-websocket/MemoryTransport"
import * as WebSocket from "effect-websocket/WebSocket"
import * as fc from "fast-check"
import { connected, type Directions, other, roles, widest } from "../support/DeflatePeer.js"
import { leavesNothing } from "../support/leaks.js"
import { noise, RawDeflater, RawInflater } from "../support/rawDeflate.js"

const layers = Layer.mergeAll(WebSocket.layer, NodeCompression.layer, MemoryTransport.layer)

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex")

/** As octets: the test runner takes long to compare them one by one. */
const equal = (received: string | Uint8Array, message: string | Uint8Array): boolean =>
  typeof received === typeof message &&
  Buffer.compare(Buffer.from(received as string), Buffer.from(message as string)) === 0

/** The first octets of all frames that a message became, and their payloads. */
const firsts = (frames: ReadonlyArray<{ readonly first: number }>) => frames.map(({ first }) => first.toString(16))

for (const role of roles) {
  describe(`RFC 7692 §7.2.3 Examples: a ${role}`, () => {
    leavesNothing()

    const read: Readonly<Record<string, readonly [octets: ReadonlyArray<string>, messages: ReadonlyArray<string>]>> = {
      "§7.2.3.1: one compressed DEFLATE block": [["c1 f248cdc9c90700"], ["Hello"]],
      "§7.2.3.1: the same in two fragments": [["41 f248cd", "80 c9c90700"], ["Hello"]],
      "§7.2.3.2: sharing the sliding window": [
        ["c1 f248cdc9c90700", "c1 f200110000"],
        ["Hello", "Hello"]
      ],
      "§7.2.3.3: a DEFLATE block with no compression": [["c1 000500faff48656c6c6f00"], ["Hello"]],
      "§7.2.3.4: a DEFLATE block with BFINAL": [["c1 f348cdc9c9070000"], ["Hello"]],
      "§7.2.3.4: the next message behind one with BFINAL, with and without the window": [
        ["c1 f348cdc9c9070000", "c1 f248cdc9c90700", "c1 f348cdc9c90700", "c1 f200110000"],
        ["Hello", "Hello", "Hello", "Hello"]
      ],
      "§7.2.3.5: two DEFLATE blocks in one message": [["c1 f248050000 00ffffcac9c90700"], ["Hello"]],
      "§7.2.3.6: an empty fragment": [["41", "80 00"], [""]],
      "an empty message, also without the octet of §7.2.3.6": [
        ["c1 00", "c1", "c2 00"],
        ["", ""]
      ],
      "§6: a message that is not compressed, also between those which are": [
        ["c1 f248cdc9c90700", "81 48656c6c6f", "c1 f200110000"],
        ["Hello", "Hello", "Hello"]
      ]
    }

    for (const [name, [frames, messages]] of Object.entries(read)) {
      it.scopedLive(`${name}: is read`, () =>
        Effect.gen(function* () {
          const { peer, ws } = yield* connected(role)
          for (const each of frames) yield* peer.write(peer.frame(hex(each)[0]!, hex(each).subarray(1)))
          for (const message of messages) expect(yield* ws.receive).toBe(message)
        }).pipe(Effect.provide(layers))
      )
    }

    it.scopedLive("§7.2.3.1, §7.2.3.2, §7.2.3.6: are written so", () =>
      Effect.gen(function* () {
        const { peer, ws } = yield* connected(role)
        yield* ws.sendAll(["Hello", "Hello", "", new Uint8Array(0)])
        const frames = yield* peer.untilFrames(4)
        expect(frames.map(({ first, payload }) => `${first.toString(16)} ${payload.toString("hex")}`)).toEqual([
          "c1 f248cdc9c90700",
          "c1 f200110000",
          "c1 00",
          "c2 00"
        ])
        expect(frames.every(({ isMasked }) => isMasked === (role === "client"))).toBe(true)
      }).pipe(Effect.provide(layers))
    )
  })

  describe(`RFC 7692 §6.1, P-09, P-10, P-18, P-25: what is sent: a ${role}`, () => {
    leavesNothing()

    const isCompressed = (
      compression: CompressionOptions,
      send: (ws: WebSocket.WebSocket) => Effect.Effect<void, unknown>
    ) =>
      Effect.gen(function* () {
        const { peer, ws } = yield* connected(role, { compression: { ...widest, ...compression } })
        yield* send(ws)
        yield* peer.untilMessages(1)
        return (peer.received[0]!.first & 0x40) !== 0
      }).pipe(Effect.scoped, Effect.provide(layers))

    const text = (length: number) => "x".repeat(length)
    const table: ReadonlyArray<
      readonly [string, boolean, CompressionOptions, (ws: WebSocket.WebSocket) => Effect.Effect<void, unknown>]
    > = [
      ["127 octets, with the threshold of 128", false, { threshold: undefined }, (ws) => ws.send(new Uint8Array(127))],
      ["128 octets, with the threshold of 128", true, { threshold: undefined }, (ws) => ws.send(new Uint8Array(128))],
      ["a text of 127 units", false, { threshold: undefined }, (ws) => ws.send(text(127))],
      ["a text of 128 units", true, { threshold: undefined }, (ws) => ws.send(text(128))],
      ["nothing, with the threshold of 0", true, { threshold: 0 }, (ws) => ws.send("")],
      ["much, with a threshold of Infinity", false, { threshold: Infinity }, (ws) => ws.send(text(200_000))],
      ["little, when it is told to", true, { threshold: 1000 }, (ws) => ws.send("", { compress: true })],
      ["much, when it is told not to", false, {}, (ws) => ws.send(text(200_000), { compress: false })],
      ["sendAll of little, when it is told to", true, { threshold: 99 }, (ws) => ws.sendAll(["a"], { compress: true })],
      ["sendAll, when it is told not to", false, {}, (ws) => ws.sendAll([text(999)], { compress: false })],
      ["unsafeSend", true, { threshold: 10 }, (ws) => Effect.sync(() => expect(ws.unsafeSend(text(10))).toBe(true))],
      ["unsafeSend of little", false, { threshold: 10 }, (ws) => Effect.sync(() => void ws.unsafeSend(text(9)))],
      ["a stream, of unknown length", true, { threshold: 1000 }, (ws) => ws.sendStream("text", Stream.make("a"))],
      [
        "a stream, when it is told not to",
        false,
        {},
        (ws) => ws.sendStream("text", Stream.make("a"), { compress: false })
      ],
      ["an empty stream", true, {}, (ws) => ws.sendStream("text", Stream.empty)]
    ]

    for (const [what, expected, compression, send] of table) {
      it.live(`${what}: ${expected ? "compressed" : "not compressed"}`, () =>
        Effect.map(isCompressed(compression, send), (is) => expect(is).toBe(expected))
      )
    }

    for (const [fragmentSize, ends] of [
      [125, ["80", "80", "80", "c2"]],
      // The second becomes a few octets; the third is as long as a fragment, but cannot be compressed.
      [65_536, ["80", "c1", "80", "c2"]]
    ] as const) {
      it.scopedLive(`RSV1 is on the first frame alone; no frame is longer than a fragmentSize of ${fragmentSize}`, () =>
        Effect.gen(function* () {
          const { peer, ws } = yield* connected(role, { limits: { fragmentSize } })
          const messages = [noise(100_000), "x".repeat(300_000), noise(fragmentSize), noise(1)]
          for (const message of messages) yield* Effect.fork(ws.send(message))
          const arrived = yield* peer.untilMessages(4)
          expect(arrived.map((each, index) => equal(each, messages[index]!))).toEqual([true, true, true, true])
          expect(peer.received.filter(({ payload }) => payload.length > fragmentSize)).toEqual([])
          expect(firsts(peer.received.filter(({ isLast }) => isLast))).toEqual(ends)
          for (const [index, { first }] of peer.received.entries()) {
            expect((first & 0x7f) !== 0, `frame ${index}`).toBe(index === 0 || peer.received[index - 1]!.isLast)
          }
        }).pipe(Effect.provide(layers))
      )
    }

    it.scopedLive("RFC 6455 §5.4, RFC 7692 §6.1: control frames come in between, and are as they are", () =>
      Effect.gen(function* () {
        const { peer, ws } = yield* connected(role)
        const next = yield* Deferred.make<void>()
        const payload = Buffer.from("ping ".repeat(25))
        const body = Stream.concat(Stream.make("one "), Stream.fromEffect(Effect.as(Deferred.await(next), "two")))
        const sending = yield* Effect.fork(ws.sendStream("text", body))
        yield* peer.untilFrames(1)
        yield* peer.write(peer.frame(0x89, payload))
        yield* peer.untilFrames(2)
        yield* ws.pong(payload)
        yield* Deferred.succeed(next, undefined)
        yield* Fiber.join(sending)
        expect(yield* peer.untilMessages(1)).toEqual(["one two"])
        yield* ws.pong()
        expect(firsts(yield* peer.untilFrames(6))).toEqual(["41", "8a", "8a", "0", "80", "8a"])
        expect(peer.received[1]!.payload.equals(payload)).toBe(true)
        expect(peer.received[2]!.payload.equals(payload)).toBe(true)
      }).pipe(Effect.provide(layers))
    )

    it.scopedLive(
      "MW-11: sendStream lets each part leave at once: it can be inflated before the next one is known",
      () =>
        Effect.gen(function* () {
          const { peer, ws } = yield* connected(role)
          const parts = ["one, ", "two, ", "three"]
          const asked: Array<Deferred.Deferred<void>> = []
          for (const _ of parts) asked.push(yield* Deferred.make<void>())
          const body = Stream.mapEffect(Stream.fromIterable(parts.entries()), ([index, part]) =>
            Effect.as(Deferred.await(asked[index]!), part)
          )
          const sending = yield* Effect.fork(ws.sendStream("text", body))
          for (const [index] of parts.entries()) {
            yield* Deferred.succeed(asked[index]!, undefined)
            const payloads = (yield* peer.untilFrames(index + 1)).map(({ payload }) => payload)
            const soFar = new RawInflater().inflate(Buffer.concat(payloads))
            expect(soFar.toString()).toBe(parts.slice(0, index + 1).join(""))
          }
          yield* Fiber.join(sending)
          expect(yield* peer.untilMessages(1)).toEqual(["one, two, three"])
        }).pipe(Effect.provide(layers))
    )

    it.live("PARITY P-07, P-08: level and memLevel are zlib's; the more of them, the fewer octets, and 0 stores", () =>
      Effect.gen(function* () {
        const message = Array.from({ length: 2000 }, (_, n) => `{"id":${n},"hash":${(n * 2654435761) % 9973}}`).join()
        const sizeOf = (compression: CompressionOptions) =>
          Effect.gen(function* () {
            const { peer, ws } = yield* connected(role, { compression: { ...widest, ...compression } })
            yield* ws.send(message)
            expect(yield* peer.untilMessages(1)).toEqual([message])
            return peer.received.reduce((sum, { payload }) => sum + payload.length, 0)
          }).pipe(Effect.scoped, Effect.provide(layers))
        const stored = yield* sizeOf({ level: 0 })
        const [fast, best] = [yield* sizeOf({ level: 1 }), yield* sizeOf({ level: 9 })]
        expect(stored).toBeGreaterThan(message.length)
        expect(fast).toBeLessThan(stored / 2)
        expect(best).toBeLessThan(fast)
        expect(yield* sizeOf({ memLevel: 9 })).toBeLessThan(yield* sizeOf({ memLevel: 1 }))
      })
    )

    it.scopedLive("PARITY P-27: a message is compressed or not from its begin to its end, whatever was held back", () =>
      Effect.gen(function* () {
        const compression = { ...widest, threshold: 5000 }
        const { peer, ws } = yield* connected(role, { compression, limits: { fragmentSize: 1000 } })
        // Nine fragments of the first one give no octet; what the last one gives is shorter than the threshold.
        const messages = ["x".repeat(10_000), "y".repeat(4999), "z".repeat(10_000), "short"]
        for (const message of messages)
          yield* Effect.fork(ws.send(message, { compress: message[0] === "z" ? false : undefined }))
        yield* Effect.fork(ws.sendStream("text", Stream.make("a", "b".repeat(4000), "c")))
        expect(yield* peer.untilMessages(5)).toEqual([...messages, `a${"b".repeat(4000)}c`])
        const begins = peer.received.filter(({ opcode }) => opcode !== 0)
        expect(firsts(begins)).toEqual(["c1", "1", "1", "81", "41"])
        expect(peer.received.filter(({ first, opcode }) => opcode === 0 && (first & 0x40) !== 0)).toEqual([])
      }).pipe(Effect.provide(layers))
    )

    it.scopedLive("a send that waits for another one, and is interrupted, leaves no trace in the context", () =>
      Effect.gen(function* () {
        const { peer, ws } = yield* connected(role)
        const go = yield* Deferred.make<void>()
        const body = Stream.concat(Stream.make("begin, "), Stream.fromEffect(Effect.as(Deferred.await(go), "end")))
        yield* Effect.fork(ws.sendStream("text", body))
        yield* peer.untilFrames(1)
        const waiting = yield* Effect.fork(ws.send("never sent"))
        const last = yield* Effect.fork(ws.send("the last"))
        yield* Effect.yieldNow()
        yield* Fiber.interrupt(waiting)
        yield* Deferred.succeed(go, undefined)
        yield* Fiber.join(last)
        expect(yield* peer.untilMessages(2)).toEqual(["begin, end", "the last"])
      }).pipe(Effect.provide(layers))
    )
  })

  describe(`RFC 7692 §7.1.1, P-20 context takeover: a ${role}`, () => {
    leavesNothing()

    const message = noise(300)

    it.scopedLive("ours: a message refers to the one before it", () =>
      Effect.gen(function* () {
        const { peer, ws } = yield* connected(role)
        yield* ws.sendAll([message, message])
        expect(yield* peer.untilMessages(2)).toEqual([message, message])
        const [first, second] = peer.received.map(({ payload }) => payload.length)
        expect(first).toBeGreaterThan(300)
        expect(second).toBeLessThan(50)
      }).pipe(Effect.provide(layers))
    )

    it.scopedLive("ours, without: each message can be read on its own", () =>
      Effect.gen(function* () {
        const extension = `permessage-deflate; ${role}_no_context_takeover`
        const { peer, ws } = yield* connected(role, { extension, ours: { takeover: false } })
        yield* ws.sendAll([message, message])
        expect(yield* peer.untilMessages(2)).toEqual([message, message])
        expect(peer.received.every(({ payload }) => payload.length > 300)).toBe(true)
      }).pipe(Effect.provide(layers))
    )

    it.scopedLive("the peer's: a message that refers to the one before it is read", () =>
      Effect.gen(function* () {
        const { peer, ws } = yield* connected(role)
        const payloads = [message, message].map((each) => peer.deflater.deflate(each))
        expect(payloads[1]!.length).toBeLessThan(50)
        for (const payload of payloads) yield* peer.write(peer.frames(0x42, payload))
        for (const _ of payloads) expect(yield* ws.receive).toEqual(message)
      }).pipe(Effect.provide(layers))
    )

    it.scopedLive("the peer's, without: a message that refers to the one before it is broken (§7.1.1)", () =>
      Effect.gen(function* () {
        const extension = `permessage-deflate; ${other(role)}_no_context_takeover`
        const { peer, ws } = yield* connected(role, { extension, theirs: { takeover: false } })
        for (const _ of [1, 2]) {
          yield* peer.send(message)
          expect(yield* ws.receive).toEqual(message)
        }
        const deflater = new RawDeflater()
        deflater.deflate(message)
        yield* peer.write(peer.frames(0x42, deflater.deflate(message)))
        expect(yield* Effect.flip(ws.receive)).toMatchObject({ reason: { _tag: "BadDeflate" } })
        expect(yield* peer.closed).toBe(1007)
      }).pipe(Effect.provide(layers))
    )
  })

  describe(`RFC 7692 §7.2.3.2, MW-18: messages that go to many: a ${role}`, () => {
    leavesNothing()

    const message = noise(300)

    it.scopedLive("refer to none before them; and our next message refers to none of those that went before them", () =>
      Effect.gen(function* () {
        const { peer, ws } = yield* connected(role)
        const prepared = WebSocket.prepare("many, ".repeat(50))
        yield* ws.send(message)
        yield* ws.sendPrepared(prepared)
        yield* ws.send(message)
        yield* ws.send(message)
        yield* ws.sendPrepared(WebSocket.prepare(noise(99)))
        yield* ws.send(message)
        expect(yield* peer.untilMessages(6)).toEqual([message, prepared.message, message, message, noise(99), message])
        const [first, many, third, fourth, plain, last] = peer.received
        expect([many!.first, many!.payload.length < 30]).toEqual([0xc1, true])
        expect(third!.payload).toEqual(first!.payload)
        expect(fourth!.payload.length).toBeLessThan(50)
        // What no compression makes shorter goes as it is, and costs no context.
        expect(plain!.first).toBe(0x82)
        expect(last!.payload.length).toBeLessThan(50)
      }).pipe(Effect.provide(layers))
    )

    it("among any others, with any window, with and without takeover: each of several peers reads all in order", () => {
      const direction = fc.record({ windowBits: fc.integer({ min: 9, max: 15 }), takeover: fc.boolean() })
      const part = fc.constantFrom("tea, ", "and more of it, ", "\ud83c\udf75")
      const text = fc.array(part, { minLength: 1, maxLength: 400 }).map((parts) => parts.join(""))
      const how = fc.constantFrom("many", "many", "send", "stream", "plain")
      const steps = fc.array(fc.tuple(how, text), { minLength: 1, maxLength: 12 })
      const program = (
        directions: ReadonlyArray<{ windowBits: number; takeover: boolean }>,
        list: ReadonlyArray<readonly [string, string]>
      ) =>
        Effect.gen(function* () {
          const ends = yield* Effect.forEach(directions, (ours) => {
            const takeover = ours.takeover ? "" : `; ${role}_no_context_takeover`
            const extension = `permessage-deflate; ${role}_max_window_bits=${ours.windowBits}${takeover}`
            // Each in a place of its own: who serves there meets nobody else.
            const place = Layer.build(Layer.fresh(MemoryTransport.layer))
            return Effect.flatMap(place, (place) => Effect.provide(connected(role, { extension, ours }), place))
          })
          for (const [how, text] of list) {
            const prepared = WebSocket.prepare(text)
            for (const { ws } of ends) {
              if (how === "many") yield* ws.sendPrepared(prepared)
              else if (how === "send") yield* ws.send(text)
              else if (how === "stream") yield* ws.sendStream("text", Stream.make(text, text))
              else yield* ws.sendPrepared(WebSocket.prepare(text, { compress: false }))
            }
          }
          const expected = list.map(([how, text]) => (how === "stream" ? text + text : text))
          for (const { peer } of ends) expect(yield* peer.untilMessages(list.length)).toEqual(expected)
        }).pipe(Effect.scoped, Effect.provide(layers), Effect.runPromise)
      const property = fc.asyncProperty(fc.array(direction, { minLength: 1, maxLength: 3 }), steps, program)
      return fc.assert(property, { numRuns: 25 })
    })
  })

  describe(`RFC 7692 §7.1.2, P-17 windows: a ${role}`, () => {
    leavesNothing()

    /** The same noise again and again, at every distance. */
    const far = (windowBits: number) => {
      const part = noise(2 ** windowBits - 300)
      return new Uint8Array(Buffer.concat([part, part, noise(700, 2), part]))
    }

    it("the peer of these tests finds out who refers to more than the window", () => {
      for (let bits = 9; bits < 15; bits++) {
        const payload = new RawDeflater({ windowBits: bits + 1 }).deflate(far(bits + 1))
        expect(() => new RawInflater({ windowBits: bits }).inflate(payload), `${bits} bits`).toThrow("far back")
      }
    })

    for (let bits = 9; bits <= 15; bits++) {
      it.scopedLive(`${bits} bits: what we send is read with exactly this window`, () =>
        Effect.gen(function* () {
          const mine = role === "client" ? "client_max_window_bits" : "server_max_window_bits"
          const { peer, ws } = yield* connected(role, {
            extension: `permessage-deflate; ${mine}=${bits}`,
            ours: { windowBits: bits }
          })
          const messages = [far(bits), far(bits), far(15)]
          for (const each of messages) yield* Effect.fork(ws.send(each))
          const arrived = yield* peer.untilMessages(3)
          expect(arrived.map((each, index) => equal(each, messages[index]!))).toEqual([true, true, true])
          // It does compress: the second and the third are like the first.
          expect(peer.received[1]!.payload.length).toBeLessThan(messages[1]!.length)
        }).pipe(Effect.provide(layers))
      )
    }
  })

  describe(`RFC 7692 §6.2: what is received: a ${role}`, () => {
    leavesNothing()

    const received = (
      directions: Directions,
      extension: string,
      messages: ReadonlyArray<string | Uint8Array>,
      size: number
    ) =>
      Effect.gen(function* () {
        const { peer, ws } = yield* connected(role, { extension, ...directions })
        for (const [index, message] of messages.entries()) {
          // P-24: some are not compressed.
          yield* peer.send(message, { fragmentSize: size, compress: index % 4 !== 3 })
          if (index % 2 === 0) yield* peer.write(peer.frame(0x89, "?"))
        }
        for (const message of messages) expect(equal(yield* ws.receive, message)).toBe(true)
      }).pipe(Effect.scoped, Effect.provide(layers), Effect.runPromise)

    it("any messages, in fragments of any size, with any window, with and without context takeover", () => {
      const message = fc.oneof(
        fc.fullUnicodeString({ maxLength: 100 }),
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom("Hello".repeat(2000), noise(5000), new Uint8Array(0), "")
      )
      const theirs = fc.record({ windowBits: fc.integer({ min: 9, max: 15 }), takeover: fc.boolean() })
      return fc.assert(
        fc.asyncProperty(
          fc.array(message, { maxLength: 8 }),
          theirs,
          fc.integer({ min: 1, max: 300 }),
          (messages, direction, size) => {
            const takeover = direction.takeover ? "" : `; ${other(role)}_no_context_takeover`
            const extension = `permessage-deflate; ${other(role)}_max_window_bits=${direction.windowBits}${takeover}`
            return received({ theirs: direction }, extension, messages, size)
          }
        ),
        { numRuns: 25 }
      )
    })

    it.scopedLive("RFC 6455 §5.4: a Ping between compressed fragments is answered, and is not inflated", () =>
      Effect.gen(function* () {
        const { peer, ws } = yield* connected(role)
        const payload = peer.deflater.deflate("Hello, Hello, Hello")
        yield* peer.write(peer.frame(0x41, payload.subarray(0, 4)), peer.frame(0x89, "f248"), peer.frame(0x00))
        expect((yield* peer.untilFrames(1))[0]!.payload.toString()).toBe("f248")
        yield* peer.write(peer.frame(0x80, payload.subarray(4)))
        expect(yield* ws.receive).toBe("Hello, Hello, Hello")
      }).pipe(Effect.provide(layers))
    )

    it.scopedLive("receiveStream gives what was inflated so far, before the message has ended", () =>
      Effect.gen(function* () {
        const { peer, ws } = yield* connected(role)
        const receiving = yield* Effect.fork(ws.receiveStream)
        yield* peer.write(peer.frame(0x41, hex("f248050000 00ffff")))
        const { body, kind } = yield* Fiber.join(receiving)
        expect(kind).toBe("text")
        const parts: Array<string> = []
        const first = yield* Deferred.make<void>()
        const taking = yield* Effect.fork(
          Stream.runForEach(body, (part) =>
            Effect.zipRight(
              Effect.sync(() => parts.push(Buffer.from(part).toString())),
              Deferred.succeed(first, undefined)
            )
          )
        )
        yield* Deferred.await(first)
        expect(parts).toEqual(["He"])
        yield* peer.write(peer.frame(0x80, hex("cac9c90700")))
        yield* Fiber.join(taking)
        expect(parts.join("")).toBe("Hello")
        yield* peer.send("Hello")
        expect(yield* ws.receive).toBe("Hello")
      }).pipe(Effect.provide(layers))
    )
  })
}
