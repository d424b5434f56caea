import { describe, expect, it } from "vitest"
import {
  handshakeViolation,
  httpError,
  isHandshakeViolation,
  noRemedy
} from "../../src/handshake/HandshakeViolation.js"
import { Fields } from "../../src/http/Fields.js"
import { httpViolation } from "../../src/http/HttpViolation.js"

describe("RFC 6455 §4 violations of the handshake", () => {
  it("carry section, rule, remedy and details", () => {
    const fields = Fields.from([["Allow", "GET"]])
    expect(
      handshakeViolation("BadMethod", "RFC 6455 §4.2.1", "GET", { status: 405, fields }, { method: "POST" })
    ).toEqual({ _tag: "BadMethod", section: "RFC 6455 §4.2.1", rule: "GET", status: 405, fields, method: "POST" })
  })

  it("are told from everything else by their tag", () => {
    expect(isHandshakeViolation(handshakeViolation("NoHost", "s", "r", noRemedy, {}))).toBe(true)
    const redirect = { why: "NoLocation", location: undefined } as const
    expect(isHandshakeViolation(handshakeViolation("Redirect", "s", "r", noRemedy, redirect))).toBe(true)
    for (const other of [undefined, null, "NoHost", {}, { _tag: "toString" }, { _tag: "HttpViolation" }]) {
      expect(isHandshakeViolation(other)).toBe(false)
    }
  })

  it("of HTTP are answered by a server only", () => {
    const violation = httpViolation("HeadTooLarge", "RFC 6585 §5", "the head is small", 431)
    expect(httpError(violation, "server")).toMatchObject({ _tag: "HttpError", status: 431, violation })
    expect(httpError(violation, "client")).toMatchObject({
      section: "RFC 6585 §5",
      rule: "the head is small",
      status: 0
    })
  })

  it("of the version of HTTP have the name that any wrong version has", () => {
    const violation = httpViolation("Version", "RFC 9112 §2.3", "the version is HTTP/1.1", 505)
    expect(httpError(violation, "server")).toMatchObject({ _tag: "BadHttpVersion", status: 505 })
    expect(httpError(violation, "client")).toMatchObject({ _tag: "BadHttpVersion", status: 0 })
  })
})
