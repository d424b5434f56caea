import { describe, expect } from "@effect/vitest"
import * as Option from "effect/Option"
import type { AcceptOptions } from "../../src/handshake/HandshakeOptions.js"
import type { HandshakeReason } from "../../src/WebSocketError.js"
import { refusalOf } from "../support/answering.js"
import { test } from "../support/leavesNothing.js"
import { type Changes, fieldOf, request } from "../support/sample.js"

interface Row {
  readonly name: string
  readonly request: string
  readonly tag: HandshakeReason["_tag"]
  readonly section: string
  readonly status: number
  readonly fields?: Readonly<Record<string, string>>
  readonly options?: AcceptOptions
  /** The head was not HTTP: there is no request to show. */
  readonly isBroken?: boolean
}

const row = (name: string, tag: Row["tag"], status: number, changes: Changes, more: Partial<Row> = {}): Row => ({
  name,
  tag,
  status,
  request: request(changes),
  section: "RFC 6455 §4.2.1",
  ...more
})

const upgrade = { upgrade: "websocket", connection: "close, Upgrade" }
const broken = { section: "RFC 9112", isBroken: true }
const http = (name: string, status: number, text: string): Row =>
  row(name, "HttpError", status, {}, { request: text, ...broken })

const rows: ReadonlyArray<Row> = [
  http("a request line that is none", 400, "GET /chat\r\n\r\n"),
  { ...http("octets of TLS", 400, "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n"), section: "RFC 9110" },
  http("a field without a colon", 400, "GET / HTTP/1.1\r\nHost\r\n\r\n"),
  http("a bare LF", 400, "GET / HTTP/1.1\nHost: x\n\n"),
  http("obs-fold", 400, "GET / HTTP/1.1\r\nHost: x\r\n y\r\n\r\n"),
  http("a space before the colon", 400, "GET / HTTP/1.1\r\nHost : x\r\n\r\n"),
  row(
    "Content-Length and Transfer-Encoding",
    "HttpError",
    400,
    { "Content-Length": "1", "Transfer-Encoding": "chunked" },
    { section: "RFC 9112" }
  ),
  row("a Content-Length that is no number", "HttpError", 400, { "Content-Length": "0x0" }, { section: "RFC 9110" }),
  row(
    "a transfer coding that is unknown",
    "HttpError",
    501,
    { "Transfer-Encoding": "gzip, chunked" },
    { section: "RFC 9112" }
  ),
  row("a body with Content-Length", "HttpError", 400, { "Content-Length": "5" }, { section: "RFC 6455 §4.1" }),
  row("a chunked body", "HttpError", 400, { "Transfer-Encoding": "chunked" }, { section: "RFC 6455 §4.1" }),
  http("a head over the limit", 431, request({ "X-Long": "*".repeat(17_000) })),
  http("more fields than the limit", 431, request({ "X-Many": Array.from({ length: 100 }, String) })),
  http("a target over the limit", 414, request({}, `GET /${"a".repeat(8200)} HTTP/1.1`)),
  { ...http("a version that is unknown", 505, request({}, "GET / HTTP/2.0")), tag: "BadHttpVersion" },
  http("a version that is none", 400, request({}, "GET / HTTQ/1.1")),
  row("HTTP/1.0", "BadHttpVersion", 400, {}, { request: request({}, "GET / HTTP/1.0") }),
  row("POST", "BadMethod", 405, {}, { request: request({}, "POST / HTTP/1.1"), fields: { allow: "GET" } }),
  row("HEAD", "BadMethod", 405, {}, { request: request({}, "HEAD / HTTP/1.1"), fields: { allow: "GET" } }),
  row("get in lower case", "BadMethod", 405, {}, { request: request({}, "get / HTTP/1.1"), fields: { allow: "GET" } }),
  row(
    "a target in asterisk form",
    "HttpError",
    400,
    {},
    { request: request({}, "GET * HTTP/1.1"), section: "RFC 9112 §3.2" }
  ),
  row("an unknown expectation", "HttpError", 417, { Expect: "tea" }, { section: "RFC 9110 §10.1.1" }),
  row("no Host", "NoHost", 400, { Host: undefined }),
  row("an empty Host", "NoHost", 400, { Host: "" }),
  row("two Hosts", "NoHost", 400, { Host: ["a", "a"] }),
  row("no Connection", "NoConnection", 426, { Connection: undefined }, { fields: upgrade }),
  row("Connection: keep-alive", "NoConnectionUpgrade", 426, { Connection: "keep-alive" }, { fields: upgrade }),
  row("no Upgrade", "NoUpgrade", 426, { Upgrade: undefined }, { fields: upgrade }),
  row("Upgrade: h2c", "NoUpgradeWebsocket", 426, { Upgrade: "h2c" }, { fields: upgrade }),
  row("no Sec-WebSocket-Key", "NoSecKey", 400, { "Sec-WebSocket-Key": undefined }),
  row("a key of 15 octets", "BadSecKey", 400, { "Sec-WebSocket-Key": "AAECAwQFBgcICQoLDA0O" }),
  row("a key of 46 characters", "BadSecKey", 400, { "Sec-WebSocket-Key": `${"A".repeat(46)}` }),
  row("a key that is not Base64", "BadSecKey", 400, { "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZ!==" }),
  row("two keys", "BadSecKey", 400, { "Sec-WebSocket-Key": ["dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=="] }),
  row(
    "no Sec-WebSocket-Version",
    "NoSecVersion",
    400,
    { "Sec-WebSocket-Version": undefined },
    { fields: { "sec-websocket-version": "13" } }
  ),
  ...["1", "12", "0xd", "1.3e1", "+13", "013", "8, 13", ""].map((version) =>
    row(
      `Sec-WebSocket-Version: ${version}`,
      "BadSecVersion",
      426,
      { "Sec-WebSocket-Version": version },
      { fields: { ...upgrade, "sec-websocket-version": "13" } }
    )
  ),
  row(
    "two versions",
    "BadSecVersion",
    426,
    { "Sec-WebSocket-Version": ["13", "13"] },
    { fields: { ...upgrade, "sec-websocket-version": "13" } }
  ),
  row("extensions that do not parse", "BadExtensions", 400, { "Sec-WebSocket-Extensions": "a;=" }),
  row("subprotocols that do not parse", "BadSubprotocol", 400, { "Sec-WebSocket-Protocol": "a b" }),
  row("a subprotocol twice", "BadSubprotocol", 400, { "Sec-WebSocket-Protocol": ["a", "a"] }),
  row("two origins", "HttpError", 400, { Origin: ["http://a", "http://a"] }, { section: "RFC 6454 §7.3" }),
  row(
    "no subprotocol, where one is required",
    "BadSubprotocol",
    400,
    {},
    { options: { subprotocols: ["chat"], requireSubprotocol: true }, section: "RFC 6455 §4.2.2" }
  ),
  row(
    "no supported subprotocol, where one is required",
    "BadSubprotocol",
    400,
    { "Sec-WebSocket-Protocol": "other" },
    { options: { subprotocols: ["chat"], requireSubprotocol: true }, section: "RFC 6455 §4.2.2" }
  ),
  row("a foreign origin", "ForbiddenOrigin", 403, { Origin: "http://evil.example" }, { section: "RFC 6455 §4.2.2" }),
  row(
    "a host that is not served",
    "ForbiddenHost",
    421,
    {},
    { options: { hosts: ["localhost"] }, section: "RFC 9110 §7.4" }
  )
]

describe("RFC 6455 §4.2.2: a server MUST answer a request that breaks a rule with an error (PARITY S7)", () => {
  for (const each of rows) {
    test(`${each.name}: ${each.tag}, ${each.status}`, function* () {
      const { answer, error } = yield* refusalOf(each.request, each.options)
      expect(error.reason._tag).toBe(each.tag)
      expect(error.reason.section).toContain(each.section)
      expect(error.message).toContain(each.section)
      expect(error).toMatchObject({ role: "server", keepAlive: false })
      expect(Option.isSome(error.request)).toBe(each.isBroken !== true)
      expect(Option.getOrThrow(error.response).head.status).toBe(each.status)
      expect(answer.status).toBe(each.status)
      expect(fieldOf(answer, "Connection")).toMatch(/^close/)
      for (const [name, value] of Object.entries(each.fields ?? {})) expect(fieldOf(answer, name)).toBe(value)
    })
  }

  for (const each of rows) {
    test(`the answer has its framing, and nothing of the request: ${each.name}`, function* () {
      const secret = "7e57"
      const { answer, error } = yield* refusalOf(
        each.request.replace("Upgrade:", `X-Echo: ${secret}\r\nUpgrade:`),
        each.options
      )
      const response = Option.getOrThrow(error.response)
      expect(fieldOf(answer, "Content-Length")).toBe(
        String(Buffer.from(`${error.reason.section}: ${error.reason.rule}\n`).length)
      )
      expect(fieldOf(answer, "Content-Type")).toBe("text/plain; charset=utf-8")
      expect(fieldOf(answer, "Date")).toBe("Thu, 01 Jan 1970 00:00:00 GMT")
      expect(Buffer.from(answer.body, "latin1").toString()).toBe(Buffer.from(response.body).toString())
      expect(answer.rest).toBe("")
      for (const word of [secret, "evil", "/chat", "server.example.com", "dGhl"]) {
        expect(JSON.stringify([answer.startLine, ...answer.fields, answer.body])).not.toContain(word)
      }
    })
  }

  for (const maxChunk of [1, 7, 60]) {
    test(`chunking does not matter: chunks of ${maxChunk}`, function* () {
      for (const each of rows.filter(({ request }) => request.length < 500)) {
        const { error } = yield* refusalOf(each.request, each.options, { maxChunk })
        expect([each.name, error.reason._tag]).toEqual([each.name, each.tag])
      }
    })
  }
})
