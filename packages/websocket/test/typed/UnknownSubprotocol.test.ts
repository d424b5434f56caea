import { describe, expect, it } from "@effect/vitest"
import { UnknownSubprotocol } from "../../src/typed/UnknownSubprotocol.js"

describe("UnknownSubprotocol", () => {
  it("says what was agreed, and what is known", () => {
    const known = ["v2", "v1"]
    expect(new UnknownSubprotocol({ agreed: "v3", known }).message).toBe(
      "no codec for the subprotocol v3: there is one for v2, v1"
    )
    expect(new UnknownSubprotocol({ agreed: undefined, known }).message).toBe(
      "no codec for a connection without a subprotocol: there is one for v2, v1"
    )
  })
})
