import { describe, expect, it } from "vitest"
import { isControl, isKnown, name, Opcode } from "../../src/frame/Opcode.js"

const all = Array.from({ length: 16 }, (_, opcode) => opcode)

describe("RFC 6455 §5.2 Opcode", () => {
  it("has the six that are defined; the others are reserved", () => {
    expect(all.filter(isKnown)).toEqual([0x0, 0x1, 0x2, 0x8, 0x9, 0xa])
    expect(Object.values(Opcode)).toEqual(all.filter(isKnown))
  })

  it("§5.5: control frames have the highest bit", () => {
    expect(all.filter(isControl)).toEqual([0x8, 0x9, 0xa, 0xb, 0xc, 0xd, 0xe, 0xf])
  })

  it("has a name for each, a number for those that are reserved", () => {
    expect(all.map(name).join(" ")).toBe(
      "Continuation Text Binary 0x3 0x4 0x5 0x6 0x7 Close Ping Pong 0xb 0xc 0xd 0xe 0xf"
    )
  })
})
