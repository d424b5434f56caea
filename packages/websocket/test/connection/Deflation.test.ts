import { describe, expect, it } from "vitest"
import type { DeflateStep } from "../../src/Compression.js"
import { Deflation } from "../../src/connection/Deflation.js"
import { PreparedMessage } from "../../src/connection/PreparedMessage.js"
import { SharedDeflation } from "../../src/connection/SharedDeflation.js"

/** A compressor that gives back what it is given. */
const echoing = (threshold = 128) => {
  const calls: Array<readonly [string, DeflateStep]> = []
  const deflate = (octets: Uint8Array, step: DeflateStep): Uint8Array => {
    calls.push([Buffer.from(octets).toString(), step])
    return octets
  }
  let resets = 0
  const deflater = { deflate, reset: () => void resets++ }
  // The one for many drops the first octet.
  const shared = new SharedDeflation(() => ({ deflate: (octets) => octets.subarray(1), reset: () => {} }))
  return { calls, resets: () => resets, deflation: new Deflation(deflater, threshold, shared) }
}

describe("RFC 7692 §7.2.1: what is compressed", () => {
  it("P-09: messages of at least the threshold", () => {
    const { deflation } = echoing(10)
    expect([9, 10, 11].map((length) => deflation.applies(length, undefined))).toEqual([false, true, true])
  })

  it("P-10: what the application chose for a message counts first", () => {
    const { deflation } = echoing(10)
    expect([deflation.applies(0, true), deflation.applies(100, false)]).toEqual([true, false])
  })

  it("a text is its UTF-8, whatever its length; octets are as they are", () => {
    const { calls, deflation } = echoing()
    const texts = ["", "é€😀", "é".repeat(64 * 1024), "€".repeat(64 * 1024 + 1), "\ud800"]
    for (const text of texts) expect(Buffer.from(deflation.whole(text)).toString()).toBe(Buffer.from(text).toString())
    deflation.whole(Uint8Array.of(97))
    expect(calls.every(([, step]) => step === "end")).toBe(true)
    expect(calls.at(-1)).toEqual(["a", "end"])
  })

  it("MW-18, §7.2.3.2: what goes to many is compressed for all of them, and the own compressor begins anew", () => {
    const { calls, deflation, resets } = echoing(4)
    const forms = ["abc", "abcd", ""].map((text) => deflation.form(new PreparedMessage(text)))
    expect(forms.map(({ payload }) => Buffer.from(payload).toString())).toEqual(["abc", "bcd", ""])
    expect(forms.map(({ isDeflated }) => isDeflated)).toEqual([false, true, false])
    expect([resets(), calls]).toEqual([1, []])
    expect(deflation.form(new PreparedMessage("abcd", false)).isDeflated).toBe(false)
    expect(deflation.form(new PreparedMessage("a", true)).isDeflated).toBe(true)
    expect(resets()).toBe(2)
  })

  it("parts are put through with what comes after them", () => {
    const { calls, deflation } = echoing()
    for (const step of ["more", "flush", "end"] as const) deflation.part(Uint8Array.of(97), step)
    expect(calls).toEqual([
      ["a", "more"],
      ["a", "flush"],
      ["a", "end"]
    ])
  })
})
