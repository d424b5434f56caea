import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as WebSocketUri from "../../src/handshake/WebSocketUri.js"

const parsed = (uri: string): WebSocketUri.WebSocketUri => {
  const result = WebSocketUri.parse(uri)
  if ("_tag" in result) throw new Error(`${uri}: ${result.rule}`)
  return result
}

const rule = (uri: string): string => {
  const result = WebSocketUri.parse(uri)
  return "_tag" in result ? result.rule : "no violation"
}

describe("RFC 6455 §3 WebSocket URIs", () => {
  it("ws://example.com/chat", () => {
    expect(WebSocketUri.parse("ws://example.com/chat")).toEqual({
      secure: false,
      host: "example.com",
      port: 80,
      authority: "example.com",
      target: "/chat",
      authorization: undefined
    })
  })

  it.each([
    ["ws://h", false, "h", 80, "h", "/"],
    ["wss://h", true, "h", 443, "h", "/"],
    ["http://h/", false, "h", 80, "h", "/"],
    ["HTTPS://H/", true, "h", 443, "h", "/"],
    ["ws://h:443/", false, "h", 443, "h:443", "/"],
    ["ws://h:80/", false, "h", 80, "h", "/"],
    ["wss://h:443", true, "h", 443, "h", "/"],
    ["wss://h:80", true, "h", 80, "h:80", "/"],
    ["ws://h:/", false, "h", 80, "h", "/"],
    ["ws://[::1]:9/", false, "::1", 9, "[::1]:9", "/"],
    ["wss://[2001:DB8::1]/x", true, "2001:db8::1", 443, "[2001:db8::1]", "/x"],
    ["ws://127.1/", false, "127.1", 80, "127.1", "/"],
    ["ws://h/a?b=c://d@e", false, "h", 80, "h", "/a?b=c://d@e"]
  ])("%s", (uri, secure, host, port, authority, target) => {
    expect(WebSocketUri.parse(uri)).toEqual({ secure, host, port, authority, target, authorization: undefined })
  })

  it.each([
    ["a fragment", "ws://h/#x", "RFC 6455 §3: a WebSocket URI has no fragment"],
    ["an empty fragment", "ws://h/#", "RFC 6455 §3: a WebSocket URI has no fragment"],
    ["another scheme", "ftp://h/", "RFC 6455 §3: a WebSocket URI begins with ws:// or wss://"],
    ["a word that every object knows", "constructor://h/", "RFC 6455 §3: a WebSocket URI begins with ws:// or wss://"],
    ["no scheme", "/chat", "RFC 6455 §3: a WebSocket URI begins with ws:// or wss://"],
    ["no slashes", "ws:h", "RFC 6455 §3: a WebSocket URI begins with ws:// or wss://"],
    ["a space before the scheme", " ws://h", "RFC 6455 §3: a WebSocket URI begins with ws:// or wss://"],
    ["no host", "ws:///x", "RFC 6455 §3: a WebSocket URI has a host, and a port from 1 to 65535 if any"],
    ["no host but a query", "ws://?x", "RFC 6455 §3: a WebSocket URI has a host, and a port from 1 to 65535 if any"],
    ["port 0", "ws://h:0/", "RFC 6455 §3: a WebSocket URI has a host, and a port from 1 to 65535 if any"],
    ["port 65536", "ws://h:65536/", "RFC 6455 §3: a WebSocket URI has a host, and a port from 1 to 65535 if any"],
    ["a backslash", "ws://h\\x", "RFC 6455 §3: a WebSocket URI has a host, and a port from 1 to 65535 if any"],
    ["CR and LF", "ws://h/a\r\nX: y", "RFC 3986 §2: a URI has no control characters"],
    ["a tab", "ws://h/\t", "RFC 3986 §2: a URI has no control characters"],
    ["DEL", "ws://h/\x7f", "RFC 3986 §2: a URI has no control characters"]
  ])("%s is refused", (_, uri, expected) => {
    expect(rule(uri)).toBe(expected)
  })
})

describe("RFC 6455 §3 resource name", () => {
  it.each([
    ["", "/"],
    ["?", "/?"],
    ["?a=b", "/?a=b"],
    ["/a?b?c", "/a?b?c"],
    ["/a b", "/a%20b"],
    ["/\u00e9?\u00e9", "/%C3%A9?%C3%A9"],
    ["/\u{1f600}", "/%F0%9F%98%80"],
    ["/\u010a", "/%C4%8A"],
    ["/\ud800", "/%EF%BF%BD"],
    ['/"<>\\^`{|}', "/%22%3C%3E%5C%5E%60%7B%7C%7D"],
    ["/%41%zz", "/%41%zz"],
    ["/../a/./b", "/../a/./b"],
    ["/[x]", "/[x]"]
  ])("path and query %j are the target %j", (rest, target) => {
    expect(parsed(`ws://h${rest}`).target).toBe(target)
  })

  it("any text gives a target of visible ASCII characters, or a violation", () => {
    fc.assert(
      fc.property(fc.fullUnicodeString(), (rest) => {
        const result = WebSocketUri.parse(`ws://h/${rest}`)
        if (!("_tag" in result)) expect(result.target).toMatch(/^\/[!-~]*$/)
      })
    )
  })

  it("a target is its own target", () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true }), (uri) => {
        const { target } = parsed(uri)
        expect(parsed(`ws://h${target}`).target).toBe(target)
      })
    )
  })
})

describe("RFC 7617 §2 user information", () => {
  it.each([
    ["Aladdin:open%20sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="],
    ["user", "Basic dXNlcjo="],
    ["user:", "Basic dXNlcjo="],
    ["user:a:b@c", "Basic dXNlcjphOmJAYw=="],
    ["u%zz%4:%", "Basic dSV6eiU0OiU="],
    ["t\u00e9st:%C2%A3%c2%a3", "Basic dMOpc3Q6wqPCow=="]
  ])("%s", (userinfo, authorization) => {
    const uri = parsed(`ws://${userinfo}@h/`)
    expect(uri.authorization).toBe(authorization)
    expect(uri.authority).toBe("h")
  })

  it("no user is no authorization", () => {
    expect(parsed("ws://@h/").authorization).toBeUndefined()
  })

  it.each(["a%3Ab:c", "a%0d:c", "a:%00", "a:%7F"])("%s is refused", (userinfo) => {
    expect(rule(`ws://${userinfo}@h/`)).toBe(
      "RFC 7617 §2: a user name has no colon, and no control characters stand in credentials"
    )
  })
})

describe("a URI as text", () => {
  it.each([
    ["ws://user:secret@H:80/a?token=x", "ws://h/a?token=x"],
    ["https://h:8443", "wss://h:8443/"],
    ["http://[::1]/a b", "ws://[::1]/a%20b"]
  ])("%s is %s: without credentials, and the same for every way to write it", (uri, text) => {
    expect(WebSocketUri.href(parsed(uri))).toBe(text)
    expect(WebSocketUri.href(parsed(text))).toBe(text)
  })
})

describe("a URI in messages", () => {
  it.each([
    ["ws://user:secret@h/a?token=x", "ws://h/a"],
    ["https://h:8443", "wss://h:8443/"]
  ])("%s is written %s: neither credentials nor query", (uri, text) => {
    expect(WebSocketUri.format(parsed(uri))).toBe(text)
  })
})
