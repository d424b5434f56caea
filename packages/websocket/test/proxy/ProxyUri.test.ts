import { describe, expect, it } from "@effect/vitest"
import * as Redacted from "effect/Redacted"
import * as fc from "fast-check"
import { parse } from "../../src/proxy/ProxyUri.js"

describe("the URI of a proxy", () => {
  for (const [uri, expected] of [
    ["http://proxy.example.com:8080", { kind: "http", host: "proxy.example.com", port: 8080, secure: false }],
    ["HTTP://PROXY.example.com", { kind: "http", host: "proxy.example.com", port: 80, secure: false }],
    ["https://proxy/", { kind: "http", host: "proxy", port: 443, secure: true }],
    ["socks5://proxy", { kind: "socks5", host: "proxy", port: 1080, secure: false }],
    ["socks5h://[::1]:9050", { kind: "socks5", host: "::1", port: 9050, secure: false }],
    ["127.0.0.1:3128", { kind: "http", host: "127.0.0.1", port: 3128, secure: false }]
  ] as const) {
    it(uri, () => expect(parse(uri)).toEqual({ ...expected, auth: undefined }))
  }

  for (const [uri, username, password] of [
    ["http://anna:hunter2@proxy", "anna", "hunter2"],
    ["anna:hunter2@proxy:1", "anna", "hunter2"],
    ["http://anna@proxy", "anna", ""],
    ["http://anna:p%40ss%3a@proxy", "anna", "p@ss:"],
    ["http://a%C3%A9:x:y@proxy", "aé", "x:y"],
    ["http://anna:p@ss@proxy", "anna", "p@ss"]
  ] as const) {
    it(`credentials of ${uri}`, () => {
      const parsed = parse(uri)
      if (!("auth" in parsed) || parsed.auth === undefined) throw new Error("no credentials")
      expect([parsed.auth.username, Redacted.value(parsed.auth.password)]).toEqual([username, password])
      expect(JSON.stringify(parsed)).not.toContain("hunter2")
    })
  }

  for (const uri of [
    "",
    "http://",
    "http:///",
    "ftp://proxy",
    "http://proxy:0",
    "http://proxy:65536",
    "http://proxy:x",
    "http://proxy/path",
    "http://proxy?x",
    "http://pro xy",
    "http://proxy\r\nX: y",
    "http://a%ff:b@proxy",
    "http://a%:b@proxy",
    "socks4://proxy"
  ]) {
    it(`not: ${JSON.stringify(uri)}`, () => expect(parse(uri)).toMatchObject({ _tag: "ProxyUriViolation" }))
  }

  it("any text is one or none, and nothing is thrown", () => {
    fc.assert(fc.property(fc.string(), (text) => void parse(text)))
    fc.assert(fc.property(fc.webUrl(), (text) => void parse(text)))
  })
})
