import { expect, it } from "vitest"
import { TooSlow } from "../../src/broadcast/TooSlow.js"

it("TooSlow says how far behind the receiver was, and what would have kept it", () => {
  expect(new TooSlow({ messages: 3, size: 120 }).message).toBe(
    "a receiver was 3 messages behind (120 octets); a larger capacity, or dropping, would have kept it"
  )
})
