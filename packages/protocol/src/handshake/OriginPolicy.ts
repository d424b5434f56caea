/**
 * Which web pages and which host names may open a connection (RFC 6455 §10.2, §4.2.2 step 4; RFC 6454).
 *
 * A browser sends the cookies of the user along with a handshake of any page: a server that does not look at the
 * Origin serves them all. Looking at the Host as well stops names that were made to resolve to us (DNS rebinding).
 * Compares ASCII serialisations; resolves nothing. What cannot be read is not allowed.
 *
 * @example
 * ```ts
 * import { hostAllowed } from "@effect-websocket/protocol/handshake/OriginPolicy"
 *
 * hostAllowed("example.com:8080", ["example.com"])
 * ```
 *
 * @example
 * ```ts
 * import * as OriginPolicy from "@effect-websocket/protocol/handshake/OriginPolicy"
 * import type { UpgradeRequest } from "@effect-websocket/protocol/handshake/ServerHandshake"
 *
 * const judge = (request: UpgradeRequest, host: string) => {
 *   if (!OriginPolicy.hostAllowed(host, ["example.com"])) return OriginPolicy.forbiddenHost(request)
 *   return OriginPolicy.sameOrigin(request, true) ? undefined : OriginPolicy.forbiddenOrigin(request)
 * }
 * ```
 */
import { Fields } from "../http/Fields.js"
import * as Authority from "./Authority.js"
import { type HandshakeViolation, handshakeViolation } from "./HandshakeViolation.js"
import type { UpgradeRequest } from "./ServerHandshake.js"

const schemes = { true: "https://", false: "http://" }

/** RFC 6454 §5: scheme, host and port are all equal. */
const isSame = (origin: string, host: string, secure: boolean): boolean => {
  const scheme = schemes[`${secure}`]
  if (origin.slice(0, scheme.length).toLowerCase() !== scheme) return false
  const theirs = Authority.parse(origin.slice(scheme.length))
  const ours = Authority.parse(host)
  if (theirs === undefined || ours === undefined) return false
  const port = Authority.defaultPort(secure)
  return theirs.host === ours.host && (theirs.port ?? port) === (ours.port ?? port)
}

/**
 * Does the request come from a page of the same origin, or from no page at all?
 *
 * `secure` tells whether the browser sees https: true also behind a proxy which ends TLS. No Origin field is allowed,
 * since then it is no browser (§10.2); "null" and anything that is not `scheme://host[:port]` is not.
 */
export const sameOrigin = (request: UpgradeRequest, secure: boolean): boolean =>
  request.origin === undefined || isSame(request.origin, request.host, secure)

/** A trailing dot makes a name absolute, it is the same host. A bare IPv6 address gets its brackets. */
const normalise = (text: string): Authority.Authority | undefined => {
  const authority = Authority.parse(text) ?? Authority.parse(`[${text}]`)
  return (
    authority && { ...authority, host: authority.host.endsWith(".") ? authority.host.slice(0, -1) : authority.host }
  )
}

/** An entry without a port allows any. A Host without a port means the default one, which may be either here. */
const allows = (entry: Authority.Authority, host: Authority.Authority): boolean =>
  entry.host === host.host &&
  (entry.port === undefined ||
    (host.port === undefined ? entry.port === 80 || entry.port === 443 : entry.port === host.port))

/**
 * Is the value of a Host field in the list? Entries are written `host` or `host:port`; case, a trailing dot and the
 * brackets of an IPv6 address do not matter. IPv6 addresses are compared as they are written.
 */
export const hostAllowed = (host: string, allowList: ReadonlyArray<string>): boolean => {
  const normalised = normalise(host)
  if (normalised === undefined) return false
  return allowList.some((text) => {
    const entry = normalise(text)
    return entry !== undefined && allows(entry, normalised)
  })
}

/** The violation for a request that the origin policy does not allow: 403. */
export const forbiddenOrigin = (request: UpgradeRequest): HandshakeViolation =>
  handshakeViolation(
    "ForbiddenOrigin",
    "RFC 6455 §4.2.2",
    "the origin of the request is allowed here",
    { status: 403, fields: Fields.empty },
    { origin: request.origin ?? "" }
  )

/** The violation for a request whose host is not in the allow-list: 421 (RFC 9110 §15.5.20). */
export const forbiddenHost = (request: UpgradeRequest): HandshakeViolation =>
  handshakeViolation(
    "ForbiddenHost",
    "RFC 9110 §7.4",
    "the host of the request is one of this server",
    { status: 421, fields: Fields.empty },
    { host: request.host }
  )
