import { describe, expect, it } from "vitest"
import * as ServerChecks from "../../src/handshake/ServerChecks.js"
import { Fields } from "../../src/http/Fields.js"
import type { RequestHead } from "../../src/http/RequestHead.js"

const valid: RequestHead = {
  method: "GET",
  target: "/chat",
  version: "1.1",
  fields: Fields.from([
    ["Host", "server.example.com"],
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
    ["Sec-WebSocket-Version", "13"]
  ])
}

const { fields } = valid

const violationOf = (change: Partial<RequestHead>) => {
  for (const check of ServerChecks.checks) {
    const violation = check({ ...valid, ...change })
    if (violation !== undefined) return violation
  }
  return undefined
}

const replyTo = (changed: Fields) => {
  const violation = violationOf({ fields: changed })
  return violation && `${violation._tag} ${violation.status}`
}

describe("RFC 6455 §4.2.1 what a request MAY be", () => {
  it.each<readonly [string, Partial<RequestHead>]>([
    ["the example of §1.2", {}],
    ["Upgrade in another case", { fields: fields.set("Upgrade", "WebSocket") }],
    ["Upgrade with other protocols", { fields: fields.set("Upgrade", "h2c, websocket") }],
    ["Connection with other options", { fields: fields.set("Connection", "keep-alive,upgrade") }],
    ["Connection in two fields", { fields: fields.set("Connection", "keep-alive").append("connection", "Upgrade") }],
    ["an empty body", { fields: fields.set("Content-Length", "0") }],
    ["a query", { target: "/?a=b" }],
    ["an absolute target", { target: "http://other.example/chat" }],
    ["extensions nobody knows", { fields: fields.set("Sec-WebSocket-Extensions", "toString, hasOwnProperty") }],
    [
      "a permessage-deflate nobody can meet",
      {
        fields: fields.set("Sec-WebSocket-Extensions", "permessage-deflate; server_max_window_bits")
      }
    ],
    [
      "subprotocols in two fields",
      {
        fields: fields.append("Sec-WebSocket-Protocol", "a").append("Sec-WebSocket-Protocol", "b")
      }
    ],
    ["one Origin", { fields: fields.set("Origin", "null") }],
    ["RFC 9110 §7.8: Expect", { fields: fields.set("Expect", "100-continue") }]
  ])("%s", (_, change) => {
    expect(violationOf(change)).toBeUndefined()
  })
})

describe("RFC 6455 §4.2.1 fields of a request", () => {
  it.each<readonly [string, string, Fields]>([
    ["no Host", "NoHost 400", fields.delete("Host")],
    ["an empty Host", "NoHost 400", fields.set("Host", "")],
    ["two Hosts", "NoHost 400", fields.append("Host", "evil.example")],
    ["Host with a path", "NoHost 400", fields.set("Host", "127.0.0.1/evil")],
    ["no Connection", "NoConnection 426", fields.delete("Connection")],
    ["Connection without upgrade", "NoConnectionUpgrade 426", fields.set("Connection", "keep-alive")],
    ["no Upgrade", "NoUpgrade 426", fields.delete("Upgrade")],
    ["Upgrade to something else", "NoUpgradeWebsocket 426", fields.set("Upgrade", "HTTP/2")],
    ["no key", "NoSecKey 400", fields.delete("Sec-WebSocket-Key")],
    ["a long key", "BadSecKey 400", fields.set("Sec-WebSocket-Key", "A".repeat(46))],
    ["an empty key", "BadSecKey 400", fields.set("Sec-WebSocket-Key", "")],
    ["two equal keys", "BadSecKey 400", fields.append("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")],
    ["no version", "NoSecVersion 400", fields.delete("Sec-WebSocket-Version")],
    ["extensions which do not parse", "BadExtensions 400", fields.set("Sec-WebSocket-Extensions", "a;")],
    ["an empty field of extensions", "BadExtensions 400", fields.set("Sec-WebSocket-Extensions", "")],
    ["subprotocols which are no tokens", "BadSubprotocol 400", fields.set("Sec-WebSocket-Protocol", "a b")],
    ["a subprotocol twice", "BadSubprotocol 400", fields.set("Sec-WebSocket-Protocol", "chat, chat")],
    ["two Origins (RFC 6454 §7.3)", "HttpError 400", fields.append("Origin", "http://a").append("Origin", "http://b")]
  ])("%s: %s", (_, reply, changed) => {
    expect(replyTo(changed)).toBe(reply)
  })

  it.each(["", "1", "8", "12", "14", "013", "+13", "-13", "0xd", "1.3e1", "13.0", "13, 8", "13,13"])(
    "§4.4: the version %j is refused with 426 and the version 13",
    (version) => {
      const violation = violationOf({ fields: fields.set("Sec-WebSocket-Version", version) })
      expect(violation).toMatchObject({ _tag: "BadSecVersion", status: 426 })
      expect(violation?.fields.get("Sec-WebSocket-Version")).toBe("13")
      expect(violation?.fields.get("Upgrade")).toBe("websocket")
    }
  )

  it("§4.4: a missing version is answered with the one that is known", () => {
    const violation = violationOf({ fields: fields.delete("Sec-WebSocket-Version") })
    expect(violation?.fields.get("Sec-WebSocket-Version")).toBe("13")
  })

  it("RFC 9110 §15.5.22: a 426 names websocket", () => {
    expect(violationOf({ fields: Fields.from({ Host: "h" }) })?.fields.get("Upgrade")).toBe("websocket")
  })
})

describe("RFC 9112 a request on the level of HTTP", () => {
  it.each<readonly [string, string, Fields]>([
    ["a body", "UnexpectedBody", fields.set("Content-Length", "5")],
    ["a chunked body", "UnexpectedBody", fields.set("Transfer-Encoding", "chunked")],
    ["a length that is none", "Framing", fields.set("Content-Length", "0x0")],
    ["length and coding", "Framing", fields.set("Content-Length", "0").set("Transfer-Encoding", "chunked")]
  ])("MUST NOT have %s", (_, kind, changed) => {
    expect(violationOf({ fields: changed })).toMatchObject({ _tag: "HttpError", violation: { kind } })
  })

  it.each(["*", "/chat#x", "/caf\u00e9", "", "server.example.com:80", "ftp://h/", "http://user@h/", "http://h/#x"])(
    "§3.2: MUST NOT have the target %j",
    (target) => {
      expect(violationOf({ target })).toMatchObject({ _tag: "HttpError", status: 400, section: "RFC 9112 §3.2" })
    }
  )

  it("RFC 9110 §10.1.1: an unknown expectation is refused with 417", () => {
    expect(violationOf({ fields: fields.set("Expect", "tea") })).toMatchObject({
      _tag: "HttpError",
      status: 417,
      violation: { kind: "Expectation" }
    })
  })

  it("HTTP/1.0 is refused with 400", () => {
    expect(violationOf({ version: "1.0" })).toMatchObject({ _tag: "BadHttpVersion", status: 400 })
  })

  it.each(["HEAD", "POST", "get", "CONNECT"])("%s is refused with 405, which allows GET", (method) => {
    const violation = violationOf({ method })
    expect(violation).toMatchObject({ _tag: "BadMethod", status: 405, method })
    expect(violation?.fields.get("Allow")).toBe("GET")
  })
})

describe("the order of the checks", () => {
  const inOrder: ReadonlyArray<readonly [string, (request: RequestHead) => RequestHead]> = [
    ["HttpError", (request) => ({ ...request, fields: request.fields.delete("Content-Length") })],
    ["BadHttpVersion", (request) => ({ ...request, version: "1.1" })],
    ["BadMethod", (request) => ({ ...request, method: "GET" })],
    ["HttpError", (request) => ({ ...request, target: "/" })],
    ["NoHost", (request) => ({ ...request, fields: request.fields.set("Host", "h") })],
    ["HttpError", (request) => ({ ...request, fields: request.fields.delete("Expect") })],
    ["NoConnection", (request) => ({ ...request, fields: request.fields.set("Connection", "close") })],
    ["NoConnectionUpgrade", (request) => ({ ...request, fields: request.fields.set("Connection", "Upgrade") })],
    ["NoUpgrade", (request) => ({ ...request, fields: request.fields.set("Upgrade", "h2c") })],
    ["NoUpgradeWebsocket", (request) => ({ ...request, fields: request.fields.set("Upgrade", "websocket") })],
    ["NoSecKey", (request) => ({ ...request, fields: request.fields.set("Sec-WebSocket-Key", "1234") })],
    [
      "BadSecKey",
      (request) => ({
        ...request,
        fields: request.fields.merge(Fields.from({ "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==" }))
      })
    ],
    ["NoSecVersion", (request) => ({ ...request, fields: request.fields.set("Sec-WebSocket-Version", "1") })],
    ["BadSecVersion", (request) => ({ ...request, fields: request.fields.set("Sec-WebSocket-Version", "13") })],
    ["BadExtensions", (request) => ({ ...request, fields: request.fields.delete("Sec-WebSocket-Extensions") })],
    ["BadSubprotocol", (request) => ({ ...request, fields: request.fields.delete("Sec-WebSocket-Protocol") })],
    ["HttpError", (request) => ({ ...request, fields: request.fields.delete("Origin") })]
  ]

  it("the first that fails wins: each repair shows the next", () => {
    let request: RequestHead = {
      method: "POST",
      target: "*",
      version: "1.0",
      fields: Fields.from([
        ["Content-Length", "1"],
        ["Expect", "tea"],
        ["Sec-WebSocket-Extensions", ";"],
        ["Sec-WebSocket-Protocol", ";"],
        ["Origin", "null"],
        ["Origin", "null"]
      ])
    }
    for (const [tag, repair] of inOrder) {
      expect(violationOf(request)?._tag).toBe(tag)
      request = repair(request)
    }
    expect(violationOf(request)).toBeUndefined()
  })
})

describe("RFC 9112 §3.2 the host of a request", () => {
  it.each([
    ["/chat", "server.example.com"],
    ["ws://other.example:81/chat", "other.example:81"],
    ["https://Other.example/chat", "other.example"]
  ])("target %s: %s", (target, host) => {
    expect(ServerChecks.hostOf({ ...valid, target })).toBe(host)
  })
})
