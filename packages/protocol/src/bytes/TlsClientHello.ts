/**
 * Whether a client speaks TLS: told by the first octets that it sends.
 *
 * TLS begins with a record of type handshake (RFC 8446 §5.1) with a ClientHello in it (§4); HTTP begins with a letter. At most
 * nine octets are looked at; the versions among them are not. The decisions are those of Beast's `is_tls_client_hello`.
 *
 * @example
 * ```ts
 * import { isTlsClientHello } from "@effect-websocket/protocol/bytes/TlsClientHello"
 *
 * const answer = isTlsClientHello(Uint8Array.of(0x47, 0x45, 0x54)) // "no": it is GET
 * ```
 */

/** `"more"`: the octets fit, and are too few to say. */
export type Answer = "yes" | "no" | "more"

/** §5.1: the type of a record with handshake messages. */
const handshake = 0x16

/** §4: the type of the message that a client begins with. */
const clientHello = 1

/** §5.1: type, version and length of a record; type and length of the message in it. */
const recordHeader = 5
const messageHeader = 4

/** §4.1.2: a ClientHello begins with a version and 32 octets of random. */
const leastRecord = 34

/** Do these first octets of a connection begin a ClientHello? Once it is not `"more"`, further octets do not change it. */
export const isTlsClientHello = (octets: Uint8Array): Answer => {
  if (octets.length < 1) return "more"
  if (octets[0] !== handshake) return "no"
  if (octets.length < recordHeader) return "more"
  const recordLength = (octets[3] << 8) | octets[4]
  if (recordLength < leastRecord) return "no"
  if (octets.length < recordHeader + 1) return "more"
  if (octets[recordHeader] !== clientHello) return "no"
  if (octets.length < recordHeader + messageHeader) return "more"
  const messageLength = (octets[6] << 16) | (octets[7] << 8) | octets[8]
  return messageLength + messageHeader > recordLength ? "no" : "yes"
}
