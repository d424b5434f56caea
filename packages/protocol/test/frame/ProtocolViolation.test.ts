import { describe, expect, it } from "vitest"
import * as ProtocolViolation from "../../src/frame/ProtocolViolation.js"

const { frameTooBig, messageTooBig, tooManyFragments, ...constants } = ProtocolViolation

const all: ReadonlyArray<ProtocolViolation.ProtocolViolation> = [
  ...Object.values(constants),
  messageTooBig(10),
  frameTooBig(20),
  tooManyFragments(30)
]

describe("RFC 6455 §7.1.7 ProtocolViolation", () => {
  it("has a tag of its own for each, a rule, and the section it stands in", () => {
    expect(new Set(all.map((violation) => violation._tag)).size).toBe(17)
    for (const { rule, section } of all)
      expect(`${section}: ${rule}`).toMatch(/^RFC (6455|7692) §\d+(\.\d+)*: [a-zR].*[^.]$/)
  })

  it("§7.4.1: names the close code that answers", () => {
    const tags = (code: number) =>
      all
        .filter(({ closeCode }) => closeCode === code)
        .map(({ _tag }) => _tag)
        .sort()
    expect(tags(1007)).toEqual(["BadClosePayload", "BadDeflate", "BadFramePayload"])
    expect(tags(1009)).toEqual(["FrameTooBig", "MessageTooBig", "TooManyFragments"])
    expect(tags(1002)).toHaveLength(11)
  })

  it("carries the limit that was exceeded", () => {
    expect(all.flatMap((violation) => ("limit" in violation ? [violation.limit] : []))).toEqual([10, 20, 30])
    expect(messageTooBig(10).rule).toContain("10 octets")
  })
})
