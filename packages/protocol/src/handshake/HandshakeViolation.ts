/**
 * What a peer can do wrong in the opening handshake (RFC 6455 §4), as values.
 *
 * Every violation names the rule it broke. One found by a server carries the remedy as well: the status and
 * the fields of the refusal. One found by a client has the status 0: there is nobody to tell.
 *
 * @example
 * ```ts
 * import { isHandshakeViolation } from "@effect-websocket/protocol/handshake/HandshakeViolation"
 * import { verify } from "@effect-websocket/protocol/handshake/ServerHandshake"
 * import type { RequestHead } from "@effect-websocket/protocol/http/RequestHead"
 *
 * const statusOf = (request: RequestHead): number => {
 *   const verified = verify(request)
 *   return isHandshakeViolation(verified) ? (verified.status ?? 400) : 101
 * }
 * ```
 *
 * @example
 * ```ts
 * import * as HandshakeViolation from "@effect-websocket/protocol/handshake/HandshakeViolation"
 * import { httpViolation } from "@effect-websocket/protocol/http/HttpViolation"
 *
 * const { noRemedy } = HandshakeViolation
 * const noKey = HandshakeViolation.handshakeViolation("NoSecKey", "RFC 6455 §4.2.1", "a client sends a key", noRemedy, {})
 * const broken = httpViolation("Syntax", "RFC 9112 §5.1", "a name stands before the colon", 400)
 * const answered = HandshakeViolation.httpError(broken, "server").status // 400
 * ```
 */
import type { Role } from "../bytes/Role.js"
import { Fields } from "../http/Fields.js"
import type { HttpViolation } from "../http/HttpViolation.js"
import type { ResponseHead } from "../http/ResponseHead.js"

/**
 * Why a redirect is not followed: it names no place, or none that a WebSocket may be at; it leads out of TLS, or in a circle; it
 * is one too many; or the application does not want it.
 */
export type RedirectFault = "NoLocation" | "BadLocation" | "Downgrade" | "Loop" | "TooMany" | "Unwanted"

/** What each kind of violation tells besides the rule; the keys are the tags. */
export interface HandshakeViolationDetails {
  /** Client: the final status is not 101. `body` is as much of it as was kept, `retryAfter` is in seconds. */
  readonly UpgradeDeclined: {
    readonly response: ResponseHead
    readonly body: Uint8Array
    readonly retryAfter?: number | undefined
  }
  /** Client, where redirects are followed: why not this one. `location` is the field as it stands, undefined if there is none. */
  readonly Redirect: { readonly why: RedirectFault; readonly location: string | undefined }
  /** Both: the head is not HTTP/1.1. */
  readonly BadHttpVersion: {}
  /** Both: no Connection field. */
  readonly NoConnection: {}
  /** Both: the Connection field has no "upgrade" token. */
  readonly NoConnectionUpgrade: {}
  /** Both: no Upgrade field. */
  readonly NoUpgrade: {}
  /** Both: the Upgrade field does not say "websocket". */
  readonly NoUpgradeWebsocket: {}
  /** Client: no Sec-WebSocket-Accept field. */
  readonly NoSecAccept: {}
  /** Client: Sec-WebSocket-Accept does not answer our key, or stands more than once. */
  readonly BadSecAccept: {}
  /** Client: an answer outside of the offer. Server: an offer that does not parse, or none that is supported. */
  readonly BadSubprotocol: { readonly offered: ReadonlyArray<string>; readonly chosen: ReadonlyArray<string> }
  /** Client: an answer outside of the offer. Server: an offer that does not parse. Both are field values. */
  readonly BadExtensions: { readonly offered: string; readonly chosen: string }
  /** Both: the head or its body framing is not HTTP. */
  readonly HttpError: { readonly violation: HttpViolation }
  /** Server: the method is not GET. */
  readonly BadMethod: { readonly method: string }
  /** Server: not exactly one Host field with a host in it. */
  readonly NoHost: {}
  /** Server: no Sec-WebSocket-Key field. */
  readonly NoSecKey: {}
  /** Server: the key is not the Base64 of 16 octets, or stands more than once. */
  readonly BadSecKey: {}
  /** Server: no Sec-WebSocket-Version field. */
  readonly NoSecVersion: {}
  /** Server: the version is not exactly 13. */
  readonly BadSecVersion: {}
  /** Server: the origin policy does not allow this origin. */
  readonly ForbiddenOrigin: { readonly origin: string }
  /** Server: the host is not in the allow-list. */
  readonly ForbiddenHost: { readonly host: string }
}

/** The names of the violations. */
export type HandshakeViolationTag = keyof HandshakeViolationDetails

/** How a server answers: the status and the fields of the refusal; the status 0 means that there is no answer. */
export interface Remedy {
  readonly status: number
  readonly fields: Fields
}

interface Rule<Tag extends HandshakeViolationTag> extends Remedy {
  readonly _tag: Tag
  /** For instance "RFC 6455 §4.2.1". */
  readonly section: string
  /** What the section demands, in our words; never octets of the peer. */
  readonly rule: string
}

/** What a peer can do wrong in the opening handshake, with the remedy. */
export type HandshakeViolation = {
  readonly [Tag in HandshakeViolationTag]: Rule<Tag> & HandshakeViolationDetails[Tag]
}[HandshakeViolationTag]

/** The remedy of a client, which only closes. */
export const noRemedy: Remedy = { status: 0, fields: Fields.empty }

/** Makes a violation: the rule that is broken, its section, and the remedy. */
export const handshakeViolation = <Tag extends HandshakeViolationTag>(
  tag: Tag,
  section: string,
  rule: string,
  remedy: Remedy,
  details: HandshakeViolationDetails[Tag]
): HandshakeViolation =>
  ({ _tag: tag, section, rule, status: remedy.status, fields: remedy.fields, ...details }) as HandshakeViolation

/** A violation of HTTP itself, or of its version, as a violation of the handshake. Only a server answers it. */
export const httpError = (violation: HttpViolation, role: Role): HandshakeViolation => {
  const { kind, rule, section, status } = violation
  const remedy = role === "server" ? { status, fields: Fields.empty } : noRemedy
  return kind === "Version"
    ? handshakeViolation("BadHttpVersion", section, rule, remedy, {})
    : handshakeViolation("HttpError", section, rule, remedy, { violation })
}

const tags = new Set<unknown>([
  "UpgradeDeclined",
  "Redirect",
  "BadHttpVersion",
  "NoConnection",
  "NoConnectionUpgrade",
  "NoUpgrade",
  "NoUpgradeWebsocket",
  "NoSecAccept",
  "BadSecAccept",
  "BadSubprotocol",
  "BadExtensions",
  "HttpError",
  "BadMethod",
  "NoHost",
  "NoSecKey",
  "BadSecKey",
  "NoSecVersion",
  "BadSecVersion",
  "ForbiddenOrigin",
  "ForbiddenHost"
] satisfies ReadonlyArray<HandshakeViolationTag>)

/** Whether a result is a violation. */
export const isHandshakeViolation = (x: unknown): x is HandshakeViolation =>
  typeof x === "object" && x !== null && "_tag" in x && tags.has(x._tag)
