/**
 * WebSocket URIs (RFC 6455 §3): a string comes in, what the opening handshake needs of it goes out.
 *
 * `http` and `https` are taken as `ws` and `wss`. Characters that may not stand in a request target are
 * percent-encoded as UTF-8, as a URL parser does; control characters, a fragment and a host that is none are
 * violations. Resolves nothing: neither names nor relative references nor dot segments.
 *
 * @example
 * ```ts
 * import * as WebSocketUri from "@effect-websocket/protocol/handshake/WebSocketUri"
 *
 * const uri = WebSocketUri.parse("wss://example.com/chat")
 * if (!("_tag" in uri)) console.log(uri.host, uri.port, uri.target)
 * ```
 *
 * @example
 * ```ts
 * import * as WebSocketUri from "@effect-websocket/protocol/handshake/WebSocketUri"
 *
 * const uri = WebSocketUri.parse("wss://example.com/chat?token=secret")
 * if (!("_tag" in uri)) console.log(WebSocketUri.format(uri), WebSocketUri.href(uri).length) // without the query, and with it
 * ```
 */
import * as Base64 from "../bytes/Base64.js"
import * as Utf8 from "../bytes/Utf8.js"
import * as Authority from "./Authority.js"

/** A URI, as the opening handshake needs it. */
export interface WebSocketUri {
  /** wss or https */
  readonly secure: boolean
  /** Lower-case, an IPv6 address without its brackets: what the transport connects to. */
  readonly host: string
  readonly port: number
  /** The value of the Host field: the port stands in it only when it is not the default one. */
  readonly authority: string
  /** §3 resource name: path and query, never empty. */
  readonly target: string
  /** The value of an Authorization field (RFC 7617) when the URI has user information. */
  readonly authorization: string | undefined
}

/** Why a text is no such URI. */
export interface UriViolation {
  readonly _tag: "UriViolation"
  readonly rule: string
}

const violation = (rule: string): UriViolation => ({ _tag: "UriViolation", rule })

const controls = violation("RFC 3986 §2: a URI has no control characters")
const noFragment = violation("RFC 6455 §3: a WebSocket URI has no fragment")
const noScheme = violation("RFC 6455 §3: a WebSocket URI begins with ws:// or wss://")
const noHost = violation("RFC 6455 §3: a WebSocket URI has a host, and a port from 1 to 65535 if any")
const badUser = violation("RFC 7617 §2: a user name has no colon, and no control characters stand in credentials")

const isControl = (code: number): boolean => code < 0x20 || code === 0x7f

const hasControl = (octets: Uint8Array): boolean => octets.some(isControl)

/** undefined: not a scheme of ours. */
const isSecure = (scheme: string): boolean | undefined => {
  switch (scheme.toLowerCase()) {
    case "ws":
    case "http":
      return false
    case "wss":
    case "https":
      return true
    default:
      return undefined
  }
}

/** The characters below 0x7F that neither a path nor a query may contain (RFC 3986 §3.3, §3.4). */
const excluded = new Set(Array.from(' "<>\\^`{|}', (char) => char.charCodeAt(0)))

const encodeOctet = (octet: number): string =>
  octet > 0x7e || excluded.has(octet)
    ? `%${octet.toString(16).toUpperCase().padStart(2, "0")}`
    : String.fromCharCode(octet)

/** §3: the resource name is "/" when the path is empty. */
const targetOf = (rest: string): string =>
  Array.from(Utf8.encode(rest.startsWith("/") ? rest : `/${rest}`), encodeOctet).join("")

const hexDigit = (octet: number | undefined): number =>
  octet === undefined ? -1 : "0123456789abcdef".indexOf(String.fromCharCode(octet).toLowerCase())

/** RFC 3986 §2.1; a percent sign without two digits stays as it is. */
const percentDecode = (text: string): Uint8Array => {
  const octets = Utf8.encode(text)
  let length = 0
  for (let at = 0; at < octets.length; at++) {
    const high = octets[at] === 0x25 ? hexDigit(octets[at + 1]) : -1
    const low = high < 0 ? -1 : hexDigit(octets[at + 2])
    octets[length++] = low < 0 ? octets[at]! : high * 16 + low
    if (low >= 0) at += 2
  }
  return octets.slice(0, length)
}

/** RFC 7617 §2: Basic credentials, the octets of user and password joined by a colon. */
const authorizationOf = (userinfo: string): string | UriViolation | undefined => {
  if (userinfo === "") return undefined
  const colon = userinfo.indexOf(":")
  const user = percentDecode(colon < 0 ? userinfo : userinfo.slice(0, colon))
  const credentials = percentDecode(colon < 0 ? `${userinfo}:` : userinfo)
  return user.includes(0x3a) || hasControl(credentials) ? badUser : `Basic ${Base64.encode(credentials)}`
}

/** Where the authority ends: at the first "/" or "?". */
const endOfAuthority = (text: string): number => {
  for (let at = 0; at < text.length; at++) if (text[at] === "/" || text[at] === "?") return at
  return text.length
}

const build = (secure: boolean, userinfo: string, hostPort: string, rest: string): WebSocketUri | UriViolation => {
  const authority = Authority.parse(hostPort)
  if (authority === undefined) return noHost
  const authorization = authorizationOf(userinfo)
  if (typeof authorization === "object") return authorization
  const port = authority.port ?? Authority.defaultPort(secure)
  return {
    secure,
    host: authority.host.startsWith("[") ? authority.host.slice(1, -1) : authority.host,
    port,
    authority: port === Authority.defaultPort(secure) ? authority.host : `${authority.host}:${port}`,
    target: targetOf(rest),
    authorization
  }
}

/** Reads a URI with the scheme ws, wss, http or https. */
export const parse = (uri: string): WebSocketUri | UriViolation => {
  if (hasControl(Utf8.encode(uri))) return controls
  if (uri.includes("#")) return noFragment
  const colon = uri.indexOf("://")
  const secure = isSecure(uri.slice(0, Math.max(colon, 0)))
  if (secure === undefined) return noScheme
  const hierarchy = uri.slice(colon + 3)
  const end = endOfAuthority(hierarchy)
  const at = hierarchy.lastIndexOf("@", end - 1)
  return build(secure, hierarchy.slice(0, Math.max(at, 0)), hierarchy.slice(at + 1, end), hierarchy.slice(end))
}

/** The URI as text, without user information. Equal URIs give equal texts. */
export const href = ({ authority, secure, target }: WebSocketUri): string =>
  `${secure ? "wss" : "ws"}://${authority}${target}`

/** The URI for messages and logs: without user information and without query, which may be secret. */
export const format = (uri: WebSocketUri): string => href(uri).split("?", 1)[0]!
