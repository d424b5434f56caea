import { FrameDecoder } from "@effect-websocket/protocol/frame/FrameDecoder"
import { describe, expect, it } from "vitest"
import { DeflatedContent } from "../../src/load/Content.js"
import { payload } from "../../src/load/payloads.js"
import { Replies } from "../../src/load/Replies.js"
import { Ring } from "../../src/load/Ring.js"

describe("the generator's frames (RFC 6455 §5.2, §5.3)", () => {
  it("are what the kernel reads, and unmask to the payloads", () => {
    for (const size of [0, 16, 125, 126, 1024, 70_000]) {
      const ring = new Ring({ kind: "binary", size, masked: true, deflate: false, inFlight: 4 })
      const pieces: Array<Buffer> = []
      const decoder = new FrameDecoder("server", {
        onFrame: () => undefined,
        onPayload: (octets, start, end) => {
          pieces.push(Buffer.from(octets.subarray(start, end)))
          return undefined
        },
        onFrameEnd: () => undefined
      })
      expect(decoder.decode(Buffer.from(ring.slice(0, 4)))).toBeUndefined()
      expect(Buffer.concat(pieces).equals(Buffer.concat(ring.payloads.slice(0, 4)))).toBe(true)
    }
  })

  it("have keys that differ", () => {
    const ring = new Ring({ kind: "binary", size: 16, masked: true, deflate: false, inFlight: 8 })
    const keys = Array.from({ length: 8 }, (_, n) => ring.slice(n, 1).toString("hex", 2, 6))
    expect(new Set(keys).size).toBe(8)
  })

  it("inflate to the payloads when they are compressed (RFC 7692 §7.2.2)", () => {
    const ring = new Ring({ kind: "json", size: 1024, masked: false, deflate: true, inFlight: 8 })
    const octets = ring.slice(0, 8)
    const replies = new Replies({ opcode: 0x41, masked: false }, new DeflatedContent(ring.payloads))
    expect(replies.take(octets, 0, octets.length)).toBe(8)
  })
})

describe("payloads", () => {
  it("have the size that was asked for, and differ", () => {
    for (const kind of ["binary", "ascii", "json", "multibyte"] as const) {
      for (const size of [0, 1, 16, 125, 1024]) expect(payload(kind, size, 3).length).toBe(size)
      expect(payload(kind, 125, 0)).not.toEqual(payload(kind, 125, 1))
    }
  })

  it("are UTF-8 when they are text, and more octets than characters when they are multibyte", () => {
    for (const size of [125, 1024]) {
      const octets = payload("multibyte", size, 5)
      expect(Buffer.from(octets.toString("utf8"))).toEqual(octets)
      expect(octets.toString("utf8").length).toBeLessThan(size)
    }
  })
})
