import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Role } from "../../src/bytes/Role.js"
import { FrameDecoder, type FrameSink } from "../../src/frame/FrameDecoder.js"
import { badDataFrame, badDeflate, frameTooBig } from "../../src/frame/ProtocolViolation.js"
import { legalFrames, mutatedFrames, type RawFrame, wireOf } from "../support/frameArbitraries.js"
import { cutAt, type Event, everyCut, FrameRecorder, octetsOf, run } from "../support/frames.js"

const frame = (frame: number, payload: string, fin = true, rsv = 0): Event => ({ frame, fin, rsv, payload })

const hello = "48656c6c6f"

const ping125 = "aa".repeat(125)

const legal: ReadonlyArray<readonly [string, Role, string, ReadonlyArray<Event>]> = [
  ["§5.7 unmasked text", "client", `8105${hello}`, [frame(1, hello)]],
  ["§5.7 masked text", "server", "818537fa213d7f9f4d5158", [frame(1, hello)]],
  ["§5.7 fragmented text", "client", "010348656c 80026c6f", [frame(1, "48656c", false), frame(0, "6c6f")]],
  ["§5.7 unmasked Ping", "client", `8905${hello}`, [frame(9, hello)]],
  ["§5.7 masked Pong", "server", "8a8537fa213d7f9f4d5158", [frame(10, hello)]],
  ["§5.7 256 octets", "client", `827e0100${"01".repeat(256)}`, [frame(2, "01".repeat(256))]],
  ["empty frames", "client", "8100 8200 8900", [frame(1, ""), frame(2, ""), frame(9, "")]],
  ["an empty masked frame", "server", "818000000000", [frame(1, "")]],
  ["§5.5: a control frame of 125 octets", "client", `897d${ping125}`, [frame(9, ping125)]],
  ["126 octets", "client", `827e007e${"62".repeat(126)}`, [frame(2, "62".repeat(126))]],
  [
    "a Ping between fragments",
    "client",
    "010161 890170 800162",
    [frame(1, "61", false), frame(9, "70"), frame(0, "62")]
  ]
]

const illegal: ReadonlyArray<readonly [string, Role, string, string]> = [
  ["§5.2: RSV1 that no extension claims", "client", "c1", "BadReservedBits"],
  ["§5.2: RSV2", "client", "a1", "BadReservedBits"],
  ["§5.2: RSV3", "client", "91", "BadReservedBits"],
  ["§5.2: RSV bits of a continuation", "client", "c0", "BadReservedBits"],
  ["§5.2: RSV bits of a Ping", "client", "c9", "BadReservedBits"],
  ["§5.2: RSV bits, before a reserved opcode", "client", "b3", "BadReservedBits"],
  ["§5.2: opcode 3", "client", "83", "BadOpcode"],
  ["§5.2: opcode 7", "client", "87", "BadOpcode"],
  ["§5.2: opcode 0xB", "client", "8b", "BadOpcode"],
  ["§5.2: opcode 0xF without FIN", "client", "0f", "BadOpcode"],
  ["§5.5: a Ping without FIN", "client", "09", "BadControlFragment"],
  ["§5.5: a Close without FIN", "server", "08", "BadControlFragment"],
  ["§5.5: a Ping of 126 octets", "client", "897e", "BadControlSize"],
  ["§5.5: a Close in the 64-bit form", "server", "88ff", "BadControlSize"],
  ["§5.5: a long Ping, before its missing mask", "server", "897e", "BadControlSize"],
  ["§5.1: an unmasked frame to a server", "server", "8105", "BadUnmaskedFrame"],
  ["§5.1: a masked frame to a client", "client", "8185", "BadMaskedFrame"],
  ["§5.2: 16-bit form of 125", "client", "817e007d", "BadSize"],
  ["§5.2: 16-bit form of 0", "server", "81fe0000", "BadSize"],
  ["§5.2: 64-bit form of 65535", "client", "817f000000000000ffff", "BadSize"],
  ["§5.2: the highest bit of the 64-bit form", "client", "827f8000000000010000", "BadSize"],
  ["§5.2: all bits of the 64-bit form", "server", "82ffffffffffffffffff", "BadSize"]
]

describe("RFC 6455 §5.2 FrameDecoder", () => {
  it.each(legal)("MUST decode %s", (_, role, hex, events) => {
    const octets = octetsOf(hex)
    for (const chunks of everyCut(octets)) {
      expect(run(role, new FrameRecorder(), chunks)).toEqual({ events, violation: undefined, offset: octets.length })
    }
  })

  it.each(illegal)("MUST refuse %s, on the octet that tells", (_, role, hex, violation) => {
    const before = role === "client" ? "8100" : "818000000000"
    const bad = octetsOf(before + hex)
    for (const chunks of everyCut(bad)) {
      const outcome = run(role, new FrameRecorder(), chunks)
      expect(outcome).toEqual({ events: [frame(1, "")], violation, offset: before.length / 2 })
    }
    const cut = bad.subarray(0, bad.length - 1)
    expect(run(role, new FrameRecorder(), [cut]).violation).toBeUndefined()
  })

  it("tells the header before the payload has come", () => {
    const headers: Array<unknown> = []
    const sink: FrameSink = {
      onFrame: (header) => {
        headers.push({ ...header })
        return undefined
      },
      onPayload: () => undefined,
      onFrameEnd: () => undefined
    }
    new FrameDecoder("server", sink, 4).decode(octetsOf("42fe0100fffefdfc"))
    new FrameDecoder("client", sink).decode(octetsOf("817f001fffffffffffff"))
    expect(headers).toEqual([
      { fin: false, rsv: 4, opcode: 2, masked: true, length: 256, maskingKey: 0xfffefdfc },
      { fin: true, rsv: 0, opcode: 1, masked: false, length: Number.MAX_SAFE_INTEGER, maskingKey: 0 }
    ])
  })

  it("Stricter: a frame of 2^53 octets is over every limit", () => {
    const decoder = new FrameDecoder("client", new FrameRecorder())
    expect(decoder.decode(octetsOf("827f0020000000000000"))).toEqual(frameTooBig(Number.MAX_SAFE_INTEGER))
    const masked = new FrameDecoder("server", new FrameRecorder())
    expect(masked.decode(octetsOf("82ff7fffffffffffffff"))?._tag).toBe("FrameTooBig")
  })

  it.each([4, 2, 1, 7])("§5.2: RSV bits %d in use by extensions are legal on the first frame of a message", (bits) => {
    const first = 0x80 | (bits << 4)
    const decode = (opcode: number) => run("client", new FrameRecorder(), [Uint8Array.of(first | opcode, 0)], bits)
    expect(decode(1).events).toEqual([frame(1, "", true, bits)])
    expect(decode(2).events).toEqual([frame(2, "", true, bits)])
    for (const opcode of [0, 8, 9, 10]) expect(decode(opcode).violation).toBe("BadReservedBits")
  })

  it("§5.2: MUST refuse another RSV bit than the one in use", () => {
    expect(run("client", new FrameRecorder(), [octetsOf("a100")], 4).violation).toBe("BadReservedBits")
    expect(run("client", new FrameRecorder(), [octetsOf("f100")], 4).violation).toBe("BadReservedBits")
  })

  it("§5.5.1: ignores what comes behind a Close frame, once it is stopped", () => {
    const octets = octetsOf("880203e8 8a00")
    for (const chunks of everyCut(octets)) {
      const outcome = run("client", new FrameRecorder(), chunks)
      expect(outcome).toEqual({ events: [frame(8, "03e8")], violation: undefined, offset: 4 })
    }
  })

  it("ignores everything after a violation", () => {
    const recorder = new FrameRecorder()
    const decoder = new FrameDecoder("client", recorder)
    expect(decoder.decode(octetsOf("8100 83"))?._tag).toBe("BadOpcode")
    expect(decoder.decode(octetsOf("8100"))).toBeUndefined()
    expect(recorder.events).toHaveLength(1)
  })

  it("stops at once in the middle of a frame", () => {
    const recorder = new FrameRecorder()
    const decoder = new FrameDecoder("client", { ...recorder, onFrame: () => void decoder.stop() })
    expect(decoder.decode(octetsOf("8101ff"))).toBeUndefined()
    expect(decoder.offset).toBe(2)
    expect(recorder.events).toEqual([])
  })

  it.each(["onFrame", "onPayload", "onFrameEnd"] as const)("returns the violation that %s found", (name) => {
    const sink = { ...new FrameRecorder(), [name]: () => badDataFrame }
    const decoder = new FrameDecoder("client", sink)
    expect(decoder.decode(octetsOf("8101ff 83"))).toBe(badDataFrame)
    expect(decoder.offset).toBe(0)
  })

  it("knows whether a frame has begun and not ended", () => {
    const decoder = new FrameDecoder("client", new FrameRecorder())
    const states = Array.from(octetsOf("8102ffff"), (octet) => {
      decoder.decode(Uint8Array.of(octet))
      return decoder.isMidFrame
    })
    expect(states).toEqual([true, true, true, false])
  })

  it("decodes a Buffer as it does a Uint8Array", () => {
    const recorder = new FrameRecorder()
    new FrameDecoder("server", recorder).decode(Buffer.from("818537fa213d7f9f4d5158", "hex"))
    expect(recorder.events).toEqual([frame(1, hello)])
  })

  const told = (frames: ReadonlyArray<RawFrame>) =>
    frames.map(({ fin, opcode, payload, rsv }) => frame(opcode, Buffer.from(payload).toString("hex"), fin, rsv))

  it.each(["client", "server"] as const)("law: what was encoded is decoded, however it is cut (%s)", (role) => {
    fc.assert(
      fc.property(legalFrames(role), fc.array(fc.nat(), { maxLength: 6 }), (frames, cuts) => {
        const outcome = run(role, new FrameRecorder(), cutAt(wireOf(frames), cuts))
        expect(outcome.violation).toBeUndefined()
        expect(outcome.events).toEqual(told(frames))
      })
    )
  })

  it.each(["client", "server"] as const)("law: chunking does not matter for illegal frames (%s)", (role) => {
    fc.assert(
      fc.property(mutatedFrames(role), fc.array(fc.nat(), { maxLength: 6 }), fc.nat(7), (frames, cuts, reserved) => {
        const octets = wireOf(frames)
        const whole = run(role, new FrameRecorder(), [octets], reserved)
        expect(run(role, new FrameRecorder(), cutAt(octets, cuts), reserved)).toEqual(whole)
      })
    )
  })

  it("law: any octets give frames or a violation, never a throw", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom("client" as const, "server" as const),
        (octets, role) => {
          const outcome = run(role, new FrameRecorder(), [octets], 4)
          expect(outcome.offset).toBeLessThanOrEqual(octets.length)
        }
      )
    )
  })

  /** Feeds octets to a decoder that pauses at every payload, and goes on `later` or at once. */
  const runPausing = (role: Role, chunks: ReadonlyArray<Uint8Array>, isLater: boolean) => {
    const recorder = new FrameRecorder()
    let violation: string | undefined
    const decoder: FrameDecoder = new FrameDecoder(role, {
      onFrame: recorder.onFrame,
      onPayload: (octets, start, end) => {
        decoder.pause()
        return recorder.onPayload(octets, start, end)
      },
      onFrameEnd: recorder.onFrameEnd
    })
    recorder.stop = () => decoder.stop()
    const goOn = () => {
      while (decoder.isPaused) violation ??= decoder.resume()?._tag
    }
    for (const chunk of chunks) {
      violation ??= decoder.decode(chunk.slice())?._tag
      if (!isLater) goOn()
    }
    goOn()
    return { events: recorder.events, violation, offset: decoder.offset }
  }

  it.each(["client", "server"] as const)("law: pauses lose, alter and reorder nothing (%s)", (role) => {
    fc.assert(
      fc.property(mutatedFrames(role), fc.array(fc.nat(), { maxLength: 4 }), fc.boolean(), (frames, cuts, isLater) => {
        const chunks = cutAt(wireOf(frames), cuts)
        expect(runPausing(role, chunks, isLater)).toEqual(run(role, new FrameRecorder(), chunks))
      })
    )
  })

  it("paused, it does nothing, and what it was given may be used again", () => {
    const recorder = new FrameRecorder()
    const decoder = new FrameDecoder("client", { ...recorder, onPayload: () => void decoder.pause() })
    decoder.decode(octetsOf("8101ff"))
    const lent = octetsOf("8100")
    decoder.decode(lent)
    lent.fill(0xff)
    expect([decoder.isPaused, recorder.events.length]).toEqual([true, 0])
    expect(decoder.resume()).toBeUndefined()
    expect([decoder.isPaused, recorder.events.length, decoder.offset]).toEqual([false, 2, 5])
    expect(decoder.resume()).toBeUndefined()
  })

  it.each([true, false])(
    "a fault that is found while it is paused has the place of its frame (more waits: %s)",
    (waits) => {
      const decoder: FrameDecoder = new FrameDecoder("client", {
        ...new FrameRecorder(),
        onPayload: (octets) => (octets.length > 3 ? undefined : void decoder.pause())
      })
      decoder.decode(octetsOf("8101ff 8101ff"))
      decoder.decode(octetsOf("8102ff"))
      if (waits) decoder.decode(octetsOf("ff 83"))
      expect(decoder.fail(badDeflate)).toBe(badDeflate)
      expect([decoder.offset, decoder.isPaused, decoder.resume()]).toEqual([6, false, undefined])
      expect([decoder.decode(octetsOf("83")), decoder.offset]).toEqual([undefined, 6])
    }
  )

  it("stopped while it is paused, it forgets what waits", () => {
    const decoder = new FrameDecoder("client", { ...new FrameRecorder(), onPayload: () => void decoder.pause() })
    decoder.decode(octetsOf("8101ff 83"))
    decoder.stop()
    expect([decoder.isPaused, decoder.resume()]).toEqual([false, undefined])
    decoder.pause()
    expect(decoder.isPaused).toBe(false)
  })
})
