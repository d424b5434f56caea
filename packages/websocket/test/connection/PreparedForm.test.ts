import { describe, expect, it } from "vitest"
import { FramePool } from "../../src/connection/FramePool.js"
import { PreparedForm } from "../../src/connection/PreparedForm.js"
import { concat, frame, octets } from "../support/peer.js"

const form = (payload: Uint8Array, opcode = 2, isDeflated = false) =>
  new PreparedForm(payload, opcode, isDeflated, new FramePool())

describe("RFC 6455 §5.1, §5.2: the frames of a message for many", () => {
  it("are unmasked, and made once", () => {
    const made = form(octets(300))
    expect(made.frames(1000)).toEqual(frame("server", 2, octets(300)))
    expect(made.frames(1000)).toBe(made.frames(300))
    expect(form(new Uint8Array(0), 1).frames(8)).toEqual(Uint8Array.of(0x81, 0))
  })

  it("§5.4: a long one is in fragments, for each size of them", () => {
    const made = form(octets(700), 1)
    const cut = (start: number, end: number, opcode: number, fin: boolean) =>
      frame("server", opcode, octets(700).subarray(start, end), { fin })
    expect(made.frames(300)).toEqual(concat(cut(0, 300, 1, false), cut(300, 600, 0, false), cut(600, 700, 0, true)))
    expect(made.frames(500)).toEqual(concat(cut(0, 500, 1, false), cut(500, 700, 0, true)))
    expect(made.frames(300)).toBe(made.frames(300))
  })

  it("RFC 7692 §6: a compressed one has RSV1 on its first frame alone", () => {
    const parts = [octets(7).subarray(0, 5), octets(7).subarray(5)] as const
    expect(form(octets(7), 2, true).frames(5)).toEqual(
      concat(frame("server", 2, parts[0], { fin: false, rsv: 4 }), frame("server", 0, parts[1]))
    )
  })
})
