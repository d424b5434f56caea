import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { isSendable } from "../../src/control/CloseCode.js"
import { decode, encode } from "../../src/control/ClosePayload.js"
import { hexOf, octetsOf } from "../support/frames.js"

const encoded = (code: number | undefined, reason: string): string => {
  const payload = encode(code, reason)
  return typeof payload === "string" ? payload : hexOf(payload)
}

describe("RFC 6455 §5.5.1 ClosePayload.encode", () => {
  it.each([
    [undefined, "", ""],
    [1000, "", "03e8"],
    [1000, "bye", "03e8627965"],
    [4999, "\ud800", "1387efbfbd"],
    [1001, `${"é".repeat(61)}a`, `03e9${"c3a9".repeat(61)}61`]
  ])("encodes %s and %j", (code, reason, hex) => {
    expect(encoded(code, reason)).toBe(hex)
  })

  it.each([
    [undefined, "a reason without a code", "BadCloseCode"],
    [1005, "", "BadCloseCode"],
    [1006, "", "BadCloseCode"],
    [70000, "", "BadCloseCode"],
    [1000, "é".repeat(62), "PayloadTooLong"],
    [1000, "a".repeat(124), "PayloadTooLong"]
  ])("MUST NOT encode %s and %j", (code, reason, fault) => {
    expect(encoded(code, reason)).toBe(fault)
  })
})

describe("RFC 6455 §5.5.1 ClosePayload.decode", () => {
  it.each([
    ["03e8", { code: 1000, reason: "" }],
    ["0fa0627965", { code: 4000, reason: "bye" }],
    ["03e8efbbbf61", { code: 1000, reason: "\ufeffa" }],
    ["fc15", "BadCloseCode"],
    ["03", "BadCloseSize"],
    ["0000", "BadCloseCode"],
    ["03ed", "BadCloseCode"],
    ["03edff", "BadCloseCode"],
    ["03e8ff", "BadClosePayload"],
    ["03e8eda080", "BadClosePayload"],
    ["03e8e282", "BadClosePayload"]
  ])("decodes %s", (hex, expected) => {
    const decoded = decode(octetsOf(hex))
    expect(decoded !== undefined && "_tag" in decoded ? decoded._tag : decoded).toEqual(expected)
  })

  it("§7.1.5: an empty payload has no status", () => {
    expect(decode(new Uint8Array(0))).toBeUndefined()
  })

  it("law: decode(encode(x)) = x", () => {
    const code = fc.integer({ min: 1000, max: 4999 }).filter(isSendable)
    fc.assert(
      fc.property(code, fc.fullUnicodeString({ maxLength: 30 }), (code, reason) => {
        expect(decode(encode(code, reason) as Uint8Array)).toEqual({ code, reason })
      })
    )
  })
})
