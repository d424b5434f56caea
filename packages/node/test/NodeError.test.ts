import { TransportError } from "effect-websocket/WebSocketError"
import { describe, expect, it } from "vitest"
import * as NodeError from "../src/NodeError.js"

const error = (code: string, syscall?: string) => Object.assign(new Error(code), { code, syscall })

describe("the reason of an error of an open connection", () => {
  it.each([
    [error("ECONNRESET", "read"), { _tag: "Reset" }],
    [error("ECONNRESET", "write"), { _tag: "Reset" }],
    [error("EPIPE", "write"), { _tag: "Reset" }],
    [error("ETIMEDOUT", "read"), { _tag: "Read" }],
    [error("EHOSTUNREACH", "write"), { _tag: "Write" }],
    [error("ERR_STREAM_DESTROYED"), { _tag: "Write" }],
    [error("ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC"), { _tag: "Read" }],
    [new Error("without a code"), { _tag: "Read" }],
    ["no error at all", { _tag: "Read" }],
    [undefined, { _tag: "Read" }]
  ])("%s", (cause, reason) => {
    const result = NodeError.stream(cause)
    expect(result.reason).toEqual(reason)
    expect(result.cause).toBe(cause)
  })

  it.each([
    "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
    "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA",
    "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE"
  ])("RFC 8446 §4.4.2.4: %s after the client's handshake is a failure of the handshake", (code) => {
    expect(NodeError.stream(error(code)).reason).toEqual({ _tag: "TlsHandshake", code })
  })
})

describe("the reason of an error before the connection was open", () => {
  it("Listen has the address, and the cause", () => {
    const cause = error("EADDRINUSE", "listen")
    const result = NodeError.listen("[::1]:80", cause)
    expect([result.reason, result.cause]).toEqual([{ _tag: "Listen", address: "[::1]:80" }, cause])
    expect(result.message).toBe("listening at [::1]:80 failed")
  })

  it("Open has the address, and the cause", () => {
    const cause = error("ECONNREFUSED", "connect")
    const result = NodeError.open("[::1]:80", cause)
    expect(result.reason).toEqual({ _tag: "Open", address: "[::1]:80" })
    expect(result.cause).toBe(cause)
  })

  it("TlsHandshake has the code, if there is one", () => {
    expect(NodeError.tlsHandshake(error("CERT_HAS_EXPIRED")).reason).toEqual({
      _tag: "TlsHandshake",
      code: "CERT_HAS_EXPIRED"
    })
    expect(NodeError.tlsHandshake(undefined).reason).toEqual({ _tag: "TlsHandshake", code: undefined })
  })

  it("what failed beneath stays what it was", () => {
    const beneath = new TransportError({ reason: { _tag: "Reset" } })
    expect(NodeError.open("a", beneath)).toBe(beneath)
    expect(NodeError.tlsHandshake(beneath)).toBe(beneath)
    expect(NodeError.stream(beneath)).toBe(beneath)
  })
})
