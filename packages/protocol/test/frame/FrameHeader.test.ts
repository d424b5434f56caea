import { describe, expect, it } from "vitest"
import { encodeHeader, sizeOf, unmasked } from "../../src/frame/FrameHeader.js"
import { hexOf } from "../support/frames.js"

const header = (length: number, key: number): string => {
  const target = new Uint8Array(16)
  return hexOf(target.subarray(1, encodeHeader(target, 1, 0x82, length, key)))
}

describe("RFC 6455 §5.2 FrameHeader", () => {
  it.each([
    [0, "8200"],
    [5, "8205"],
    [125, "827d"],
    [126, "827e007e"],
    [256, "827e0100"],
    [65535, "827effff"],
    [65536, "827f0000000000010000"],
    [2 ** 31, "827f0000000080000000"],
    [2 ** 32 + 1, "827f0000000100000001"],
    [Number.MAX_SAFE_INTEGER, "827f001fffffffffffff"]
  ])("MUST encode a length of %d in the least number of octets", (length, hex) => {
    expect(header(length, unmasked)).toBe(hex)
    expect(sizeOf(length, false)).toBe(hex.length / 2)
  })

  it("§5.3: sets MASK, and puts the key in network byte order behind the length", () => {
    expect(header(5, 0x37fa213d)).toBe("828537fa213d")
    expect(header(126, 0xfffefdfc)).toBe("82fe007efffefdfc")
    expect(header(65536, 0)).toBe("82ff000000000001000000000000")
    expect([5, 126, 65536].map((length) => sizeOf(length, true))).toEqual([6, 8, 14])
  })

  it("writes the first octet as it is given", () => {
    const target = new Uint8Array(2)
    encodeHeader(target, 0, 0x49, 0, unmasked)
    expect(hexOf(target)).toBe("4900")
  })
})
