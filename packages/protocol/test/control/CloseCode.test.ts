import { describe, expect, it } from "vitest"
import { CloseCode, isReceivable, isSendable, name } from "../../src/control/CloseCode.js"

describe("RFC 6455 §7.4 CloseCode", () => {
  it.each([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999])(
    "MAY be on the wire: %d",
    (code) => {
      expect(isSendable(code)).toBe(true)
      expect(isReceivable(code)).toBe(true)
    }
  )

  it.each([-1, 0, 1, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65535, 1000.5, Number.NaN])(
    "MUST NOT be on the wire: %d",
    (code) => {
      expect(isSendable(code)).toBe(false)
      expect(isReceivable(code)).toBe(false)
    }
  )

  it("§11.7: has the names of the registry", () => {
    expect(name(1000)).toBe("NormalClosure")
    expect(name(CloseCode.InvalidFramePayloadData)).toBe("InvalidFramePayloadData")
    expect(name(4000)).toBeUndefined()
  })
})
