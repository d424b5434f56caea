import { describe, expect, it } from "vitest"
import { decode } from "../../src/http/HttpVersion.js"

describe("RFC 9112 §2.3 HTTP-version", () => {
  it.each([
    ["HTTP/1.1", "1.1"],
    ["HTTP/1.0", "1.0"]
  ])("%s is %s", (text, version) => {
    expect(decode(text)).toBe(version)
  })

  it.each(["HTTP/2.0", "HTTP/0.9", "HTTP/1.2", "HTTP/9.9"])("%s is refused with 505", (text) => {
    expect(decode(text)).toMatchObject({ kind: "Version", status: 505 })
  })

  it.each([
    "",
    "http/1.1",
    "HTTP/1",
    "HTTP/1,1",
    "HTTP/11",
    "HTTP/1.10",
    "HTTP/ 1.1",
    "HTTP/x.1",
    "HTTP/1.x",
    "HTTPS1.1"
  ])("%j is no version", (text) => {
    expect(decode(text)).toMatchObject({ kind: "Syntax", section: "RFC 9112 §2.3", status: 400 })
  })
})
