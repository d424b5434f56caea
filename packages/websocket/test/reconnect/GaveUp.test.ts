import { describe, expect, it } from "@effect/vitest"
import { GaveUp } from "../../src/reconnect/GaveUp.js"
import { TransportError } from "../../src/WebSocketError.js"

describe("GaveUp", () => {
  it("says how often it was tried, and what was wrong the last time", () => {
    const error = new TransportError({ reason: { _tag: "Open", address: "a:1" } })
    expect(new GaveUp({ error, attempts: 3 }).message).toBe(
      "gave up after 3 attempts: the connection to a:1 could not be opened"
    )
    expect(new GaveUp({ error: "no", attempts: 1 }).message).toBe("gave up after 1 attempts: no")
  })
})
