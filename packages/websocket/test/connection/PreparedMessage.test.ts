import { describe, expect, it } from "vitest"
import { PreparedMessage } from "../../src/connection/PreparedMessage.js"
import { SharedDeflation } from "../../src/connection/SharedDeflation.js"
import { frame, octets, utf8 } from "../support/peer.js"

/** Gives so many octets of what it is given, and counts how often it was asked. */
const shortening = (size: number) => {
  let count = 0
  const deflate = (payload: Uint8Array) => {
    count++
    return payload.subarray(0, size)
  }
  return { count: () => count, deflation: new SharedDeflation(() => ({ deflate, reset: () => {} })) }
}

describe("MW-18: a message for many", () => {
  it("is text for a string, and binary for octets, which may be reused", () => {
    const reused = octets(3)
    const binary = new PreparedMessage(reused)
    reused.fill(0)
    expect(binary.plain.frames(100)).toEqual(frame("server", 2, octets(3)))
    expect(binary.message).toEqual(octets(3))
    expect(new PreparedMessage("Höh\ud800").plain.frames(100)).toEqual(frame("server", 1, "Höh�"))
    expect(() => new PreparedMessage(5 as unknown as string)).toThrow(TypeError)
  })

  it("is encoded once, and compressed once for each set of parameters", () => {
    const [one, two] = [shortening(3), shortening(4)]
    const prepared = new PreparedMessage("abcdef")
    for (let times = 0; times < 3; times++) {
      expect(prepared.deflated(one.deflation).payload).toEqual(utf8("abc"))
      expect(prepared.deflated(two.deflation).frames(100)).toEqual(frame("server", 1, "abcd", { rsv: 4 }))
      expect(prepared.deflated(one.deflation).frames(9)).toBe(prepared.deflated(one.deflation).frames(9))
    }
    expect(prepared.plain.frames(9)).toBe(prepared.plain.frames(9))
    expect([one.count(), two.count()]).toEqual([1, 1])
  })

  it("is sent as it is when it becomes no shorter, or is very long", () => {
    const { count, deflation } = shortening(6)
    const prepared = new PreparedMessage("abcdef")
    expect([prepared.deflated(deflation), prepared.deflated(deflation)]).toEqual([prepared.plain, prepared.plain])
    expect(count()).toBe(1)
    const long = new PreparedMessage(new Uint8Array(1024 * 1024 + 1))
    expect(long.deflated(deflation)).toBe(long.plain)
    expect(count()).toBe(1)
  })
})
