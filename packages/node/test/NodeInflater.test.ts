import * as zlib from "node:zlib"
import * as ProtocolViolation from "@effect-websocket/protocol/frame/ProtocolViolation"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as NodeCompression from "../src/NodeCompression.js"
import { agreements, kinds, messages, random, settings } from "./support/deflateMessages.js"
import { type Collector, hex, noTakeover, type Open, text, widest, withEngines } from "./support/engines.js"

for (const [name, streams] of kinds) {
  const engines = <A>(test: (open: Open) => A) => withEngines(NodeCompression.layerOf(streams), test)

  describe(`RFC 7692 §7.2.2 Decompression, by ${name}`, () => {
    it("chunking does not matter", () => {
      const property = fc.property(agreements, messages, fc.integer({ min: 1, max: 40 }), (agreed, list, size) =>
        engines((open) => {
          const [near, far] = [open(agreed, "client"), open(agreed, "server")]
          for (const message of list) expect(far.inflate(near.deflate(message), size)).toEqual(message)
        })
      )
      fc.assert(property, { numRuns: 30 })
    })

    it("what zlib writes is read", () => {
      const property = fc.property(fc.integer({ min: 9, max: 15 }), settings, messages, (windowBits, setting, list) =>
        engines((open) => {
          const side = open({ ...noTakeover, clientMaxWindowBits: windowBits })
          for (const message of list) {
            const finishFlush = zlib.constants.Z_SYNC_FLUSH
            const payload = zlib.deflateRawSync(message, { windowBits, ...setting, finishFlush }).subarray(0, -4)
            if (message.length > 0) expect(side.inflate(payload)).toEqual(message)
          }
        })
      )
      fc.assert(property, { numRuns: 30 })
    })

    it("any octets are a message or a violation, never a throw, and never too many octets", () => {
      const property = fc.property(
        fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }),
        fc.integer({ min: 1, max: 9 }),
        (list, size) =>
          engines((open) => {
            const side = open(widest, "server", {}, 100)
            for (const payload of list) {
              const result = side.inflate(payload, size)
              if (!(result instanceof Uint8Array)) expect(["BadDeflate", "MessageTooBig"]).toContain(result._tag)
            }
            expect(side.sink.total).toBeLessThanOrEqual(list.length * 101)
          })
      )
      fc.assert(property, { numRuns: 200 })
    })

    it.each([
      ["f2 48 cd", "cut inside a block"],
      ["f2 48 cd c9 c9", "cut inside a block"],
      ["f2 48 cd c9 c9 07", "cut before the empty stored block"],
      ["00 05 00 fa ff 48 65", "cut inside a stored block"],
      ["00 05 00 fa ff 48 65 6c 6c 6f", "no empty stored block at the end"],
      ["00 05 00", "cut inside the header of a stored block"],
      ["4d", "cut inside the codes of a block"],
      ["07", "a block of type 3"],
      ["00 05 00 fb ff 48 65 6c 6c 6f 00", "a length that is not its complement"],
      ["f2 00 11 00 00", "a distance to before the beginning"],
      ["f3 48 cd c9 c9 07 00 07 ff ff", "garbage after the end of the data"],
      ["f3 48 cd c9 c9 07 00 f2 48", "cut data after the end of the data"],
      ["f2 48 cd c9 c9 07 00 00 00 ff ff", "the tail was not removed"]
    ])("%s: %s is a violation, and all after it is ignored", (payload) => {
      engines((open) => {
        const side = open()
        expect(side.inflate(hex(payload))).toBe(ProtocolViolation.badDeflate)
        side.sink.take()
        expect(side.inflate(hex("f2 48 cd c9 c9 07 00"))).toEqual(new Uint8Array(0))
      })
    })

    it("each message that is cut anywhere is a violation", () => {
      engines((open) => {
        const message = Uint8Array.from({ length: 300 }, (_, index) => (index * index * 7) % 97)
        const payload = open(widest, "client").deflate(message)
        for (let end = 1; end < payload.length; end++) {
          expect(open().inflate(payload.subarray(0, end))).toBe(ProtocolViolation.badDeflate)
        }
      })
    })

    it("no octet at all is an empty message, and changes nothing", () => {
      engines((open) => {
        const side = open()
        expect(side.inflate(hex("f2 48 cd c9 c9 07 00"))).toEqual(text("Hello"))
        expect(side.inflate(hex(""))).toEqual(new Uint8Array(0))
        expect(side.inflate(hex("f2 00 11 00 00"))).toEqual(text("Hello"))
      })
    })
  })

  describe(`RFC 7692 §7.2.3.4 BFINAL, by ${name}`, () => {
    it.each(["f3 48 cd c9 c9 07 00 00", "f3 48 cd c9 c9 07 00"])(
      "%s: the next message still works, with the window",
      (payload) => {
        engines((open) => {
          const side = open()
          expect(side.inflate(hex(payload))).toEqual(text("Hello"))
          expect(side.inflate(hex("f2 48 cd c9 c9 07 00"))).toEqual(text("Hello"))
          expect(side.inflate(hex(payload), 1)).toEqual(text("Hello"))
          expect(side.inflate(hex("f2 00 11 00 00"))).toEqual(text("Hello"))
        })
      }
    )

    it("without context takeover the window is forgotten, and the next message works", () => {
      engines((open) => {
        const side = open(noTakeover)
        expect(side.inflate(hex("f3 48 cd c9 c9 07 00 00"))).toEqual(text("Hello"))
        expect(side.inflate(hex("f2 48 cd c9 c9 07 00"))).toEqual(text("Hello"))
        expect(side.inflate(hex("f2 00 11 00 00"))).toBe(ProtocolViolation.badDeflate)
      })
    })

    it("what begins after the end of the data belongs to the message, and may refer to the window", () => {
      engines((open) => {
        expect(open().inflate(hex("f3 48 cd c9 c9 07 00 f2 48 cd c9 c9 07 00"), 1)).toEqual(text("HelloHello"))
        expect(open().inflate(hex("f3 48 cd c9 c9 07 00 f2 00 11 00 00"))).toEqual(text("HelloHello"))
      })
    })

    it("many ends of data in one message are a violation: each costs as much as a window", () => {
      engines((open) => {
        expect(open().inflate(hex(`${"03 00".repeat(64)} 00`))).toEqual(new Uint8Array(0))
        expect(open().inflate(hex(`${"03 00".repeat(65)} 00`))).toBe(ProtocolViolation.badDeflate)
      })
    })
  })

  describe(`limits while inflating, by ${name}`, () => {
    const payloadOf = (size: number) => engines((open) => open(widest, "client").deflate(new Uint8Array(size)))

    it.each([1, 1000, 65_535, 65_536, 65_537, 1_048_576])(
      "a message of exactly %i octets is delivered, one more is too big",
      (limit) => {
        engines((open) => {
          const exact = open(widest, "server", {}, limit)
          expect((exact.inflate(payloadOf(limit)) as Uint8Array).length).toBe(limit)
          const over = open(widest, "server", {}, limit)
          expect(over.inflate(payloadOf(limit + 1))).toEqual(ProtocolViolation.messageTooBig(limit))
          expect(over.sink.total).toBe(limit + 1)
        })
      }
    )

    it("a bomb costs no more than the limit", () => {
      engines((open) => {
        const side = open(widest, "server", {}, 1000)
        expect(side.inflate(payloadOf(4_000_000))).toEqual(ProtocolViolation.messageTooBig(1000))
        expect(side.sink.total).toBe(1001)
        expect(side.engine.inflater.isPaused).toBe(false)
      })
    })

    it("a large message pauses, and goes on where it was, though the octets that were lent have changed", () => {
      const message = new Uint8Array(2_000_000).map((_, index) => index >> 13)
      engines((open) => {
        const [near, far] = [open(widest, "client"), open()]
        const payload = near.deflate(message)
        const { inflater } = far.engine
        expect(inflater.push(payload, 0, payload.length)).toBeUndefined()
        expect(inflater.isPaused).toBe(true)
        expect(far.sink.total).toBe(256 * 1024)
        payload.fill(0xff)
        while (inflater.isPaused) expect(inflater.resume()).toBeUndefined()
        expect(inflater.end()).toBeUndefined()
        expect(Buffer.compare(far.sink.take(), message)).toBe(0)
        expect(far.inflate(near.deflate(message.subarray(0, 99)))).toEqual(message.subarray(0, 99))
      })
    })

    it("more, or the end, while it is paused is a defect of the caller", () => {
      const payload = payloadOf(2_000_000)
      engines((open) => {
        const { inflater } = open().engine
        inflater.push(payload, 0, payload.length)
        expect(() => inflater.push(payload, 0, 1)).toThrow("resumed")
        expect(() => inflater.end()).toThrow("resumed")
      })
    })
  })

  describe(`what is inflated before there is a pause, by ${name}`, () => {
    const budget = 256 * 1024
    const piece = 64 * 1024

    /** How much is inflated of each payload, again and again, until there is a pause. */
    const until = (open: Open, payload: Uint8Array, side = open()) => {
      const { engine, sink } = side
      let messages = 0
      for (; !engine.inflater.isPaused; messages++) {
        expect(engine.inflater.push(payload, 0, payload.length)).toBeUndefined()
        if (!engine.inflater.isPaused) expect(engine.inflater.end()).toBeUndefined()
        expect(messages).toBeLessThan(budget)
      }
      return { messages, octets: sink.total, side }
    }

    it("it is bounded, of many messages as of one; a pause behind the last octet of a payload has nothing left to do", () => {
      for (const size of [1, 1000, 10_000, 100_000, 300_000]) {
        engines((open) => {
          const payload = open(noTakeover, "client").deflate(random(size))
          const { messages, octets, side } = until(open, payload, open(noTakeover))
          expect(octets).toBeGreaterThan(size === 1 ? 500 : budget / 2)
          expect(octets).toBeLessThan(budget + piece)
          expect(side.push(new Uint8Array(0))).toBeUndefined()
          for (; side.engine.inflater.isPaused; side.pauses++) expect(side.engine.inflater.resume()).toBeUndefined()
          expect(side.pauses).toBe(1)
          expect(side.engine.inflater.end()).toBeUndefined()
          expect(side.sink.total).toBe(messages * size)
          // The next pause is as far away as the first one was, less what was inflated behind that.
          expect(Math.abs(until(open, payload, side).messages - messages)).toBeLessThanOrEqual(1)
        })
      }
    })

    it("messages that become nothing, and parts of one octet, count as well", () => {
      engines((open) => {
        const { messages } = until(open, hex("00"))
        expect(messages).toBeLessThan(1000)
        const { inflater } = open().engine
        let parts = 0
        for (; !inflater.isPaused; parts++) inflater.push(hex("02 00 00 00 ff ff"), parts % 6, (parts % 6) + 1)
        expect(parts).toBeLessThan(1000)
      })
    })

    it("§7.2.3.4: so does a window that is read again behind each end of data", () => {
      engines((open) => {
        const [near, far] = [open(widest, "client"), open()]
        far.inflate(near.deflate(random(2 ** 15)))
        const ends = hex(`${"03 00".repeat(64)} 00`)
        const { messages } = until(open, ends, far)
        expect(messages).toBeLessThan(2)
        expect(far.push(new Uint8Array(0))).toBeUndefined()
        while (far.engine.inflater.isPaused) expect(far.engine.inflater.resume()).toBeUndefined()
        expect(far.engine.inflater.end()).toBeUndefined()
        expect(far.inflate(near.deflate(text("Hello")))).toEqual(text("Hello"))
      })
    })

    it("what is broken behind a pause is found when it goes on; then there is no pause, and everything is ignored", () => {
      engines((open) => {
        const side = open()
        const payload = new Uint8Array([
          ...open(widest, "client").deflate(new Uint8Array(300_000)),
          0,
          0,
          0xff,
          0xff,
          7
        ])
        const { inflater } = side.engine
        expect(inflater.push(payload, 0, payload.length)).toBeUndefined()
        expect([inflater.isPaused, side.sink.total]).toEqual([true, budget])
        expect(inflater.resume()).toBe(ProtocolViolation.badDeflate)
        expect([inflater.resume(), inflater.isPaused, side.push(hex("00")), inflater.end()]).toEqual([
          undefined,
          false,
          undefined,
          undefined
        ])
      })
    })
  })

  describe(`sinks, by ${name}`, () => {
    it("a sink that closes the engine while it inflates is given nothing more", () => {
      engines((open) => {
        const side = open()
        const sink = side.sink as { onOctets: Collector["onOctets"] }
        let calls = 0
        sink.onOctets = () => {
          calls++
          side.engine.close()
          return undefined
        }
        const payload = open(widest, "client").deflate(new Uint8Array(300_000))
        expect(side.engine.inflater.push(payload, 0, payload.length)).toBeUndefined()
        expect(calls).toBe(1)
      })
    })

    it("a sink may inflate on another connection", () => {
      engines((open) => {
        const [side, other] = [open(), open()]
        const { onOctets } = side.sink
        const sink = side.sink as { onOctets: Collector["onOctets"] }
        sink.onOctets = (octets, start, end) => {
          expect(other.inflate(hex("00 05 00 fa ff ff ff ff ff ff 00"))).toEqual(new Uint8Array(5).fill(0xff))
          return onOctets(octets, start, end)
        }
        expect(side.inflate(hex("f2 48 cd c9 c9 07 00"))).toEqual(text("Hello"))
      })
    })
  })
}
