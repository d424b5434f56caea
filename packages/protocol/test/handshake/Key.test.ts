import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Key from "../../src/handshake/Key.js"

const nonce = fc.uint8Array({ minLength: 16, maxLength: 16 })

describe("RFC 6455 §1.3 the example", () => {
  it("answers dGhlIHNhbXBsZSBub25jZQ==", () => {
    expect(Key.accept("dGhlIHNhbXBsZSBub25jZQ==")).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
  })
})

describe("RFC 6455 §4.1 step 7 Sec-WebSocket-Key", () => {
  it("is the Base64 of a nonce of 16 octets", () => {
    expect(Key.encodeKey(Uint8Array.from({ length: 16 }, (_, index) => index + 1))).toBe("AQIDBAUGBwgJCgsMDQ4PEA==")
  })

  it("every nonce gives a key", () => {
    fc.assert(fc.property(nonce, (octets) => Key.isKey(Key.encodeKey(octets))))
  })

  it("a nonce of another size is a mistake of the caller", () => {
    expect(() => Key.encodeKey(new Uint8Array(15))).toThrow("RFC 6455 §4.1")
  })
})

describe("RFC 6455 §4.2.1 item 5: a server MUST refuse what does not decode to 16 octets", () => {
  it.each([
    ["empty", ""],
    ["15 octets", "AQIDBAUGBwgJCgsMDQ4P"],
    ["17 octets", "AQIDBAUGBwgJCgsMDQ4PEBE="],
    ["18 octets in 24 characters", "AQIDBAUGBwgJCgsMDQ4PEBES"],
    ["24 characters which are no Base64", "dGhlIHNhbXBs!SBub25jZQ=="],
    ["the URL alphabet", "dGhlIHNhbXBs-SBub25jZQ=="],
    ["no padding", "dGhlIHNhbXBsZSBub25jZQ"],
    ["unused bits that are not zero", "dGhlIHNhbXBsZSBub25jZR=="],
    ["46 characters", "dGhlIHNhbXBsZSBub25jZQ==dGhlIHNhbXBsZSBub25jZQ"]
  ])("%s", (_, key) => {
    expect(Key.isKey(key)).toBe(false)
  })
})
