import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { isControl } from "../../src/frame/Opcode.js"
import { MessageAssembler, type MessageLimits } from "../../src/message/MessageAssembler.js"
import { legalFrames, mutatedFrames, wireOf } from "../support/frameArbitraries.js"
import { concat, cutAt, type Event, everyCut, hexOf, MessageRecorder, octetsOf, run, utf8 } from "../support/frames.js"
import { reference } from "../support/reference.js"

const limits: MessageLimits = { maxMessageSize: 100_000, maxFrameSize: 100_000, maxFragments: 16 }

const assemble = (hex: string, own: Partial<MessageLimits> = {}) => {
  const octets = octetsOf(hex)
  const outcomes = everyCut(octets).map((chunks) => run("client", new MessageRecorder({ ...limits, ...own }), chunks))
  for (const outcome of outcomes) expect(outcome).toEqual(outcomes[0])
  return outcomes[0]
}

const text = (text: string): Event => ({ text })

const binary = (binary: string): Event => ({ binary })

const ping = (payload: string): Event => ({ frame: 9, fin: true, rsv: 0, payload })

const header = (opcode: number, length: number, fin = true, rsv = 0) => ({
  fin,
  rsv,
  opcode,
  masked: false,
  length,
  maskingKey: 0
})

/** One frame given in the pieces. */
const frame = (assembler: MessageAssembler, opcode: number, fin: boolean, ...pieces: ReadonlyArray<Uint8Array>) => {
  const violation = assembler.onFrame(header(opcode, concat(...pieces).length, fin))
  if (violation !== undefined) return violation
  for (const piece of pieces) {
    const violation = assembler.onPayload(piece, 0, piece.length)
    if (violation !== undefined) return violation
  }
  return assembler.onFrameEnd()
}

describe("RFC 6455 §5.4 Fragmentation", () => {
  it.each([
    ["§5.7 a single-frame text message", "8105 48656c6c6f", [text("Hello")]],
    ["§5.7 a fragmented text message", "0103 48656c 8002 6c6f", [text("Hello")]],
    ["binary messages", "8203 010203 8201 ff", [binary("010203"), binary("ff")]],
    ["empty messages", "8100 8200", [text(""), binary("")]],
    ["empty fragments", "0100 0000 800161", [text("a")]],
    ["a message of empty fragments", "0200 0000 8000", [binary("")]],
    ["fragmented octets", "0201ff 000100 800161", [binary("ff0061")]],
    ["a Ping between fragments", "010161 890170 800162", [ping("70"), text("ab")]],
    ["a Ping inside of a split character", "0101c3 8900 8001a9", [ping(""), text("é")]],
    ["a byte order mark", "8104efbbbf41", [text("\ufeffA")]],
    ["two messages of fragments", "010161 800162 010163 800164", [text("ab"), text("cd")]]
  ])("MUST assemble %s", (_, hex, events) => {
    expect(assemble(hex)).toMatchObject({ events, violation: undefined })
  })

  it.each([
    ["a text inside of a fragmented text", "010161 810162", "BadDataFrame", 3],
    ["a fragmented binary inside of an empty fragment", "0100 0200", "BadDataFrame", 2],
    ["a continuation of nothing", "8000", "BadContinuation", 0],
    ["a continuation behind the end", "810161 000161", "BadContinuation", 3]
  ])("MUST refuse %s", (_, hex, violation, offset) => {
    expect(assemble(hex)).toMatchObject({ violation, offset })
  })
})

describe("RFC 6455 §8.1 text is UTF-8", () => {
  it.each([
    ["a bad octet", "8101ff"],
    ["a sequence without an end", "8102e282"],
    ["a sequence that goes on in another message", "0101c3 8000"],
    ["a split character with a bad second half", "0101c3 800128"],
    ["a surrogate", "8103eda080"],
    ["a bad octet in a frame that has not ended", `8114${"61".repeat(12)}ff`],
    ["a bad octet in a message that has not ended", "0102c328"]
  ])("MUST refuse %s", (_, hex) => {
    expect(assemble(hex)).toMatchObject({ events: [], violation: "BadFramePayload" })
  })

  it("does not apply to binary messages", () => {
    expect(assemble("0201ff 8001ff").events).toEqual([binary("ffff")])
  })
})

describe("RFC 6455 §10.4 limits", () => {
  it("refuses a frame over the limit at its header", () => {
    expect(assemble("827e0100", { maxFrameSize: 255 }).violation).toBe("FrameTooBig")
    expect(assemble("827e0100", { maxFrameSize: 256 }).violation).toBeUndefined()
  })

  it("refuses a message over the limit at the header that tells", () => {
    expect(assemble("827e0100", { maxMessageSize: 255 }).violation).toBe("MessageTooBig")
    expect(assemble("827e0100", { maxMessageSize: 256 }).violation).toBeUndefined()
    expect(assemble("010161 8003", { maxMessageSize: 3 })).toMatchObject({ violation: "MessageTooBig", offset: 3 })
    expect(assemble("010161 8002", { maxMessageSize: 3 }).violation).toBeUndefined()
  })

  it("refuses too many fragments, empty ones counted", () => {
    expect(assemble("0100 0000 0000", { maxFragments: 2 })).toMatchObject({ violation: "TooManyFragments", offset: 4 })
    expect(assemble("0100 8000 0100 8000", { maxFragments: 2 }).violation).toBeUndefined()
  })

  it("tells the limit, which is never more than a string can have", () => {
    const assembler = new MessageAssembler({ maxMessageSize: Infinity, maxFrameSize: Infinity, maxFragments: 1 })
    expect(assembler.onFrame(header(2, 2 ** 40))).toMatchObject({ _tag: "MessageTooBig", limit: 0x1fff_ffe8 })
  })

  it("counts the octets of a compressed message as they are inflated", () => {
    const assembler = new MessageAssembler({ ...limits, maxMessageSize: 4 })
    expect(assembler.onFrame(header(2, 10, true, 4))).toBeUndefined()
    expect(assembler.onPayload(utf8("abc"), 0, 3)).toBeUndefined()
    expect(assembler.onPayload(utf8("d"), 0, 1)).toBeUndefined()
    expect(assembler.onPayload(utf8("e"), 0, 1)).toMatchObject({ _tag: "MessageTooBig", limit: 4 })
  })

  it("takes a compressed message in pieces, whatever its header says", () => {
    const assembler = new MessageAssembler(limits)
    assembler.onFrame(header(1, 3, true, 4))
    assembler.onPayload(utf8("abc"), 0, 3)
    assembler.onPayload(utf8("d"), 0, 1)
    expect(assembler.onFrameEnd()).toBe("abcd")
  })
})

describe("MessageAssembler", () => {
  it("knows whether a message has begun and not ended, and its kind", () => {
    const assembler = new MessageAssembler(limits)
    expect(assembler.isOpen).toBe(false)
    expect(frame(assembler, 1, false, utf8("a"))).toBeUndefined()
    expect([assembler.isOpen, assembler.kind]).toEqual([true, "text"])
    expect(frame(assembler, 0, true)).toBe("a")
    expect([assembler.isOpen, assembler.kind]).toEqual([false, "text"])
    frame(assembler, 2, false)
    expect([assembler.isOpen, assembler.kind]).toEqual([true, "binary"])
  })

  it("delivers octets that are the application's own", () => {
    const assembler = new MessageAssembler(limits)
    const chunk = Buffer.from("abcabc")
    const message = frame(assembler, 2, true, chunk) as Uint8Array
    const joined = frame(assembler, 2, true, chunk.subarray(0, 3), chunk.subarray(3)) as Uint8Array
    chunk.fill(0)
    for (const octets of [message, joined]) {
      expect(octets).toEqual(utf8("abcabc"))
      expect(octets.constructor).toBe(Uint8Array)
      expect(octets.buffer.byteLength).toBe(6)
    }
  })

  it("streams a message: checked, not kept, of any size", () => {
    const assembler = new MessageAssembler({ ...limits, maxMessageSize: 4 })
    expect(frame(assembler, 1, false, utf8("ab"))).toBeUndefined()
    expect(hexOf(assembler.stream())).toBe("6162")
    expect(frame(assembler, 0, false, utf8("cdefgh"))).toBeUndefined()
    expect(frame(assembler, 0, true, utf8("i"))).toBe("")
    expect(frame(assembler, 1, true, utf8("next"))).toBe("next")
    expect(frame(assembler, 1, true, utf8("12345"))).toMatchObject({ _tag: "MessageTooBig" })
  })

  /** A text of some MiB, with characters of every length across every cut. */
  const longText = "aé€😀".repeat(300_000)

  it("§5.6: a long text is the text, however it is cut, and is streamed whole from any place", () => {
    const octets = utf8(longText)
    for (const size of [octets.length, 65_536, 65_537, 1_000_003]) {
      const large = { maxMessageSize: octets.length, maxFrameSize: octets.length, maxFragments: 1000 }
      const assembler = new MessageAssembler(large)
      const streaming = new MessageAssembler(large)
      for (let at = 0; at < octets.length; at += size) {
        const isLast = at + size >= octets.length
        const part = octets.subarray(at, at + size)
        const whole = frame(assembler, at === 0 ? 1 : 0, isLast, part.slice(0, 7), part.slice(7))
        expect(whole === (isLast ? longText : undefined)).toBe(true)
        if (!isLast) frame(streaming, at === 0 ? 1 : 0, false, part)
      }
      const kept = streaming.stream()
      expect(Buffer.compare(kept, octets.subarray(0, kept.length))).toBe(0)
      expect(kept.length).toBe(Math.floor((octets.length - 1) / size) * size)
    }
  })

  it("§8.1: a long text may not end inside of a sequence, and is counted in octets", () => {
    const octets = utf8(longText)
    const assembler = new MessageAssembler({
      maxMessageSize: octets.length + 1,
      maxFrameSize: 2 ** 31,
      maxFragments: 2
    })
    frame(assembler, 1, false, octets)
    expect(assembler.room).toBe(1)
    expect(frame(assembler, 0, true, octetsOf("c3"))).toMatchObject({ _tag: "BadFramePayload" })
    const full = new MessageAssembler({ maxMessageSize: octets.length, maxFrameSize: 2 ** 31, maxFragments: 2 })
    frame(full, 1, false, octets)
    expect(frame(full, 0, true, utf8("a"))).toMatchObject({ _tag: "MessageTooBig" })
  })

  it("tells how much a message may still grow; without limit while it is not kept", () => {
    const assembler = new MessageAssembler({ ...limits, maxMessageSize: 4 })
    frame(assembler, 2, false, utf8("abc"))
    expect(assembler.room).toBe(1)
    assembler.stream()
    expect(assembler.room).toBe(Number.POSITIVE_INFINITY)
  })

  it("follows limits that are changed between frames", () => {
    const own = { ...limits, maxMessageSize: 4 }
    const assembler = new MessageAssembler(own)
    frame(assembler, 2, false, utf8("abcd"))
    own.maxMessageSize = 5
    expect(frame(assembler, 0, true, utf8("e"))).toEqual(utf8("abcde"))
  })

  it("streams the next message when none is under way", () => {
    const assembler = new MessageAssembler({ ...limits, maxMessageSize: 4 })
    expect(assembler.stream()).toEqual(new Uint8Array(0))
    expect(frame(assembler, 2, true, utf8("123456"))).toEqual(new Uint8Array(0))
    expect(frame(assembler, 2, true, utf8("7"))).toEqual(utf8("7"))
  })

  it("§8.1: checks the text that it streams", () => {
    const assembler = new MessageAssembler(limits)
    expect(frame(assembler, 1, false, octetsOf("61c3"))).toBeUndefined()
    expect(hexOf(assembler.stream())).toBe("61c3")
    expect(frame(assembler, 0, true, octetsOf("28"))).toMatchObject({ _tag: "BadFramePayload" })
    const unfinished = new MessageAssembler(limits)
    unfinished.stream()
    expect(frame(unfinished, 1, true, octetsOf("c3"))).toMatchObject({ _tag: "BadFramePayload" })
  })

  it.each(["client", "server"] as const)(
    "law: legal frames give what the reference gives, however cut (%s)",
    (role) => {
      fc.assert(
        fc.property(legalFrames(role), fc.array(fc.nat(), { maxLength: 6 }), (frames, cuts) => {
          const octets = wireOf(frames)
          const outcome = run(role, new MessageRecorder(limits), cutAt(octets, cuts))
          expect(outcome).toEqual(reference(role, octets, limits))
          expect(outcome.violation).toBeUndefined()
          const controls = frames.filter(({ opcode }) => isControl(opcode)).length
          expect(outcome.events.length - controls).toBe(frames.filter(({ fin, opcode }) => fin && opcode < 8).length)
        })
      )
    }
  )

  it.each(["client", "server"] as const)(
    "law: changed frames give what the reference gives, however cut (%s)",
    (role) => {
      const tight: MessageLimits = { maxMessageSize: 180, maxFrameSize: 150, maxFragments: 3 }
      const limit = fc.constantFrom(limits, limits, tight)
      fc.assert(
        fc.property(mutatedFrames(role), fc.array(fc.nat(), { maxLength: 6 }), limit, (frames, cuts, limits) => {
          const octets = wireOf(frames)
          const expected = reference(role, octets, limits)
          expect(run(role, new MessageRecorder(limits), [octets])).toEqual(expected)
          expect(run(role, new MessageRecorder(limits), cutAt(octets, cuts))).toEqual(expected)
        }),
        { numRuns: 300 }
      )
    }
  )

  it("law: any octets give what the reference gives, never a throw", () => {
    const header = fc.constantFrom("8105", "0101", "8003", "897e", "827e0080", "8100", "8802")
    const octets = fc
      .array(fc.oneof(header.map(octetsOf), fc.uint8Array({ maxLength: 6 })))
      .map((all) => concat(...all))
    fc.assert(
      fc.property(octets, fc.array(fc.nat(), { maxLength: 4 }), (octets, cuts) => {
        const outcome = run("client", new MessageRecorder(limits), cutAt(octets, cuts))
        expect(outcome).toEqual(reference("client", octets, limits))
      })
    )
  })
})
