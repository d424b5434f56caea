import { describe, expect, it } from "@effect/vitest"
import * as ClientHandshake from "@effect-websocket/protocol/handshake/ClientHandshake"
import { Fields, type FieldsInput } from "@effect-websocket/protocol/http/Fields"
import * as ResponseHead from "@effect-websocket/protocol/http/ResponseHead"
import * as Option from "effect/Option"
import { retryAfter } from "../../src/reconnect/retryAfter.js"
import { HandshakeError, TransportError } from "../../src/WebSocketError.js"

const now = Date.UTC(2026, 10, 24, 12, 0, 0)

const declined = (fields: FieldsInput): HandshakeError =>
  new HandshakeError({
    role: "client",
    reason: ClientHandshake.declined(ResponseHead.make(503, Fields.from(fields)), new Uint8Array(0)),
    request: Option.none(),
    response: Option.none(),
    keepAlive: false,
    leftover: new Uint8Array(0)
  })

describe("RFC 9110 §10.2.3 Retry-After", () => {
  for (const [value, millis] of [
    ["0", 0],
    ["120", 120_000],
    ["Tue, 24 Nov 2026 12:00:30 GMT", 30_000],
    ["Tuesday, 24-Nov-26 12:00:30 GMT", 30_000],
    ["Tue Nov 24 12:00:30 2026", 30_000],
    ["Tue, 24 Nov 2026 11:00:00 GMT", 0],
    ["-1", 0],
    ["1e3", 0],
    ["soon", 0]
  ] as const) {
    it(`${value}: ${millis} ms`, () => expect(retryAfter(declined({ "Retry-After": value }), now)).toBe(millis))
  }

  it("without the field, or with two of them, nothing is asked for", () => {
    expect(retryAfter(declined({}), now)).toBe(0)
    expect(retryAfter(declined({ "Retry-After": ["1", "2"] }), now)).toBe(0)
  })

  it("a proxy may ask for it too", () => {
    const head = ResponseHead.make(503, Fields.from({ "Retry-After": "7" }))
    const fault = { _tag: "Refused", response: { head, body: new Uint8Array(0) } } as const
    expect(retryAfter(new TransportError({ reason: { _tag: "Proxy", proxy: "a:1", fault } }), now)).toBe(7000)
  })

  it("other failures ask for nothing", () => {
    expect(retryAfter(new TransportError({ reason: { _tag: "Reset" } }), now)).toBe(0)
    expect(retryAfter("wrong", now)).toBe(0)
  })
})
