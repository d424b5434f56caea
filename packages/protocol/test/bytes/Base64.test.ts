import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Base64 from "../../src/bytes/Base64.js"

const ascii = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0))

describe("RFC 4648 §10 test vectors", () => {
  it.each([
    ["", ""],
    ["f", "Zg=="],
    ["fo", "Zm8="],
    ["foo", "Zm9v"],
    ["foob", "Zm9vYg=="],
    ["fooba", "Zm9vYmE="],
    ["foobar", "Zm9vYmFy"]
  ])("%j is %j, both ways", (text, encoded) => {
    expect(Base64.encode(ascii(text))).toBe(encoded)
    expect(Base64.decode(encoded)).toEqual(ascii(text))
  })

  it("uses the alphabet of §4 up to + and /", () => {
    expect(Base64.encode(Uint8Array.of(0xfb, 0xff, 0xbf))).toBe("+/+/")
  })
})

describe("RFC 4648 §4 Base64", () => {
  it("decode(encode(x)) = x", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (octets) => {
        expect(Base64.decode(Base64.encode(octets))).toEqual(octets)
      })
    )
  })

  it("encodes as the platform does", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (octets) => {
        expect(Base64.encode(octets)).toBe(Buffer.from(octets).toString("base64"))
      })
    )
  })

  it("what decodes MUST be what the encoder writes", () => {
    const text = fc.stringOf(fc.constantFrom(..."ABQgw/+9=", "é", "\n"), { maxLength: 8 })
    fc.assert(
      fc.property(text, (value) => {
        const octets = Base64.decode(value)
        if (octets !== undefined) expect(Base64.encode(octets)).toBe(value)
      })
    )
  })
})

describe("RFC 4648 §3 what MUST be refused", () => {
  it.each([
    ["missing padding (§3.2)", "Zg"],
    ["a single character", "Z"],
    ["padding alone", "===="],
    ["three padding characters", "Z==="],
    ["padding inside", "Zg==Zm9v"],
    ["a character behind the padding", "Zg=v"],
    ["the URL alphabet (§5)", "-_-_"],
    ["white space (§3.3)", "Zm9v\r\n=="],
    ["a line feed", "Zm9\n"],
    ["a character beyond ASCII", "Zm9\u0161"],
    ["unused bits in the last of two octets (§3.5)", "Zm9="],
    ["unused bits in the last octet (§3.5)", "Zh=="]
  ])("%s", (_, text) => {
    expect(Base64.decode(text)).toBeUndefined()
  })
})
