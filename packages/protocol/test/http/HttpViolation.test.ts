import { describe, expect, it } from "vitest"
import { httpViolation, isHttpViolation } from "../../src/http/HttpViolation.js"

describe("HttpViolation", () => {
  it("carries the rule, its section and the status of the answer (RFC 9110 §15.5)", () => {
    expect(httpViolation("Syntax", "RFC 9112 §3", "a rule", 400)).toEqual({
      _tag: "HttpViolation",
      kind: "Syntax",
      section: "RFC 9112 §3",
      rule: "a rule",
      status: 400
    })
  })

  it.each([undefined, null, "HttpViolation", 400, {}, { _tag: "None" }, () => 1])("is not %j", (value) => {
    expect(isHttpViolation(value)).toBe(false)
  })

  it("is recognised by its tag", () => {
    expect(isHttpViolation(httpViolation("Framing", "", "", 501))).toBe(true)
  })
})
