/**
 * Redirects of the opening handshake (RFC 6455 §4.1, RFC 9110 §15.4): where a response sends the client, and whether it may go.
 *
 * A response and the way until here come in, the next URI or a violation goes out. Nothing is connected, and nobody is asked.
 *
 * @example
 * ```ts
 * import { isSameOrigin } from "@effect-websocket/protocol/handshake/Redirect"
 * import { parse } from "@effect-websocket/protocol/handshake/WebSocketUri"
 *
 * const [a, b] = [parse("wss://example.com/a"), parse("wss://example.com/b")]
 * if (!("_tag" in a) && !("_tag" in b)) isSameOrigin(a, b) // true
 * ```
 *
 * @example
 * ```ts
 * import * as Redirect from "@effect-websocket/protocol/handshake/Redirect"
 * import type { WebSocketUri } from "@effect-websocket/protocol/handshake/WebSocketUri"
 * import type { Fields } from "@effect-websocket/protocol/http/Fields"
 * import type { ResponseHead } from "@effect-websocket/protocol/http/ResponseHead"
 *
 * const next = (from: WebSocketUri, response: ResponseHead) =>
 *   Redirect.isRedirect(response) ? Redirect.follow(from, response, [], 5) : undefined
 * const elsewhere = (fields: Fields) => Redirect.withoutCredentials(fields)
 * const tooMany = (response: ResponseHead) => Redirect.refused(response, "TooMany")
 * ```
 */
import type { Fields } from "../http/Fields.js"
import type { ResponseHead } from "../http/ResponseHead.js"
import { type HandshakeViolation, handshakeViolation, noRemedy, type RedirectFault } from "./HandshakeViolation.js"
import * as Uri from "./WebSocketUri.js"

/** A redirect: the URIs are absolute, and without user information. */
export interface Redirection {
  readonly status: number
  readonly from: string
  readonly to: string
}

/** Where to go on, and the redirect that leads there. */
export interface Step {
  readonly uri: Uri.WebSocketUri
  readonly redirection: Redirection
}

const rules: Readonly<Record<RedirectFault, readonly [section: string, rule: string]>> = {
  NoLocation: ["RFC 9110 §15.4", "a redirect has one Location field"],
  BadLocation: ["RFC 9110 §10.2.2", "a redirect leads to a ws, wss, http or https URI without user information"],
  Downgrade: ["RFC 6455 §10.6", "a redirect does not lead from wss to ws"],
  Loop: ["RFC 9110 §15.4", "redirects do not lead in a circle"],
  TooMany: ["RFC 9110 §15.4", "no more redirects come one after the other than are followed"],
  Unwanted: ["RFC 9110 §15.4", "the application wants this redirect to be followed"]
}

/** The violation of a response whose redirect is not followed. */
export const refused = (response: ResponseHead, why: RedirectFault): HandshakeViolation =>
  handshakeViolation("Redirect", ...rules[why], noRemedy, { why, location: response.fields.get("Location") })

const statuses = new Set([301, 302, 303, 307, 308])

/** Is this one of the redirects that can be followed? All of them are, with GET (RFC 9110 §15.4). */
export const isRedirect = ({ status }: ResponseHead): boolean => statuses.has(status)

/** RFC 6454 §5: scheme, host and port are all equal. */
export const isSameOrigin = (a: Uri.WebSocketUri, b: Uri.WebSocketUri): boolean =>
  a.secure === b.secure && a.authority === b.authority

/** Fields for another origin: without credentials (RFC 9110 §15.4), and without a Host that was meant for the first one. */
export const withoutCredentials = (fields: Fields): Fields =>
  fields.delete("Authorization").delete("Cookie").delete("Proxy-Authorization").delete("Host")

/** RFC 3986 §5.2.4, of a path that begins with a slash. */
const withoutDotSegments = (path: string): string => {
  const segments = path.split("/").slice(1)
  const kept: Array<string> = []
  for (const segment of segments) {
    if (segment === "..") kept.pop()
    else if (segment !== ".") kept.push(segment)
  }
  const last = segments.at(-1)
  return `/${[...kept, ...(last === "." || last === ".." ? [""] : [])].join("/")}`
}

/** The index of the first of `marks`, or the length. */
const indexOfAny = (text: string, marks: string): number => {
  let at = 0
  while (at < text.length && !marks.includes(text.charAt(at))) at++
  return at
}

/** A field is Latin-1: its octets beyond ASCII, which are most likely UTF-8, are percent-encoded one by one. */
const ascii = (text: string): string =>
  Array.from(text, (char) => (char > "\x7e" ? `%${char.charCodeAt(0).toString(16).toUpperCase()}` : char)).join("")

/** RFC 3986 §5.2.2: the absolute form of a reference; a scheme of its own comes before the first slash or query. */
const absolute = (base: Uri.WebSocketUri, reference: string): string => {
  if (reference.charAt(indexOfAny(reference, ":/?")) === ":") return reference
  const scheme = base.secure ? "wss:" : "ws:"
  if (reference.startsWith("//")) return scheme + reference
  const origin = `${scheme}//${base.authority}`
  const path = base.target.slice(0, indexOfAny(base.target, "?"))
  if (reference === "") return origin + base.target
  if (reference.startsWith("?")) return origin + path + reference
  return origin + (reference.startsWith("/") ? "" : path.slice(0, path.lastIndexOf("/") + 1)) + reference
}

/** RFC 9110 §10.2.2: Location is a reference; its fragment is for a user agent that shows something. */
const resolve = (base: Uri.WebSocketUri, location: string): Uri.WebSocketUri | undefined => {
  const uri = Uri.parse(absolute(base, ascii(location.slice(0, indexOfAny(location, "#")))))
  // RFC 9110 §4.2.4: user information from elsewhere is an error.
  if ("_tag" in uri || uri.authorization !== undefined) return undefined
  const query = indexOfAny(uri.target, "?")
  return { ...uri, target: withoutDotSegments(uri.target.slice(0, query)) + uri.target.slice(query) }
}

const fault = (from: Uri.WebSocketUri, step: Step, way: ReadonlyArray<Redirection>): RedirectFault | undefined => {
  if (from.secure && !step.uri.secure) return "Downgrade"
  return [...way, step.redirection].some(({ from }) => from === step.redirection.to) ? "Loop" : undefined
}

/** Where the response of `from` leads, after the redirects of `way`, of which there may be `max`. Credentials stay within an origin. */
export const follow = (
  from: Uri.WebSocketUri,
  response: ResponseHead,
  way: ReadonlyArray<Redirection>,
  max: number
): Step | HandshakeViolation => {
  const locations = response.fields.getAll("Location")
  if (locations.length !== 1) return refused(response, "NoLocation")
  const to = resolve(from, locations[0]!)
  if (to === undefined) return refused(response, "BadLocation")
  const redirection = { status: response.status, from: Uri.href(from), to: Uri.href(to) }
  const uri = isSameOrigin(from, to) ? { ...to, authorization: from.authorization } : to
  const why = fault(from, { uri, redirection }, way) ?? (way.length < max ? undefined : "TooMany")
  return why === undefined ? { uri, redirection } : refused(response, why)
}
