/**
 * The key of an opening handshake and its answer (RFC 6455 §4.1 step 7, §4.2.2 step 5.4).
 *
 * Comes in as a nonce of 16 octets or as text of the peer, goes out as text. Makes no randomness of its own.
 * SHA-1 is no protection here: it only shows that the server understood the request.
 *
 * @example
 * ```ts
 * import { accept } from "@effect-websocket/protocol/handshake/Key"
 *
 * const value = accept("dGhlIHNhbXBsZSBub25jZQ==") // "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
 * ```
 *
 * @example
 * ```ts
 * import { isKey } from "@effect-websocket/protocol/handshake/Key"
 *
 * isKey("dGhlIHNhbXBsZSBub25jZQ==") // true: sixteen octets in Base64
 * ```
 */
import { sha1 } from "@noble/hashes/legacy.js"
import * as Base64 from "../bytes/Base64.js"
import * as Latin1 from "../bytes/Latin1.js"

const nonceLength = 16

/** §1.3: the GUID that no server adds by chance. */
const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

const fresh = sha1.create()
/** The hash that is used again for every key: to make one takes as long as to hash a key. */
const hash = sha1.create()
const digest = new Uint8Array(hash.outputLen)

/** The value of Sec-WebSocket-Key for a random nonce of exactly 16 octets, fresh for each connection. */
export const encodeKey = (nonce: Uint8Array): string => {
  if (nonce.length !== nonceLength) throw new RangeError("RFC 6455 §4.1: the nonce of a key has 16 octets")
  return Base64.encode(nonce)
}

/** §4.2.1 item 5: is this the Base64 of 16 octets, in the one form that an encoder writes? */
export const isKey = (value: string): boolean => value.length === 24 && Base64.decode(value)?.length === nonceLength

/** The value of Sec-WebSocket-Accept that answers a key. */
export const accept = (key: string): string => {
  fresh
    ._cloneInto(hash)
    .update(Latin1.encode(key + guid))
    .digestInto(digest)
  return Base64.encode(digest)
}
