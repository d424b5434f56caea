import { describe, expect, it } from "vitest"
import type { TransportReason } from "../../src/transport/TransportReason.js"
import { TransportError } from "../../src/WebSocketError.js"

describe("the reason of a TransportError tells what a person needs", () => {
  const transport: ReadonlyArray<readonly [TransportReason, string]> = [
    [{ _tag: "Open", address: "127.0.0.1:1" }, "127.0.0.1:1"],
    [{ _tag: "Listen", address: "127.0.0.1:1" }, "listening at 127.0.0.1:1"],
    [{ _tag: "Read" }, "reading"],
    [{ _tag: "Write" }, "writing"],
    [{ _tag: "Reset" }, "reset"],
    [{ _tag: "EndOfStream" }, "RFC 6455 §7.1.5"],
    [{ _tag: "TlsHandshake", code: "CERT_HAS_EXPIRED" }, "CERT_HAS_EXPIRED"],
    [{ _tag: "TlsHandshake", code: undefined }, "TLS handshake failed"],
    [{ _tag: "TlsTruncated" }, "RFC 8446 §6.1"],
    [{ _tag: "Unsupported", feature: "wss:" }, "wss:"],
    [{ _tag: "Hidden", address: "a:1", phase: "Handshake" }, "a browser does not tell whether it was the network"],
    [{ _tag: "Hidden", address: "a:1", phase: "Open" }, "the connection to a:1 failed; a browser does not tell why"],
    [{ _tag: "Overrun", limit: 9 }, "more than 9 octets"],
    [{ _tag: "Aborted" }, "aborted on this side"],
    [{ _tag: "Proxy", proxy: "a:1", fault: { _tag: "SocksReply", code: 5, meaning: "no" } }, "the proxy a:1"]
  ]
  for (const [reason, text] of transport) {
    it(`TransportError ${reason._tag}: ${text}`, () => {
      const error = new TransportError({ reason, cause: "beneath" })
      expect(error).toMatchObject({ _tag: "TransportError", reason, cause: "beneath" })
      expect(error.message).toContain(text)
      expect(String(error)).toContain(text)
    })
  }
})
