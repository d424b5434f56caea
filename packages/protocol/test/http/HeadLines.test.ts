import { describe, expect, it } from "vitest"
import { Fields } from "../../src/http/Fields.js"
import { encode, format } from "../../src/http/HeadLines.js"
import { latin1 } from "../support/everyWay.js"

describe("RFC 9112 §2.1 the lines of a head", () => {
  it("end with CRLF, and the head with an empty line", () => {
    const fields = Fields.from({ A: ["1", "2"], B: "caf\xe9" })
    expect(encode("start", undefined, fields)).toEqual(latin1("start\r\nA: 1\r\nA: 2\r\nB: caf\xe9\r\n\r\n"))
    expect(encode("start", undefined, Fields.empty)).toEqual(latin1("start\r\n\r\n"))
  })

  it.each(["a\r\nX: y", "a\nb", "a\0b", "\u010a", "\u{1f600}"])("never hold the value %j", (value) => {
    expect(() => encode("start", undefined, Fields.from({ X: value }))).toThrow(TypeError)
  })

  it("never hold a name which is no token", () => {
    expect(() => encode("start", undefined, Fields.from({ "X:y\r\n": "a" }))).toThrow("RFC 9110 §5.1")
  })

  it("never hold a start line that has a fault", () => {
    expect(() => encode("start", "RFC 9112 §3: a fault", Fields.empty)).toThrow("RFC 9112 §3: a fault")
  })
})

describe("the lines of a head in a log", () => {
  it.each(["Authorization", "cookie", "PROXY-Authorization", "Set-Cookie"])("have no value of %s", (name) => {
    expect(format("start", Fields.from({ A: "1", [name]: "secret" }))).toBe(`start\nA: 1\n${name}: ***`)
  })

  it("have nothing that a terminal would obey", () => {
    const fields = Fields.from({ A: "\x1b[2J\r\n\x7f\x9b31m\u202e\u{1f600}", "\x1b": "b" })
    expect(format("a\tb", fields)).toBe(
      "a\\u{09}b\nA: \\u{1b}[2J\\u{0d}\\u{0a}\\u{7f}\\u{9b}31m\\u{202e}\\u{1f600}\n\\u{1b}: b"
    )
  })
})
