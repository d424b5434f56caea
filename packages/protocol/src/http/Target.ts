/**
 * The parts of a request target (RFC 9112 §3.2): a path and a query, whether a client wrote its authority before them or not.
 *
 * Nothing is decoded, and nothing is refused: what a target may be is judged elsewhere.
 *
 * @example
 * ```ts
 * import * as Target from "@effect-websocket/protocol/http/Target"
 *
 * Target.path("/chat?room=tea") // "/chat"
 * Target.query("ws://example.com/chat?room=tea") // "room=tea"
 * ```
 */

const scheme = "://"

/** RFC 9112 §3.2.2: a target in absolute form without its scheme and authority; an empty path is "/" (RFC 9110 §4.2.3). */
const originForm = (target: string): string => {
  const at = target.startsWith("/") ? -1 : target.indexOf(scheme)
  if (at < 0) return target
  const behind = target.slice(at + scheme.length)
  const ends = [behind.indexOf("/"), behind.indexOf("?")].filter((end) => end >= 0)
  const rest = ends.length === 0 ? "" : behind.slice(Math.min(...ends))
  return rest.startsWith("/") ? rest : `/${rest}`
}

/** The path, as it was sent: percent-encoded octets stay so (RFC 3986 §2.1). */
export const path = (target: string): string => originForm(target).split("?", 1)[0]!

/** What is behind the first "?"; empty when there is none. */
export const query = (target: string): string => {
  const at = target.indexOf("?")
  return at < 0 ? "" : target.slice(at + 1)
}
