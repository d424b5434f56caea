import { describe, expect, it } from "vitest"
import { checkFirst, checkSecond, illegal, incomplete, read32, readLength } from "../../src/frame/HeaderChecks.js"
import { octetsOf } from "../support/frames.js"

describe("RFC 6455 §5.2 HeaderChecks", () => {
  it("§5.2: all 256 first octets: RSV before opcode before FIN", () => {
    for (let first = 0; first < 256; first++) {
      const [rsv, opcode] = [(first >> 4) & 7, first & 15]
      const isKnown = opcode <= 2 || (opcode >= 8 && opcode <= 10)
      const isCutControl = opcode >= 8 && first < 0x80
      const expected =
        rsv > 0 ? "BadReservedBits" : isKnown ? (isCutControl ? "BadControlFragment" : undefined) : "BadOpcode"
      expect(checkFirst(first, 0)?._tag).toBe(expected)
    }
  })

  it("RFC 7692 §6: a reserved bit in use is legal on the first frame of a message alone", () => {
    expect([0xc1, 0xc2, 0xc0, 0xc9, 0xa1].map((first) => checkFirst(first, 4)?._tag)).toEqual([
      undefined,
      undefined,
      "BadReservedBits",
      "BadReservedBits",
      "BadReservedBits"
    ])
  })

  it("§5.1, §5.5: all 256 second octets, for data and for control frames, in both roles", () => {
    for (let second = 0; second < 256; second++) {
      const [isMasked, marker] = [second >= 0x80, second & 0x7f]
      const mask = (isServer: boolean) =>
        isMasked === isServer ? undefined : isServer ? "BadUnmaskedFrame" : "BadMaskedFrame"
      for (const isServer of [true, false]) {
        expect(checkSecond(0x81, second, isServer)?._tag).toBe(mask(isServer))
        expect(checkSecond(0x89, second, isServer)?._tag).toBe(marker > 125 ? "BadControlSize" : mask(isServer))
      }
    }
  })

  it.each([
    [126, "00", incomplete],
    [126, "007d", illegal],
    [126, "007e", 126],
    [126, "ffff", 65_535],
    [127, "00000000000100", incomplete],
    [127, "8000000000000000", illegal],
    [127, "000000000000ffff", illegal],
    [127, "0000000000010000", 65_536],
    [127, "00000000ffffffff", 2 ** 32 - 1],
    [127, "0000000100000000", 2 ** 32],
    [127, "001fffffffffffff", Number.MAX_SAFE_INTEGER]
  ])("§5.2: the length behind %i in %s is %i", (marker, digits, length) => {
    const octets = octetsOf(digits)
    expect(readLength(octets, 0, octets.length, marker)).toBe(length)
  })

  it("reads 32 bits in the order of the network", () => {
    expect(read32(octetsOf("00 80000001"), 1) >>> 0).toBe(0x80000001)
  })
})
