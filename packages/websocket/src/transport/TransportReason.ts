/** Why octets do not come or go any more: the reasons of a `TransportError`. */
import { describeFault, type ProxyFault } from "../proxy/ProxyFault.js"

/** Why the octet stream beneath failed. An end without a Close frame is `EndOfStream`: never a success (RFC 6455 §7.1.5). */
export type TransportReason =
  /** The connection could not be opened: refused, unreachable, name not found, path missing. */
  | { readonly _tag: "Open"; readonly address: string }
  /** A listener could not listen, or cannot any more: the address is in use, or not allowed. */
  | { readonly _tag: "Listen"; readonly address: string }
  | { readonly _tag: "Read" }
  | { readonly _tag: "Write" }
  /** The peer reset the connection. */
  | { readonly _tag: "Reset" }
  /** This side ended the connection by the `abort` of its WebSocket. */
  | { readonly _tag: "Aborted" }
  /** The peer ended its side. */
  | { readonly _tag: "EndOfStream" }
  /** The TLS handshake failed; `code` is the reason as OpenSSL or Node.js names it, when known. */
  | { readonly _tag: "TlsHandshake"; readonly code: string | undefined }
  /** The TLS stream ended without close_notify (RFC 8446 §6.1). */
  | { readonly _tag: "TlsTruncated" }
  /** This transport cannot do what was asked, for instance `wss:` over plain TCP. */
  | { readonly _tag: "Unsupported"; readonly feature: string }
  /** A proxy on the way gave no connection; `fault` is its answer. */
  | { readonly _tag: "Proxy"; readonly proxy: string; readonly fault: ProxyFault }
  /** The handshake, or the open connection, failed in a browser, which does not tell why. */
  | { readonly _tag: "Hidden"; readonly address: string; readonly phase: "Handshake" | "Open" }
  /** As much has arrived unread as may wait, on a platform that cannot make the peer wait. */
  | { readonly _tag: "Overrun"; readonly limit: number }

/** It as a sentence. */
export const describe = (reason: TransportReason): string => {
  switch (reason._tag) {
    case "Open":
      return `the connection to ${reason.address} could not be opened`
    case "Listen":
      return `listening at ${reason.address} failed`
    case "Read":
      return "reading from the connection failed"
    case "Write":
      return "writing to the connection failed"
    case "Reset":
      return "the peer reset the connection"
    case "Aborted":
      return "the connection was aborted on this side"
    case "EndOfStream":
      return "the peer ended the connection without a Close frame (RFC 6455 §7.1.5)"
    case "TlsHandshake":
      return `the TLS handshake failed${reason.code === undefined ? "" : `: ${reason.code}`}`
    case "TlsTruncated":
      return "the TLS stream ended without close_notify (RFC 8446 §6.1)"
    case "Unsupported":
      return `this transport does not support ${reason.feature}`
    case "Proxy":
      return describeFault(reason.proxy, reason.fault)
    case "Hidden":
      return reason.phase === "Handshake"
        ? `the handshake with ${reason.address} failed; a browser does not tell whether it was the network, TLS, or a refusal`
        : `the connection to ${reason.address} failed; a browser does not tell why`
    case "Overrun":
      return `more than ${reason.limit} octets have arrived unread, and this platform cannot make the peer wait`
  }
}
