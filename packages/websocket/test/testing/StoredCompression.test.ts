import * as ProtocolViolation from "@effect-websocket/protocol/frame/ProtocolViolation"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Compression, defaults, type Engine, type InflateSink } from "../../src/Compression.js"
import * as StoredCompression from "../../src/testing/StoredCompression.js"

const open = (limit = Infinity): { readonly engine: Engine; readonly take: () => Uint8Array } => {
  let octets: ReadonlyArray<number> = []
  const sink: InflateSink = {
    room: () => limit - octets.length,
    onOctets: (piece, start, end) => {
      octets = [...octets, ...piece.subarray(start, end)]
      return octets.length > limit ? ProtocolViolation.messageTooBig(limit) : undefined
    }
  }
  const take = () => {
    const message = Uint8Array.from(octets)
    octets = []
    return message
  }
  const compression = Effect.runSync(Effect.provide(Compression, StoredCompression.layer))
  return { engine: compression.open(defaults, "server", defaults, sink), take }
}

const inflate = ({ engine: { inflater }, take }: ReturnType<typeof open>, payload: Uint8Array, size: number) => {
  for (let at = 0; at < payload.length; at += size) {
    const violation = inflater.push(payload, at, Math.min(payload.length, at + size))
    if (violation !== undefined) return violation
  }
  return inflater.end() ?? take()
}

describe("stored blocks only (RFC 1951 §3.2.4)", () => {
  it("RFC 7692 §7.2.3.3: a message in a block with no compression", () => {
    const { deflater } = open().engine
    const hello = new TextEncoder().encode("Hello")
    expect(deflater.deflate(hello, "end")).toEqual(Uint8Array.of(0, 5, 0, 0xfa, 0xff, ...hello, 0))
    expect(deflater.deflate(new Uint8Array(0), "end")).toEqual(Uint8Array.of(0))
    expect(deflater.deflate(new Uint8Array(0), "more")).toEqual(new Uint8Array(0))
  })

  it("decode(encode(x)) = x, in parts on both sides", () => {
    const parts = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 5 })
    const property = fc.property(
      fc.array(parts, { maxLength: 4 }),
      fc.integer({ min: 1, max: 9 }),
      (messages, size) => {
        const side = open()
        for (const list of messages) {
          const { deflater } = side.engine
          const payload = [
            ...list.map((part) => deflater.deflate(part, "more")),
            deflater.deflate(new Uint8Array(0), "end")
          ]
          const whole = (octets: ReadonlyArray<Uint8Array>) => Uint8Array.from(octets.flatMap((part) => [...part]))
          expect(inflate(side, whole(payload), size)).toEqual(whole(list))
        }
      }
    )
    fc.assert(property)
  })

  it("a message longer than a block has several", () => {
    const side = open()
    const message = new Uint8Array(140_000).map((_, index) => index >> 10)
    expect(inflate(side, side.engine.deflater.deflate(message, "end"), 200_000)).toEqual(message)
  })

  it("any octets are a message or a violation, never a throw", () => {
    const property = fc.property(fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 4 }), (payloads) => {
      const side = open(10)
      for (const payload of payloads) {
        const result = inflate(side, payload, 3)
        if (!(result instanceof Uint8Array)) expect(["BadDeflate", "MessageTooBig"]).toContain(result._tag)
      }
    })
    fc.assert(property, { numRuns: 300 })
  })

  it.each([
    [[0, 5, 0, 0xfa, 0xff, 1], "cut data"],
    [[0, 1, 0, 0xfe, 0xff, 1], "no empty block at the end"],
    [[0, 5, 0, 0, 0], "a length that is not its complement"],
    [[0xf2, 0x48], "compressed data"]
  ])("%j: %s is a violation, and all after it is ignored", (octets) => {
    const side = open()
    expect(inflate(side, Uint8Array.from(octets), 99)).toBe(ProtocolViolation.badDeflate)
    side.take()
    expect(inflate(side, Uint8Array.of(0, 1, 0, 0xfe, 0xff, 1, 0), 99)).toEqual(new Uint8Array(0))
  })

  it("BFINAL ends neither the connection nor the message", () => {
    const side = open()
    expect(inflate(side, Uint8Array.of(1, 1, 0, 0xfe, 0xff, 7), 1)).toEqual(Uint8Array.of(7))
    expect(inflate(side, Uint8Array.of(1, 1, 0, 0xfe, 0xff, 7, 0), 1)).toEqual(Uint8Array.of(7))
    expect(inflate(side, Uint8Array.of(1, 0, 0, 0xff, 0xff, 0, 1, 0, 0xfe, 0xff, 8, 0), 5)).toEqual(Uint8Array.of(8))
  })

  it("a message at the limit is delivered, one more is too big", () => {
    const payload = (size: number) => open().engine.deflater.deflate(new Uint8Array(size), "end")
    expect(inflate(open(100), payload(100), 7)).toEqual(new Uint8Array(100))
    const over = open(100)
    expect(inflate(over, payload(300), 500)).toEqual(ProtocolViolation.messageTooBig(100))
    expect(over.take().length).toBe(101)
  })

  it("no octet at all is an empty message; a closed engine ignores everything", () => {
    const side = open()
    expect(inflate(side, new Uint8Array(0), 1)).toEqual(new Uint8Array(0))
    expect(side.engine.inflater.resume()).toBeUndefined()
    side.engine.close()
    expect(inflate(side, Uint8Array.of(7), 1)).toEqual(new Uint8Array(0))
  })
})
