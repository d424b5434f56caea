/**
 * The URI of a proxy, as environment variables have it: `http://user:password@proxy.example.com:8080`.
 *
 * Schemes are http, https (TLS to the proxy), socks5 and socks5h, which mean the same here: the proxy resolves names. Without
 * a scheme it is http. Nothing of a URI, which may have a password, is in what is said of it.
 */
import * as Authority from "@effect-websocket/protocol/handshake/Authority"
import * as Redacted from "effect/Redacted"
import type { ProxyCredentials, ProxyServer } from "./ProxyServer.js"

/** A proxy, and how to speak with it. */
export interface ProxyUri extends ProxyServer {
  readonly kind: "http" | "socks5"
  readonly auth: ProxyCredentials | undefined
}

/** What is wrong with a URI. */
export interface ProxyUriViolation {
  readonly _tag: "ProxyUriViolation"
  readonly rule: string
}

const violation = (rule: string): ProxyUriViolation => ({ _tag: "ProxyUriViolation", rule })

const noScheme = violation("the URI of a proxy begins with http://, https:// or socks5://")
const noHost = violation("the URI of a proxy has a host, a port from 1 to 65535 if any, and no path")
const badUser = violation("RFC 3986 §2.1: user name and password are percent-encoded UTF-8")

const kinds = new Map<string, Pick<ProxyUri, "kind" | "port" | "secure">>([
  ["http", { kind: "http", port: 80, secure: false }],
  ["https", { kind: "http", port: 443, secure: true }],
  ["socks5", { kind: "socks5", port: 1080, secure: false }],
  ["socks5h", { kind: "socks5", port: 1080, secure: false }]
])

const credentialsOf = (userinfo: string): ProxyCredentials | ProxyUriViolation => {
  const colon = userinfo.indexOf(":")
  try {
    const username = decodeURIComponent(colon < 0 ? userinfo : userinfo.slice(0, colon))
    const password = colon < 0 ? "" : decodeURIComponent(userinfo.slice(colon + 1))
    return { username, password: Redacted.make(password) }
  } catch {
    return badUser
  }
}

const isViolation = (value: object): value is ProxyUriViolation => "_tag" in value && value._tag === "ProxyUriViolation"

/** Reads a URI. */
export const parse = (text: string): ProxyUri | ProxyUriViolation => {
  const colon = text.indexOf("://")
  const kind = kinds.get(colon < 0 ? "http" : text.slice(0, colon).toLowerCase())
  if (kind === undefined) return noScheme
  const hierarchy = colon < 0 ? text : text.slice(colon + 3)
  const place = hierarchy.endsWith("/") ? hierarchy.slice(0, -1) : hierarchy
  const at = place.lastIndexOf("@")
  const authority = Authority.parse(place.slice(at + 1))
  if (authority === undefined) return noHost
  const auth = at < 0 ? undefined : credentialsOf(place.slice(0, at))
  if (auth !== undefined && isViolation(auth)) return auth
  const { host } = authority
  return {
    ...kind,
    host: host.startsWith("[") ? host.slice(1, -1) : host,
    port: authority.port ?? kind.port,
    auth
  }
}
