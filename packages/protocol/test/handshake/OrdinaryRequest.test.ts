import { describe, expect, it } from "vitest"
import * as OrdinaryRequest from "../../src/handshake/OrdinaryRequest.js"
import { Fields } from "../../src/http/Fields.js"
import type { RequestHead } from "../../src/http/RequestHead.js"

const verify = (
  change: Partial<RequestHead> = {},
  more: Readonly<Record<string, string | ReadonlyArray<string>>> = {}
) =>
  OrdinaryRequest.verify({
    method: "GET",
    target: "/",
    version: "1.1",
    fields: Fields.from({ Host: "a.example", ...more }),
    ...change
  })

describe("RFC 9112 §3: an ordinary request", () => {
  it("is known by its host, its body, and whether it waits for 100", () => {
    expect(verify()).toEqual({ host: "a.example", body: { _tag: "None" }, awaitsContinue: false })
    expect(verify({ method: "POST" }, { "Content-Length": "5", Expect: "100-continue" })).toEqual({
      host: "a.example",
      body: { _tag: "Length", length: 5 },
      awaitsContinue: true
    })
    expect(verify({}, { "Transfer-Encoding": "chunked" })).toMatchObject({ body: { _tag: "Chunked" } })
  })

  it.each<[string, Partial<RequestHead>, string | undefined]>([
    ["§3.2.2: an absolute target wins over the Host field", { target: "http://B.example:81/x" }, "b.example:81"],
    ["§3.2.4: an asterisk is for OPTIONS", { target: "*", method: "OPTIONS" }, "a.example"],
    ["any method may come", { method: "BREW" }, "a.example"],
    ["HTTP/1.0 has no Host", { version: "1.0", fields: Fields.empty }, undefined]
  ])("%s", (_, change, host) => {
    expect(verify(change)).toMatchObject({ host })
  })

  it.each<[string, Partial<RequestHead>, number]>([
    ["§3.2: no Host", { fields: Fields.empty }, 400],
    ["§3.2: two Hosts", { fields: Fields.from({ Host: ["a", "a"] }) }, 400],
    ["§3.2: a Host that is none", { fields: Fields.from({ Host: "a/b" }) }, 400],
    ["§3.2: HTTP/1.0 with two Hosts", { version: "1.0", fields: Fields.from({ Host: ["a", "b"] }) }, 400],
    ["§3.2: a target without a slash", { target: "a" }, 400],
    ["§3.2.4: an asterisk of GET", { target: "*" }, 400],
    ["RFC 9110 §9.3.6: a tunnel", { method: "CONNECT", target: "a:443" }, 501],
    ["§6.3: a body of two lengths", { fields: Fields.from({ Host: "a", "Content-Length": ["1", "2"] }) }, 400],
    ["§6.1: an unknown coding", { fields: Fields.from({ Host: "a", "Transfer-Encoding": "br, chunked" }) }, 501],
    ["RFC 9110 §10.1.1: an unknown expectation", { fields: Fields.from({ Host: "a", Expect: "tea" }) }, 417]
  ])("MUST NOT be: %s", (_, change, status) => {
    expect(verify(change)).toMatchObject({ _tag: "HttpViolation", status })
  })
})
