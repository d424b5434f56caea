import { describe, expect, it } from "vitest"
import * as ClientHandshake from "../../src/handshake/ClientHandshake.js"
import { handshakeViolation, httpError, isHandshakeViolation } from "../../src/handshake/HandshakeViolation.js"
import * as ServerHandshake from "../../src/handshake/ServerHandshake.js"
import { Fields } from "../../src/http/Fields.js"
import { httpViolation } from "../../src/http/HttpViolation.js"
import type { RequestHead } from "../../src/http/RequestHead.js"
import * as ResponseHead from "../../src/http/ResponseHead.js"

const head: RequestHead = {
  method: "GET",
  target: "/chat",
  version: "1.1",
  fields: Fields.from([
    ["Host", "server.example.com"],
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
    ["Origin", "http://example.com"],
    ["Sec-WebSocket-Protocol", "chat, superchat"],
    ["Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"],
    ["Sec-WebSocket-Version", "13"]
  ])
}

const verified = (request: RequestHead): ServerHandshake.UpgradeRequest => {
  const result = ServerHandshake.verify(request)
  if (isHandshakeViolation(result)) throw new Error(result.rule)
  return result
}

const nothing: ServerHandshake.ServerAnswer = { subprotocol: undefined, extensions: "", fields: Fields.empty }

const respond = (answer: Partial<ServerHandshake.ServerAnswer>) =>
  ServerHandshake.response(verified(head), { ...nothing, ...answer })

const text = (octets: Uint8Array) => Buffer.from(octets).toString("utf8")

describe("RFC 6455 §1.2 the request of the example", () => {
  it("gives what it asks for", () => {
    expect(ServerHandshake.verify(head)).toEqual({
      head,
      key: "dGhlIHNhbXBsZSBub25jZQ==",
      subprotocols: ["chat", "superchat"],
      extensions: [{ name: "permessage-deflate", parameters: [{ name: "client_max_window_bits", value: undefined }] }],
      origin: "http://example.com",
      host: "server.example.com"
    })
  })

  it("gives no lists when it offers none", () => {
    const fields = head.fields.delete("Sec-WebSocket-Protocol").delete("Sec-WebSocket-Extensions").delete("Origin")
    expect(ServerHandshake.verify({ ...head, fields })).toMatchObject({
      subprotocols: [],
      extensions: [],
      origin: undefined
    })
  })

  it("gives the violation of the first rule that it breaks", () => {
    expect(ServerHandshake.verify({ ...head, method: "POST" })).toMatchObject({ _tag: "BadMethod" })
  })
})

describe("PARITY H-01 is it an upgrade?", () => {
  it.each<readonly [boolean, Partial<RequestHead>]>([
    [true, {}],
    [true, { fields: Fields.from({ connection: ["keep-alive", "UPGRADE"], upgrade: ["h2c", "WebSocket"] }) }],
    [false, { method: "POST" }],
    [false, { version: "1.0" }],
    [false, { fields: head.fields.set("Connection", "keep-alive") }],
    [false, { fields: head.fields.set("Upgrade", "h2c") }],
    [false, { fields: Fields.empty }]
  ])("%s: %j", (expected, change) => {
    expect(ServerHandshake.isUpgrade({ ...head, ...change })).toBe(expected)
  })
})

describe("RFC 6455 §4.2.2 step 5 the response", () => {
  it("has its fields in this order", () => {
    const response = respond({
      subprotocol: "superchat",
      extensions: "permessage-deflate",
      fields: Fields.from([
        ["Set-Cookie", "a=1"],
        ["Set-Cookie", "b=2"]
      ])
    })
    if ("_tag" in response) throw new Error(response.rule)
    expect(text(ResponseHead.encode(response))).toBe(
      [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        "Sec-WebSocket-Extensions: permessage-deflate",
        "Sec-WebSocket-Protocol: superchat",
        "Set-Cookie: a=1",
        "Set-Cookie: b=2",
        "",
        ""
      ].join("\r\n")
    )
  })

  it("names no extension and no subprotocol where there is none", () => {
    const names = [...(respond({}) as ResponseHead.ResponseHead).fields].map(({ name }) => name)
    expect(names).toEqual(["Upgrade", "Connection", "Sec-WebSocket-Accept"])
  })

  it.each<readonly [string, Partial<ServerHandshake.ServerAnswer>, string]>([
    ["a subprotocol that was not offered", { subprotocol: "other" }, "Sec-WebSocket-Protocol"],
    ["an extension that was not offered", { extensions: "foo" }, "Sec-WebSocket-Extensions"],
    ["an extension twice", { extensions: "permessage-deflate, permessage-deflate" }, "Sec-WebSocket-Extensions"],
    ["extensions which are no list", { extensions: "a\r\nX: y" }, "Sec-WebSocket-Extensions"],
    ["a field of the handshake", { fields: Fields.from({ "Sec-WebSocket-Accept": "x" }) }, "Sec-WebSocket-Accept"],
    ["a body", { fields: Fields.from({ "Content-Length": "0" }) }, "Content-Length"],
    ["a field with a line break", { fields: Fields.from({ X: "a\r\nY: b" }) }, "X"],
    ["two Server fields", { fields: Fields.from({ Server: ["a", "b"] }) }, "Server"]
  ])("MUST NOT have %s", (_, answer, field) => {
    expect(respond(answer)).toMatchObject({ _tag: "InvalidResponse", field })
  })

  it("what the client offers and the server answers, the client accepts", () => {
    const offer: ClientHandshake.ClientOffer = {
      authority: "h:81",
      target: "/?q",
      key: "AQIDBAUGBwgJCgsMDQ4PEA==",
      subprotocols: ["a", "b"],
      extensions: "permessage-deflate; client_max_window_bits",
      fields: Fields.empty
    }
    const request = ClientHandshake.request(offer)
    if ("_tag" in request) throw new Error(request.rule)
    const answer = { ...nothing, subprotocol: "b", extensions: "permessage-deflate" }
    const response = ServerHandshake.response(verified(request), answer)
    if ("_tag" in response) throw new Error(response.rule)
    expect(ClientHandshake.verify(offer, response, { requireSubprotocol: true })).toEqual({
      subprotocol: "b",
      extensions: [{ name: "permessage-deflate", parameters: [] }]
    })
  })
})

describe("RFC 6455 §4.2.2 a refusal", () => {
  const violationOf = (change: Partial<RequestHead>) => {
    const result = ServerHandshake.verify({ ...head, ...change })
    if (!isHandshakeViolation(result)) throw new Error("no violation")
    return result
  }

  it("says what it is and closes", () => {
    const { head: response, body } = ServerHandshake.refusal(violationOf({ method: "POST" }), false)
    expect(response.status).toBe(405)
    expect([...response.fields]).toEqual([
      { name: "Allow", value: "GET" },
      { name: "Connection", value: "close" },
      { name: "Content-Type", value: "text/plain; charset=utf-8" },
      { name: "Content-Length", value: String(body.length) }
    ])
    expect(text(body)).toBe("RFC 6455 §4.2.1: the method of the request is GET\n")
  })

  it("keeps the connection only where asked to", () => {
    const violation = violationOf({ fields: head.fields.delete("Host") })
    expect(ServerHandshake.refusal(violation, true).head.fields.get("Connection")).toBe("keep-alive")
    expect(ServerHandshake.refusal(violation, false).head.fields.get("Connection")).toBe("close")
  })

  it("of something that is not HTTP/1.1 always closes", () => {
    const broken = httpError(httpViolation("HeadTooLarge", "RFC 6585 §5", "the head is small", 431), "server")
    expect(ServerHandshake.refusal(broken, true).head).toMatchObject({ status: 431 })
    for (const violation of [broken, violationOf({ version: "1.0" })]) {
      expect(ServerHandshake.refusal(violation, true).head.fields.get("Connection")).toBe("close")
    }
  })

  it("with 426 names the protocol (RFC 9110 §15.5.22) and the connection option (§7.8)", () => {
    const violation = violationOf({ fields: head.fields.set("Sec-WebSocket-Version", "12") })
    const { fields, status } = ServerHandshake.refusal(violation, false).head
    expect(status).toBe(426)
    expect(fields.get("Upgrade")).toBe("websocket")
    expect(fields.get("Sec-WebSocket-Version")).toBe("13")
    expect(fields.get("Connection")).toBe("close, Upgrade")
    expect(ServerHandshake.refusal(violation, true).head.fields.get("Connection")).toBe("keep-alive, Upgrade")
  })

  it("of a subprotocol that a server requires is 400", () => {
    const violation = ServerHandshake.subprotocolRequired(verified(head))
    expect(violation).toMatchObject({ _tag: "BadSubprotocol", offered: ["chat", "superchat"], chosen: [] })
    expect(ServerHandshake.refusal(violation, false).head.status).toBe(400)
  })

  it("of HEAD has no body (RFC 9110 §9.3.2)", () => {
    const { head: response, body } = ServerHandshake.refusal(violationOf({ method: "HEAD" }), false)
    expect(body.length).toBe(0)
    expect(response.status).toBe(405)
  })

  it("never echoes octets of the peer", () => {
    const remedy = { status: 403, fields: Fields.empty }
    const violation = handshakeViolation("ForbiddenOrigin", "s", "r", remedy, { origin: "http://<script>" })
    const { head: response, body } = ServerHandshake.refusal(violation, false)
    expect(text(ResponseHead.encode(response)) + text(body)).not.toContain("script")
  })
})
