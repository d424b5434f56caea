/**
 * `host [ ":" port ]`, as it stands in a URI, in the Host field and in an origin (RFC 3986 §3.2, RFC 9110 §7.2).
 *
 * Comes in as text, goes out as a lower-case host and a port. Never resolves a name, never decodes percent signs:
 * a name beyond ASCII is written in its "xn--" form (RFC 3986 §3.2.2, RFC 5890). No user information.
 *
 * @example
 * ```ts
 * import * as Authority from "@effect-websocket/protocol/handshake/Authority"
 *
 * const authority = Authority.parse("example.com:8080")
 * ```
 *
 * @example
 * ```ts
 * import { defaultPort } from "@effect-websocket/protocol/handshake/Authority"
 *
 * defaultPort(true) // 443
 * ```
 */

export interface Authority {
  /** Lower-case; an IPv6 literal keeps its brackets. */
  readonly host: string
  /** 1–65535; undefined: not written. */
  readonly port: number | undefined
}

const digits = "0123456789"
const hexadecimal = `${digits}abcdefABCDEF`
const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
/** reg-name = *( unreserved / sub-delims ), without pct-encoded */
const regName = `${digits}${letters}-._~!$&'()*+,;=`

const consistsOf = (text: string, chars: string): boolean => {
  for (let at = 0; at < text.length; at++) if (!chars.includes(text.charAt(at))) return false
  return true
}

/** Digits only: no sign, no leading zero (RFC 3986 §3.2.3). -1: not a port. */
const parsePort = (text: string): number => {
  if (text.length === 0 || text.length > 5 || text[0] === "0" || !consistsOf(text, digits)) return -1
  const port = Number(text)
  return port > 65535 ? -1 : port
}

/** IP-literal = "[" IPv6address "]"; only its characters are checked, the resolver knows the rest. */
const isIpLiteral = (host: string): boolean =>
  host.endsWith("]") && host.split(":", 3).length === 3 && consistsOf(host.slice(1, -1), `${hexadecimal}:.`)

const isHost = (host: string): boolean =>
  host[0] === "[" ? isIpLiteral(host) : host.length > 0 && consistsOf(host, regName)

/** undefined: empty host, characters that no host has, or a port out of range. An empty port counts as not written. */
export const parse = (text: string): Authority | undefined => {
  // RFC 3986 §3.2.2: the colons inside of the brackets belong to the address.
  const colon = text.indexOf(":", text.lastIndexOf("]") + 1)
  const host = colon < 0 ? text : text.slice(0, colon)
  const portText = colon < 0 ? "" : text.slice(colon + 1)
  const port = portText === "" ? undefined : parsePort(portText)
  return port === -1 || !isHost(host) ? undefined : { host: host.toLowerCase(), port }
}

/** RFC 6455 §3, RFC 9110 §4.2. */
export const defaultPort = (secure: boolean): number => (secure ? 443 : 80)
