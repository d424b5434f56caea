import { describe, expect, it } from "@effect/vitest"
import * as ClientHandshake from "@effect-websocket/protocol/handshake/ClientHandshake"
import { httpError } from "@effect-websocket/protocol/handshake/HandshakeViolation"
import { Fields } from "@effect-websocket/protocol/http/Fields"
import { httpViolation } from "@effect-websocket/protocol/http/HttpViolation"
import * as ResponseHead from "@effect-websocket/protocol/http/ResponseHead"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import { retryable } from "../../src/reconnect/retryable.js"
import {
  Closed,
  HandshakeError,
  type HandshakeReason,
  OptionError,
  SendError,
  TimeoutError,
  type TimeoutPhase,
  TransportError,
  type TransportReason
} from "../../src/WebSocketError.js"

const handshake = (reason: HandshakeReason) =>
  new HandshakeError({
    role: "client",
    reason,
    request: Option.none(),
    response: Option.none(),
    keepAlive: false,
    leftover: new Uint8Array(0)
  })

const declined = (status: number) =>
  handshake(ClientHandshake.declined(ResponseHead.make(status, Fields.empty), new Uint8Array(0)))

const response = (status: number) => ({ head: ResponseHead.make(status, Fields.empty), body: new Uint8Array(0) })

const closed = (code: number, initiator: "local" | "remote" = "remote") =>
  new Closed({
    closure: {
      initiator,
      sent: Option.none(),
      received: Option.some({ code, reason: "" }),
      clean: true,
      cause: undefined
    }
  })

describe("J3: which failures are worth another attempt", () => {
  for (const reason of [
    { _tag: "Open", address: "a" },
    { _tag: "Read" },
    { _tag: "Write" },
    { _tag: "Reset" },
    { _tag: "EndOfStream" },
    { _tag: "TlsTruncated" },
    { _tag: "Hidden", address: "a", phase: "Handshake" },
    { _tag: "Hidden", address: "a", phase: "Open" },
    { _tag: "Proxy", proxy: "a:1", fault: { _tag: "SocksReply", code: 5, meaning: "" } },
    { _tag: "Proxy", proxy: "a:1", fault: { _tag: "Refused", response: response(503) } },
    { _tag: "TlsHandshake", code: "ECONNRESET" }
  ] satisfies ReadonlyArray<TransportReason>) {
    it(`TransportError ${JSON.stringify(reason)}`, () => expect(retryable(new TransportError({ reason }))).toBe(true))
  }

  for (const reason of [
    { _tag: "Unsupported", feature: "wss:" },
    { _tag: "Aborted" },
    { _tag: "Overrun", limit: 1 },
    { _tag: "Proxy", proxy: "a:1", fault: { _tag: "SocksReply", code: 2, meaning: "" } },
    { _tag: "Proxy", proxy: "a:1", fault: { _tag: "Refused", response: response(403) } },
    { _tag: "Proxy", proxy: "a:1", fault: { _tag: "AuthRequired", challenges: [], response: undefined } },
    { _tag: "Proxy", proxy: "a:1", fault: { _tag: "Malformed", section: "", rule: "" } },
    { _tag: "TlsHandshake", code: "CERT_HAS_EXPIRED" },
    { _tag: "TlsHandshake", code: undefined }
  ] satisfies ReadonlyArray<TransportReason>) {
    it(`not TransportError ${JSON.stringify(reason)}`, () =>
      expect(retryable(new TransportError({ reason }))).toBe(false))
  }

  for (const phase of ["Connect", "Handshake", "Idle", "Close", "Message"] satisfies ReadonlyArray<TimeoutPhase>) {
    it(`TimeoutError ${phase}`, () =>
      expect(retryable(new TimeoutError({ phase, after: Duration.seconds(1) }))).toBe(true))
  }

  for (const status of [408, 425, 429, 500, 502, 503, 504]) {
    it(`UpgradeDeclined with ${status}`, () => expect(retryable(declined(status))).toBe(true))
  }

  for (const status of [200, 302, 400, 401, 403, 404, 426, 501, 505]) {
    it(`not UpgradeDeclined with ${status}`, () => expect(retryable(declined(status))).toBe(false))
  }

  it("a connection that ends within the response, and not a response that breaks a rule", () => {
    const early = httpViolation("EndedEarly", "RFC 9112 §8", "a message head ends with an empty line", 400)
    const wrong = httpViolation("Syntax", "RFC 9112 §4", "a status line", 400)
    expect(retryable(handshake(httpError(early, "client")))).toBe(true)
    expect(retryable(handshake(httpError(wrong, "client")))).toBe(false)
  })

  for (const code of [1001, 1011, 1012, 1013, 1014]) {
    it(`a peer that leaves with ${code}`, () => expect(retryable(closed(code))).toBe(true))
  }

  for (const code of [1000, 1002, 1003, 1005, 1007, 1008, 1009, 1010, 3000, 4000]) {
    it(`not a peer that closes with ${code}`, () => expect(retryable(closed(code))).toBe(false))
  }

  it("not what we have closed, what may not be sent, or what is not of this library", () => {
    expect(retryable(closed(1001, "local"))).toBe(false)
    expect(retryable(new OptionError({ option: "uri", rule: "" }))).toBe(false)
    expect(retryable(new SendError({ reason: { _tag: "BadText" } }))).toBe(false)
    expect(retryable(new Error("wrong"))).toBe(false)
    expect(retryable(undefined)).toBe(false)
  })
})
