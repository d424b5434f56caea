import { describe, expect, it } from "vitest"
import * as ClientHandshake from "../../src/handshake/ClientHandshake.js"
import { isHandshakeViolation } from "../../src/handshake/HandshakeViolation.js"
import { Fields } from "../../src/http/Fields.js"
import * as RequestHead from "../../src/http/RequestHead.js"
import * as ResponseHead from "../../src/http/ResponseHead.js"

const latin1 = (octets: Uint8Array) => Buffer.from(octets).toString("latin1")

const offer = (change: Partial<ClientHandshake.ClientOffer> = {}): ClientHandshake.ClientOffer => ({
  authority: "server.example.com",
  target: "/chat",
  key: "dGhlIHNhbXBsZSBub25jZQ==",
  subprotocols: [],
  extensions: "",
  fields: Fields.empty,
  ...change
})

const request = (change: Partial<ClientHandshake.ClientOffer>): string => {
  const head = ClientHandshake.request(offer(change))
  return "_tag" in head ? `${head.field}: ${head.rule}` : latin1(RequestHead.encode(head))
}

const accepted = Fields.from([
  ["Upgrade", "websocket"],
  ["Connection", "Upgrade"],
  ["Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="]
])

const lenient = { requireSubprotocol: false }

const verify = (
  fields: Fields,
  change: Partial<ClientHandshake.ClientOffer> = {},
  options: ClientHandshake.VerifyOptions = lenient
) => ClientHandshake.verify(offer(change), ResponseHead.make(101, fields), options)

const tag = (...parameters: Parameters<typeof verify>): string => {
  const result = verify(...parameters)
  return isHandshakeViolation(result) ? result._tag : "open"
}

describe("RFC 6455 §1.2, §4.1 the request", () => {
  it("has its fields in this order", () => {
    const fields = Fields.from([
      ["Origin", "http://example.com"],
      ["X-A", "1"],
      ["X-A", "2"]
    ])
    expect(request({ subprotocols: ["chat", "superchat"], extensions: "permessage-deflate", fields })).toBe(
      [
        "GET /chat HTTP/1.1",
        "Host: server.example.com",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Extensions: permessage-deflate",
        "Sec-WebSocket-Protocol: chat, superchat",
        "Origin: http://example.com",
        "X-A: 1",
        "X-A: 2",
        "",
        ""
      ].join("\r\n")
    )
  })

  it("leaves out the fields of an offer without subprotocols and extensions", () => {
    expect(request({})).toBe(
      "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
  })

  it("takes the Host of the application, in the place of its own", () => {
    expect(request({ fields: Fields.from({ host: "virtual.example:81" }) })).toContain(
      "HTTP/1.1\r\nHost: virtual.example:81\r\nUpgrade"
    )
  })

  it.each<readonly [string, Partial<ClientHandshake.ClientOffer>, string]>([
    ["a target with a line break", { target: "/a\r\nX: y" }, "request target"],
    ["a target with a space", { target: "/a b" }, "request target"],
    ["a target beyond ASCII", { target: "/\u00e9" }, "request target"],
    ["an empty target", { target: "" }, "request target"],
    ["a target which is no path", { target: "http://h/" }, "request target"],
    ["a host with a line break", { authority: "h\r\nX: y" }, "Host"],
    ["an empty host", { authority: "" }, "Host"],
    ["a Host of the application which is none", { fields: Fields.from({ Host: "a b" }) }, "Host"],
    ["two Hosts", { fields: Fields.from({ Host: ["a", "b"] }) }, "Host"],
    ["a subprotocol which is no token", { subprotocols: ["a b"] }, "Sec-WebSocket-Protocol"],
    ["a subprotocol twice", { subprotocols: ["a", "a"] }, "Sec-WebSocket-Protocol"],
    ["extensions which are none", { extensions: "a\r\nX: y" }, "Sec-WebSocket-Extensions"],
    ["a field of the handshake", { fields: Fields.from({ upgrade: "h2c" }) }, "upgrade"],
    ["a field with a line break", { fields: Fields.from({ "X-A": "a\r\nb" }) }, "X-A"],
    [
      "two Origins",
      {
        fields: Fields.from([
          ["Origin", "http://a"],
          ["origin", "http://b"]
        ])
      },
      "Origin"
    ]
  ])("MUST NOT have %s", (_, change, field) => {
    expect(ClientHandshake.request(offer(change))).toMatchObject({ _tag: "InvalidRequest", field })
  })
})

describe("RFC 6455 §4.1 the response MUST be checked, in this order", () => {
  it("accepts the example of §1.3", () => {
    expect(verify(accepted)).toEqual({ subprotocol: undefined, extensions: [] })
  })

  it.each<readonly [string, Fields]>([
    ["open", accepted.set("Connection", "keep-alive, Upgrade")],
    ["open", accepted.set("Connection", "keep-alive").append("connection", "upgrade")],
    ["open", accepted.set("Upgrade", "WebSocket")],
    ["NoConnection", accepted.delete("Connection")],
    ["NoConnectionUpgrade", accepted.set("Connection", "keep-alive")],
    ["NoConnectionUpgrade", accepted.set("Connection", "notupgrade")],
    ["NoUpgrade", accepted.delete("Upgrade")],
    ["NoUpgradeWebsocket", accepted.set("Upgrade", "h2c")],
    ["NoUpgradeWebsocket", accepted.set("Upgrade", "websocket, h2c")],
    ["NoUpgradeWebsocket", accepted.append("Upgrade", "websocket")],
    ["NoSecAccept", accepted.delete("Sec-WebSocket-Accept")],
    ["BadSecAccept", accepted.set("Sec-WebSocket-Accept", "*")],
    ["BadSecAccept", accepted.set("Sec-WebSocket-Accept", "")],
    ["BadSecAccept", accepted.set("Sec-WebSocket-Accept", "s3pplmbitxaq9kygzzhzrbk+xoo=")],
    ["BadSecAccept", accepted.append("Sec-WebSocket-Accept", "AAAA")],
    ["BadSecAccept", accepted.append("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")],
    ["open", accepted.set("Content-Length", "0")],
    ["HttpError", accepted.set("Content-Length", "5")],
    ["HttpError", accepted.set("Transfer-Encoding", "chunked")],
    ["NoConnection", Fields.from({ "Content-Length": "5" })]
  ])("%s: %j", (expected, fields) => {
    expect(tag(fields)).toBe(expected)
  })

  it("BadHttpVersion: HTTP/1.0", () => {
    const response = { ...ResponseHead.make(101, accepted), version: "1.0" as const }
    expect(ClientHandshake.verify(offer(), response, lenient)).toMatchObject({ _tag: "BadHttpVersion", status: 0 })
  })

  it("UpgradeDeclined: any status but 101, before everything else", () => {
    const response = ResponseHead.make(503, Fields.from({ "Retry-After": "120" }))
    expect(ClientHandshake.isSwitching(response)).toBe(false)
    expect(ClientHandshake.verify(offer(), response, lenient)).toMatchObject({
      _tag: "UpgradeDeclined",
      section: "RFC 6455 §4.1",
      response,
      body: new Uint8Array(0),
      retryAfter: 120
    })
    expect(ClientHandshake.declined(response, Uint8Array.of(1))).toMatchObject({ body: Uint8Array.of(1) })
  })
})

describe("PARITY CH-12: the order of the checks", () => {
  type Change = (response: ResponseHead.ResponseHead) => ResponseHead.ResponseHead
  const changed =
    (change: (fields: Fields) => Fields): Change =>
    (response) => ({ ...response, fields: change(response.fields) })

  const inOrder: ReadonlyArray<readonly [string, Change]> = [
    ["UpgradeDeclined", (response) => ({ ...response, status: 101 })],
    ["BadHttpVersion", (response) => ({ ...response, version: "1.1" })],
    ["NoConnection", changed((fields) => fields.set("Connection", "close"))],
    ["NoConnectionUpgrade", changed((fields) => fields.set("Connection", "Upgrade"))],
    ["NoUpgrade", changed((fields) => fields.set("Upgrade", "h2c"))],
    ["NoUpgradeWebsocket", changed((fields) => fields.set("Upgrade", "websocket"))],
    ["NoSecAccept", changed((fields) => fields.set("Sec-WebSocket-Accept", "*"))],
    ["BadSecAccept", changed((fields) => fields.set("Sec-WebSocket-Accept", accepted.get("Sec-WebSocket-Accept")!))],
    ["BadSubprotocol", changed((fields) => fields.delete("Sec-WebSocket-Protocol"))],
    ["BadExtensions", changed((fields) => fields.delete("Sec-WebSocket-Extensions"))],
    ["HttpError", changed((fields) => fields.delete("Content-Length"))]
  ]

  it("CH-12: the first that fails wins: each repair shows the next", () => {
    const fields = Fields.from({
      "Content-Length": "1",
      "Sec-WebSocket-Protocol": "a",
      "Sec-WebSocket-Extensions": "b"
    })
    let response: ResponseHead.ResponseHead = { ...ResponseHead.make(302, fields), version: "1.0" }
    for (const [expected, repair] of inOrder) {
      expect(ClientHandshake.verify(offer(), response, lenient)).toMatchObject({ _tag: expected })
      response = repair(response)
    }
    expect(ClientHandshake.verify(offer(), response, lenient)).toEqual({ subprotocol: undefined, extensions: [] })
  })
})

describe("RFC 6455 §4.1 item 6 of the response: the subprotocol", () => {
  const chose = (...names: ReadonlyArray<string>) =>
    names.reduce((fields, name) => fields.append("Sec-WebSocket-Protocol", name), accepted)

  it("may be one that was offered", () => {
    expect(verify(chose("b"), { subprotocols: ["a", "b"] })).toEqual({ subprotocol: "b", extensions: [] })
  })

  it("may be none, unless one is required", () => {
    expect(tag(accepted, { subprotocols: ["a"] })).toBe("open")
    expect(verify(accepted, { subprotocols: ["a"] }, { requireSubprotocol: true })).toMatchObject({
      _tag: "BadSubprotocol",
      offered: ["a"],
      chosen: []
    })
    expect(tag(chose("a"), { subprotocols: ["a"] }, { requireSubprotocol: true })).toBe("open")
  })

  it.each([
    ["was not asked for (CVE-2026-19534)", [], ["chat"]],
    ["was not offered", ["chat"], ["other"]],
    ["is written in another case", ["chat"], ["CHAT"]],
    ["is empty", ["chat"], [""]],
    ["is more than one", ["a", "b"], ["a, b"]],
    ["stands in two fields", ["a", "b"], ["a", "b"]]
  ])("MUST fail when it %s", (_, subprotocols, chosen) => {
    expect(verify(chose(...chosen), { subprotocols })).toMatchObject({
      _tag: "BadSubprotocol",
      offered: subprotocols,
      chosen
    })
  })
})

describe("RFC 6455 §4.1 item 5 of the response: the extensions", () => {
  const used = (value: string) => accepted.set("Sec-WebSocket-Extensions", value)

  it("may be those offered, or some of them", () => {
    const extensions = "permessage-deflate; client_max_window_bits, foo"
    expect(verify(used("permessage-deflate; client_max_window_bits=12"), { extensions })).toEqual({
      subprotocol: undefined,
      extensions: [{ name: "permessage-deflate", parameters: [{ name: "client_max_window_bits", value: "12" }] }]
    })
    expect(tag(used("FOO").append("Sec-WebSocket-Extensions", "permessage-deflate"), { extensions })).toBe("open")
  })

  it.each([
    ["not asked for", "", "permessage-deflate"],
    ["not offered", "permessage-deflate", "foo"],
    ["used twice", "permessage-deflate", "permessage-deflate, permessage-deflate"],
    ["offered and another one", "permessage-deflate", "permessage-deflate, foo"],
    ["known to every object", "permessage-deflate", "__proto__"],
    ["no list", "permessage-deflate", ";;"],
    ["empty", "permessage-deflate", ""],
    ["used with a parameter out of range", "permessage-deflate", "permessage-deflate; server_max_window_bits=16"],
    ["used otherwise than offered", "permessage-deflate", "permessage-deflate; client_max_window_bits=12"]
  ])("MUST fail when one is %s", (_, extensions, chosen) => {
    expect(verify(used(chosen), { extensions })).toMatchObject({ _tag: "BadExtensions", offered: extensions, chosen })
  })
})

describe("RFC 9110 §10.2.3 Retry-After", () => {
  it.each<readonly [ReadonlyArray<string>, number | undefined]>([
    [["120"], 120],
    [["0"], 0],
    [["99999999"], 99_999_999],
    [[], undefined],
    [[""], undefined],
    [["100000000"], undefined],
    [["-1"], undefined],
    [["1.5"], undefined],
    [["1e1"], undefined],
    [["1", "2"], undefined],
    [["Fri, 31 Dec 1999 23:59:59 GMT"], undefined]
  ])("%j is %s", (values, seconds) => {
    expect(ClientHandshake.retryAfter(ResponseHead.make(503, Fields.from({ "Retry-After": values })))).toBe(seconds)
  })
})
