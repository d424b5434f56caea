/**
 * The messages of SOCKS 5 as octets: the client's, and what it makes of the proxy's (RFC 1928, RFC 1929).
 *
 * Names go to the proxy as names: it resolves them, and nobody else learns them.
 */
import { encode } from "@effect-websocket/protocol/bytes/Utf8"
import * as IpAddress from "./IpAddress.js"
import type { ProxyFault } from "./ProxyFault.js"

const version = 5
const authVersion = 1
const connectCommand = 1

/** RFC 1928 §3. */
export const method = { none: 0x00, password: 0x02, unacceptable: 0xff } as const

/** RFC 1928 §4. */
const addressType = { v4: 1, name: 3, v6: 4 } as const

/** The most octets that a length of one octet can say. */
export const maxLength = 255

const malformed = (section: string, rule: string): ProxyFault => ({ _tag: "Malformed", section, rule })

const authRequired: ProxyFault = { _tag: "AuthRequired", challenges: [], response: undefined }

/** RFC 1928 §3: which ways of authentication the client can go. */
export const greeting = (hasCredentials: boolean): Uint8Array =>
  hasCredentials ? Uint8Array.of(version, 2, method.none, method.password) : Uint8Array.of(version, 1, method.none)

/** RFC 1928 §3: the way which the proxy chose, of those that were offered. */
export const chosenMethod = (reply: Uint8Array, hasCredentials: boolean): number | ProxyFault => {
  const [spoken, chosen = 0] = reply
  if (spoken !== version) return malformed("RFC 1928 §3", "a SOCKS proxy answers with the version 5")
  if (chosen === method.unacceptable) return authRequired
  const isOffered = chosen === method.none || (chosen === method.password && hasCredentials)
  return isOffered ? chosen : malformed("RFC 1928 §3", "a SOCKS proxy chooses a method that was offered")
}

/** RFC 1929 §2: both have 1 to 255 octets. */
export const credentials = (username: Uint8Array, password: Uint8Array): Uint8Array =>
  Uint8Array.of(authVersion, username.length, ...username, password.length, ...password)

/** RFC 1929 §2: undefined when the proxy accepts. */
export const authFault = (reply: Uint8Array): ProxyFault | undefined => {
  const [spoken, status] = reply
  if (spoken !== authVersion) return malformed("RFC 1929 §2", "the answer to credentials has the version 1")
  return status === 0 ? undefined : authRequired
}

const address = (host: string): Uint8Array => {
  const octets = IpAddress.parse(host)
  if (octets !== undefined) return Uint8Array.of(octets.length === 4 ? addressType.v4 : addressType.v6, ...octets)
  const name = encode(host)
  return Uint8Array.of(addressType.name, name.length, ...name)
}

/** RFC 1928 §4: whom to connect to. */
export const connect = (host: string, port: number): Uint8Array =>
  Uint8Array.of(version, connectCommand, 0, ...address(host), port >> 8, port & 0xff)

/** RFC 1928 §6. */
const meanings = [
  "it succeeded",
  "the proxy failed",
  "its rules do not allow the connection",
  "the network is unreachable",
  "the host is unreachable",
  "the connection was refused",
  "the time to live was over",
  "it does not know the command",
  "it does not know the type of address"
]

/** RFC 1928 §6: the first four octets of the reply; how many follow before the port, or -1 when a length comes first. */
export const addressLength = (reply: Uint8Array): number | ProxyFault => {
  const [spoken, code = 0, , type] = reply
  if (spoken !== version) return malformed("RFC 1928 §6", "a SOCKS proxy answers with the version 5")
  if (code !== 0) return { _tag: "SocksReply", code, meaning: meanings[code] ?? "for a reason without a name" }
  if (type === addressType.v4) return 4
  if (type === addressType.v6) return 16
  return type === addressType.name ? -1 : malformed("RFC 1928 §6", "an address is of the type 1, 3 or 4")
}
