import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Frame } from "../../src/frame/Frame.js"
import { encode, encodeFrame, encodeText } from "../../src/frame/FrameEncoder.js"
import { unmasked } from "../../src/frame/FrameHeader.js"
import { Opcode } from "../../src/frame/Opcode.js"
import { FrameRecorder, hexOf, octetsOf, run, utf8 } from "../support/frames.js"

const text = (fin: boolean, opcode: Opcode, payload: string): Frame => ({ fin, rsv: 0, opcode, payload: utf8(payload) })

const key = fc.option(fc.integer({ min: 0, max: 0xffffffff }), { nil: unmasked })

const payload = fc.oneof(
  fc.uint8Array({ maxLength: 140 }),
  fc.constantFrom(65535, 65536).map((length) => new Uint8Array(length).fill(length))
)

describe("RFC 6455 §5.7 FrameEncoder", () => {
  it.each([
    ["a single-frame unmasked text message", text(true, Opcode.Text, "Hello"), unmasked, "810548656c6c6f"],
    ["a single-frame masked text message", text(true, Opcode.Text, "Hello"), 0x37fa213d, "818537fa213d7f9f4d5158"],
    ["the first fragment", text(false, Opcode.Text, "Hel"), unmasked, "010348656c"],
    ["the last fragment", text(true, Opcode.Continuation, "lo"), unmasked, "80026c6f"],
    ["an unmasked Ping", text(true, Opcode.Ping, "Hello"), unmasked, "890548656c6c6f"],
    ["a masked Pong", text(true, Opcode.Pong, "Hello"), 0x37fa213d, "8a8537fa213d7f9f4d5158"]
  ])("encodes %s", (_, frame, key, hex) => {
    expect(hexOf(encode(frame, key))).toBe(hex)
  })

  it("encodes 256 octets, and 64 KiB", () => {
    const binary = (length: number): Frame => ({ fin: true, rsv: 0, opcode: 2, payload: new Uint8Array(length) })
    expect(hexOf(encode(binary(256)).subarray(0, 4))).toBe("827e0100")
    expect(hexOf(encode(binary(65536)).subarray(0, 10))).toBe("827f0000000000010000")
  })

  it("law: decode(encode(frame)) = frame", () => {
    fc.assert(
      fc.property(fc.boolean(), fc.nat(7), fc.constantFrom(1, 2), payload, key, (fin, rsv, opcode, payload, key) => {
        const octets = encode({ fin, rsv, opcode: opcode as Opcode, payload }, key)
        const { events } = run(key === unmasked ? "client" : "server", new FrameRecorder(), [octets], 7)
        expect(events).toEqual([{ frame: opcode, fin, rsv, payload: hexOf(payload) }])
      })
    )
  })

  it("§5.3: does not alter the caller's octets when it masks", () => {
    const payload = utf8("Hello")
    encodeFrame(new Uint8Array(30), 0, 0x82, payload, 0x37fa213d)
    expect(payload).toEqual(utf8("Hello"))
  })

  it("writes one frame behind the other", () => {
    const target = new Uint8Array(40)
    const next = encodeText(target, encodeFrame(target, 1, 0x82, octetsOf("01"), unmasked), 0x81, "a", unmasked)
    expect(hexOf(target.subarray(0, next))).toBe("00820101810161")
  })

  it("law: encodeText writes what encodeFrame writes for the text's octets", () => {
    const long = fc.tuple(fc.constantFrom("a", "é", "€", "😀"), fc.constantFrom(40, 42, 63, 125, 126, 21845, 65535))
    const texts = fc.oneof(
      fc.fullUnicodeString({ maxLength: 90 }),
      long.map(([one, times]) => one.repeat(times))
    )
    fc.assert(
      fc.property(texts, key, (text, key) => {
        const octets = utf8(text)
        const expected = new Uint8Array(15 + octets.length)
        const target = new Uint8Array(15 + 3 * text.length)
        const end = encodeText(target, 1, 0x81, text, key)
        expect(end).toBe(encodeFrame(expected, 1, 0x81, octets, key))
        expect(Buffer.compare(target.subarray(0, end), expected.subarray(0, end))).toBe(0)
      })
    )
  })

  it("§8.1: makes U+FFFD of lone surrogates", () => {
    const target = new Uint8Array(20)
    expect(hexOf(target.subarray(0, encodeText(target, 0, 0x81, "\ud800", unmasked)))).toBe("8103efbfbd")
  })
})
