import { describe, expect, it } from "vitest"
import { awaitsContinue } from "../../src/http/Expectation.js"
import { Fields } from "../../src/http/Fields.js"
import type { HttpVersion } from "../../src/http/HttpVersion.js"

const expecting = (values: ReadonlyArray<string>, version: HttpVersion = "1.1") =>
  awaitsContinue({ method: "POST", target: "/", version, fields: Fields.from({ Expect: values }) })

describe("RFC 9110 §10.1.1 Expect", () => {
  it.each([
    [[], false],
    [[""], false],
    [["100-continue"], true],
    [["100-Continue"], true],
    [["100-continue, 100-continue"], true],
    [["100-continue", ""], true]
  ])("%j: waiting is %s", (values, isWaiting) => {
    expect(expecting(values)).toBe(isWaiting)
  })

  it.each([["tea"], ["100-continue, tea"], ["100-continue=1"], ['tea="earl, grey"'], ["100 continue"], ["100"]])(
    "%j is not known: 417",
    (value) => {
      expect(expecting([value])).toMatchObject({ kind: "Expectation", status: 417, section: "RFC 9110 §10.1.1" })
    }
  )

  it("of HTTP/1.0 MUST be ignored", () => {
    expect(expecting(["100-continue"], "1.0")).toBe(false)
    expect(expecting(["tea"], "1.0")).toBe(false)
  })
})
