import type * as fcTypes from "fast-check"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { DeflateStep } from "../../src/Compression.js"
import { Deflation } from "../../src/connection/Deflation.js"
import { MessageWriter } from "../../src/connection/MessageWriter.js"
import type { Outbox } from "../../src/connection/Outbox.js"
import { SharedDeflation } from "../../src/connection/SharedDeflation.js"

/** An Outbox that keeps what it is given. */
const keeping = () => {
  const frames: Array<{ readonly first: number; readonly payload: Uint8Array }> = []
  const outbox = {
    octets: (first: number, payload: Uint8Array) => void frames.push({ first, payload: payload.slice() }),
    flush: () => {}
  } as unknown as Outbox
  return { frames, outbox }
}

const unlimited = { fragmentSize: Infinity }

const textOf = (frames: ReadonlyArray<{ readonly payload: Uint8Array }>): string =>
  Buffer.concat(frames.map(({ payload }) => payload)).toString("utf8")

/** Writes every part as a fragment of its own, then the end; `false` when a part may not stand in the message. */
const write = (writer: MessageWriter, parts: ReadonlyArray<Uint8Array | string>): boolean => {
  for (const part of parts) {
    const octets = writer.encode(part)
    if (octets === undefined) return false
    writer.fragment(octets, "flush")
  }
  return writer.end()
}

describe("RFC 6455 §5.4 Fragmentation", () => {
  it("the first frame has the opcode, the others continue it, the last has FIN", () => {
    for (const [kind, opcode] of [
      ["text", 0x1],
      ["binary", 0x2]
    ] as const) {
      const { frames, outbox } = keeping()
      const writer = new MessageWriter(outbox, unlimited, kind, undefined)
      expect(writer.isMidMessage).toBe(false)
      expect(write(writer, ["a", "b"])).toBe(true)
      expect(frames.map(({ first }) => first)).toEqual([opcode, 0x00, 0x80])
      expect(writer.isMidMessage).toBe(false)
    }
  })

  it("a message without parts is one empty frame", () => {
    const { frames, outbox } = keeping()
    expect(write(new MessageWriter(outbox, unlimited, "text", undefined), [])).toBe(true)
    expect(frames).toEqual([{ first: 0x81, payload: new Uint8Array(0) }])
  })

  it("is in the middle of a message until the frame with FIN", () => {
    const { outbox } = keeping()
    const writer = new MessageWriter(outbox, unlimited, "binary", undefined)
    writer.fragment(Uint8Array.of(1), "more")
    expect(writer.isMidMessage).toBe(true)
  })
})

describe("RFC 6455 §5.6: text is UTF-8", () => {
  it("however a text is cut into strings, also within a surrogate pair, it arrives as it is", () => {
    const texts: fcTypes.Arbitrary<string> = fc.string({ unit: "binary" })
    fc.assert(
      fc.property(texts, fc.array(fc.nat(40)), (text, cuts) => {
        const places = [0, ...[...cuts].sort((a, b) => a - b), text.length]
        const parts = places.slice(1).map((end, index) => text.slice(places[index], end))
        const { frames, outbox } = keeping()
        expect(
          write(new MessageWriter(outbox, unlimited, "text", undefined), parts.length === 0 ? [text] : parts)
        ).toBe(true)
        // As the host encodes it whole.
        expect(textOf(frames)).toBe(Buffer.from(text).toString("utf8"))
      })
    )
  })

  it("however the octets of a text are cut, they are taken; what is not UTF-8 is not", () => {
    const octets = Buffer.from("aä€😀")
    for (let cut = 0; cut <= octets.length; cut++) {
      const { frames, outbox } = keeping()
      const parts = [octets.subarray(0, cut), octets.subarray(cut)]
      expect(write(new MessageWriter(outbox, unlimited, "text", undefined), parts)).toBe(true)
      expect(textOf(frames)).toBe("aä€😀")
    }
    expect(write(new MessageWriter(keeping().outbox, unlimited, "text", undefined), [Uint8Array.of(0xc3, 0x28)])).toBe(
      false
    )
  })

  it("a text that ends within a character is not ended", () => {
    expect(write(new MessageWriter(keeping().outbox, unlimited, "text", undefined), [Uint8Array.of(0xc3)])).toBe(false)
  })

  it("a lone surrogate becomes U+FFFD", () => {
    const { frames, outbox } = keeping()
    expect(write(new MessageWriter(outbox, unlimited, "text", undefined), ["a\ud800", "b\udc00"])).toBe(true)
    expect(textOf(frames)).toBe("a\ufffdb\ufffd")
  })

  it("binary octets are not looked at, and strings among them are encoded", () => {
    const { frames, outbox } = keeping()
    expect(write(new MessageWriter(outbox, unlimited, "binary", undefined), [Uint8Array.of(0xff), "é"])).toBe(true)
    expect(Buffer.concat(frames.map(({ payload }) => payload))).toEqual(Buffer.from([0xff, 0xc3, 0xa9]))
  })
})

/** A compressor that keeps all octets until they are flushed, and says with which step. */
const hoarding = () => {
  const steps: Array<DeflateStep> = []
  let kept = ""
  const deflate = (octets: Uint8Array, step: DeflateStep): Uint8Array => {
    steps.push(step)
    kept += Buffer.from(octets).toString()
    if (step === "more") return new Uint8Array(0)
    const all = Buffer.from(`<${kept}>`)
    kept = ""
    return new Uint8Array(all)
  }
  const deflater = { deflate, reset: () => {} }
  return { steps, deflation: new Deflation(deflater, 0, new SharedDeflation(() => deflater)) }
}

describe("RFC 7692 §6.1: a compressed message", () => {
  it("RSV1 is on the first frame that leaves, and on no other", () => {
    const { frames, outbox } = keeping()
    const { deflation, steps } = hoarding()
    const writer = new MessageWriter(outbox, unlimited, "text", deflation)
    writer.fragment(Buffer.from("a"), "more")
    expect(frames).toEqual([])
    writer.fragment(Buffer.from("b"), "flush")
    writer.fragment(Buffer.from("c"), "more")
    writer.fragment(Buffer.from("d"), "end")
    expect(frames.map(({ first }) => first)).toEqual([0x41, 0x80])
    expect(textOf(frames)).toBe("<ab><cd>")
    expect(steps).toEqual(["more", "flush", "more", "end"])
  })

  it("in one frame it has FIN and RSV1", () => {
    const { frames, outbox } = keeping()
    new MessageWriter(outbox, unlimited, "binary", hoarding().deflation).fragment(Buffer.from("a"), "end")
    expect(frames.map(({ first }) => first)).toEqual([0xc2])
  })

  it("P-25: no frame is longer than fragmentSize, whatever the compressor gives", () => {
    const { frames, outbox } = keeping()
    const writer = new MessageWriter(outbox, { fragmentSize: 3 }, "binary", hoarding().deflation)
    writer.fragment(Buffer.from("abcde"), "flush")
    writer.fragment(Buffer.from("f"), "more")
    writer.fragment(Buffer.from("g"), "end")
    expect(frames.map(({ first, payload }) => `${first.toString(16)} ${Buffer.from(payload)}`)).toEqual([
      "42 <ab",
      "0 cde",
      "0 >",
      "0 <fg",
      "80 >"
    ])
  })

  it("MW-11: what the compressor holds back belongs to a message that is not at its end", () => {
    const { frames, outbox } = keeping()
    const writer = new MessageWriter(outbox, unlimited, "text", hoarding().deflation)
    writer.fragment(Buffer.from("a"), "more")
    expect([frames.length, writer.isMidMessage]).toEqual([0, true])
  })
})
