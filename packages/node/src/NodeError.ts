/**
 * What Node.js and OpenSSL report, as `TransportError`.
 *
 * The phase decides first: what a listener meets is `Listen`, before a connection is open everything is `Open`, during the TLS
 * handshake `TlsHandshake`; afterwards the code and the system call of the error decide. The error itself is always kept as `cause`.
 */
import { TransportError } from "effect-websocket/WebSocketError"

const codeOf = (cause: unknown): string | undefined => {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code
  return typeof code === "string" ? code : undefined
}

/** A listener could not listen at `address`, or does not any more. */
export const listen = (address: string, cause: unknown): TransportError =>
  new TransportError({ reason: { _tag: "Listen", address }, cause })

/** A connection to `address` could not be opened. */
export const open = (address: string, cause: unknown): TransportError =>
  cause instanceof TransportError ? cause : new TransportError({ reason: { _tag: "Open", address }, cause })

/** The TLS handshake failed, or could not begin with these certificates. */
export const tlsHandshake = (cause: unknown): TransportError =>
  cause instanceof TransportError
    ? cause
    : new TransportError({ reason: { _tag: "TlsHandshake", code: codeOf(cause) }, cause })

/** With TLS 1.3 a client learns only after its handshake that the server refused its certificate (RFC 8446 §4.4.2.4). */
const refusesCertificate = (code: string): boolean =>
  code.startsWith("ERR_SSL_") &&
  (code.includes("_CERTIFICATE") || code.endsWith("_UNKNOWN_CA") || code.endsWith("_ACCESS_DENIED"))

/** An open connection failed. */
export const stream = (cause: unknown): TransportError => {
  if (cause instanceof TransportError) return cause
  const code = codeOf(cause) ?? ""
  if (code === "ECONNRESET" || code === "EPIPE") return new TransportError({ reason: { _tag: "Reset" }, cause })
  if (refusesCertificate(code)) return tlsHandshake(cause)
  const writing = (cause as NodeJS.ErrnoException | undefined)?.syscall === "write" || code === "ERR_STREAM_DESTROYED"
  return new TransportError({ reason: { _tag: writing ? "Write" : "Read" }, cause })
}
