import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Authority from "../../src/handshake/Authority.js"

describe("RFC 3986 §3.2 host and port", () => {
  it.each([
    ["server.example.com", "server.example.com", undefined],
    ["Server.EXAMPLE.com:8080", "server.example.com", 8080],
    ["127.0.0.1:1", "127.0.0.1", 1],
    ["127.1", "127.1", undefined],
    ["h:65535", "h", 65535],
    ["h:", "h", undefined],
    ["[::1]", "[::1]", undefined],
    ["[2001:DB8::1]:443", "[2001:db8::1]", 443],
    ["[::ffff:192.0.2.1]:80", "[::ffff:192.0.2.1]", 80],
    ["my_service", "my_service", undefined],
    ["localhost.", "localhost.", undefined]
  ])("%j", (text, host, port) => {
    expect(Authority.parse(text)).toEqual({ host, port })
  })

  it.each([
    "",
    ":80",
    "h:0",
    "h:65536",
    "h:080",
    "h:+80",
    "h:8e1",
    "h:123456",
    "h:80:80",
    "h/path",
    "user@h",
    "a b",
    "a%20b",
    "h\r\n",
    "h\\",
    "[]",
    "[1]",
    "[::1",
    "::1",
    "[::1]x",
    "[::g]",
    "[::1%25eth0]",
    "[[::1]]",
    "xn--\u00e9",
    "\u212aelvin",
    "\u0130"
  ])("%j is none", (text) => {
    expect(Authority.parse(text)).toBeUndefined()
  })

  it("any text gives an authority or undefined, and what it gives can be read again", () => {
    fc.assert(
      fc.property(fc.stringOf(fc.constantFrom(..."aZ09.:[]-@/%é ")), (text) => {
        const authority = Authority.parse(text)
        if (authority === undefined) return
        const written = authority.port === undefined ? authority.host : `${authority.host}:${authority.port}`
        expect(Authority.parse(written)).toEqual(authority)
      })
    )
  })
})

describe("RFC 6455 §3 default ports", () => {
  it("80 for ws, 443 for wss", () => {
    expect([Authority.defaultPort(false), Authority.defaultPort(true)]).toEqual([80, 443])
  })
})
