/**
 * The rules for the request of an opening handshake (RFC 6455 §4.2.1, RFC 9112), one named check each.
 *
 * A request head comes in, a violation with the server's remedy goes out, or undefined. The list is in the order in
 * which the checks are made: what is not HTTP first, then what is no upgrade, then what is no WebSocket of version 13.
 *
 * @example
 * ```ts
 * import { hostOf } from "@effect-websocket/protocol/handshake/ServerChecks"
 * import { Fields } from "@effect-websocket/protocol/http/Fields"
 *
 * hostOf({ method: "GET", target: "/", version: "1.1", fields: Fields.from({ Host: "example.com" }) })
 * ```
 *
 * @example
 * ```ts
 * import * as ServerChecks from "@effect-websocket/protocol/handshake/ServerChecks"
 * import type { RequestHead } from "@effect-websocket/protocol/http/RequestHead"
 *
 * ServerChecks.isTarget("/chat") // true
 * ServerChecks.authorityOf("ws://example.com/chat") // "example.com"
 * const offered = (request: RequestHead) => [ServerChecks.subprotocolsOf(request), ServerChecks.extensionsOf(request)]
 * ```
 */
import type { Extension } from "../extension/ExtensionList.js"
import * as ExtensionList from "../extension/ExtensionList.js"
import * as BodyFraming from "../http/BodyFraming.js"
import { awaitsContinue } from "../http/Expectation.js"
import { Fields } from "../http/Fields.js"
import { hasToken, isRequestTarget } from "../http/Grammar.js"
import { type HttpViolation, httpViolation, isHttpViolation } from "../http/HttpViolation.js"
import type { RequestHead } from "../http/RequestHead.js"
import * as Authority from "./Authority.js"
import {
  type HandshakeViolation,
  type HandshakeViolationDetails,
  type HandshakeViolationTag,
  handshakeViolation,
  httpError,
  type Remedy
} from "./HandshakeViolation.js"
import * as Key from "./Key.js"
import * as Subprotocol from "./Subprotocol.js"
import * as WebSocketUri from "./WebSocketUri.js"

const remedyOf = (status: number, ...fields: ReadonlyArray<readonly [string, string]>): Remedy => ({
  status,
  fields: Fields.from(fields)
})

const badRequest = remedyOf(400)
const allowGet = remedyOf(405, ["Allow", "GET"])
/** RFC 9110 §15.5.22: a 426 names the protocol that is required. */
const upgradeRequired = remedyOf(426, ["Upgrade", "websocket"])
/** §4.4: the versions that we know. */
const versionMissing = remedyOf(400, ["Sec-WebSocket-Version", "13"])
const versionRequired = remedyOf(426, ["Upgrade", "websocket"], ["Sec-WebSocket-Version", "13"])

const broken = <Tag extends HandshakeViolationTag>(
  tag: Tag,
  rule: string,
  to: Remedy,
  details: HandshakeViolationDetails[Tag]
): HandshakeViolation => handshakeViolation(tag, "RFC 6455 §4.2.1", rule, to, details)

const brokenHttp = (kind: HttpViolation["kind"], section: string, rule: string): HandshakeViolation =>
  httpError(httpViolation(kind, section, rule, 400), "server")

type Check = (request: RequestHead) => HandshakeViolation | undefined

// RFC 9112 §6: octets behind the head would be read as frames.
const hasNoBody: Check = (request) => {
  const framing = BodyFraming.ofRequest(request)
  if (isHttpViolation(framing)) return httpError(framing, "server")
  const isEmpty = framing._tag === "None" || (framing._tag === "Length" && framing.length === 0)
  return isEmpty ? undefined : brokenHttp("UnexpectedBody", "RFC 6455 §4.1", "an upgrade request has no body")
}

// Item 1; a head has the version 1.0 or 1.1, others do not get here.
const speaksHttp11: Check = ({ version }) =>
  version === "1.1" ? undefined : broken("BadHttpVersion", "the request has the version HTTP/1.1", badRequest, {})

// Item 1.
const isGet: Check = ({ method }) =>
  method === "GET" ? undefined : broken("BadMethod", "the method of the request is GET", allowGet, { method })

/** RFC 9112 §3.2.2: the authority of a target in absolute form; undefined for any other target. */
export const authorityOf = (target: string): string | undefined => {
  const uri = WebSocketUri.parse(target)
  return "_tag" in uri || uri.authorization !== undefined ? undefined : uri.authority
}

/** RFC 9112 §3.2: in origin form or absolute form; the others belong to other methods. */
export const isTarget = (target: string): boolean =>
  isRequestTarget(target) && (target.startsWith("/") || authorityOf(target) !== undefined)

const hasTarget: Check = ({ target }) =>
  isTarget(target)
    ? undefined
    : brokenHttp("Syntax", "RFC 9112 §3.2", "the target is a path with a query if any, or an absolute URI")

// Item 2; RFC 9112 §3.2: none, more than one or an invalid one is a bad request.
const hasHost: Check = ({ fields }) => {
  const values = fields.getAll("Host")
  return values.length === 1 && Authority.parse(values[0]!) !== undefined
    ? undefined
    : broken("NoHost", "the request has one Host field with a host, and a port if any", badRequest, {})
}

/** RFC 9112 §3.2.2: an absolute target wins over the Host field. Of a request that passes the checks. */
export const hostOf = ({ fields, target }: RequestHead): string =>
  target.startsWith("/") ? fields.get("Host")! : authorityOf(target)!

// RFC 9110 §7.8: 100-continue is met before the 101.
const hasKnownExpectation: Check = (request) => {
  const expectation = awaitsContinue(request)
  return isHttpViolation(expectation) ? httpError(expectation, "server") : undefined
}

// Item 4; RFC 9110 §15.5.22: who does not ask for an upgrade is told that it is required.
const hasConnection: Check = ({ fields }) =>
  fields.has("Connection")
    ? undefined
    : broken("NoConnection", "the request has a Connection field", upgradeRequired, {})

const connectionSaysUpgrade: Check = ({ fields }) =>
  hasToken(fields, "Connection", "upgrade")
    ? undefined
    : broken("NoConnectionUpgrade", "the Connection field has the token Upgrade", upgradeRequired, {})

// Item 3: the client may name other protocols beside websocket.
const hasUpgrade: Check = ({ fields }) =>
  fields.has("Upgrade") ? undefined : broken("NoUpgrade", "the request has an Upgrade field", upgradeRequired, {})

const upgradesToWebSocket: Check = ({ fields }) =>
  hasToken(fields, "Upgrade", "websocket")
    ? undefined
    : broken("NoUpgradeWebsocket", "the Upgrade field has the token websocket", upgradeRequired, {})

// Item 5.
const hasKey: Check = ({ fields }) =>
  fields.has("Sec-WebSocket-Key")
    ? undefined
    : broken("NoSecKey", "the request has a Sec-WebSocket-Key field", badRequest, {})

const keyIsNonce: Check = ({ fields }) => {
  const values = fields.getAll("Sec-WebSocket-Key")
  return values.length === 1 && Key.isKey(values[0]!)
    ? undefined
    : broken("BadSecKey", "Sec-WebSocket-Key stands once and is the Base64 of 16 octets", badRequest, {})
}

// Item 6; §4.4: digits are compared as text, and a list of versions is none.
const hasVersion: Check = ({ fields }) =>
  fields.has("Sec-WebSocket-Version")
    ? undefined
    : broken("NoSecVersion", "the request has a Sec-WebSocket-Version field", versionMissing, {})

const versionIs13: Check = ({ fields }) =>
  fields.combined("Sec-WebSocket-Version") === "13"
    ? undefined
    : broken("BadSecVersion", "Sec-WebSocket-Version is 13", versionRequired, {})

/** The extensions of an offer; undefined when the field does not parse. */
export const extensionsOf = ({ fields }: RequestHead): ReadonlyArray<Extension> | undefined => {
  const value = fields.combined("Sec-WebSocket-Extensions")
  return value === undefined ? [] : ExtensionList.parse(value)
}

// Item 9.
const offersExtensions: Check = (request) => {
  if (extensionsOf(request) !== undefined) return undefined
  const details = { offered: request.fields.combined("Sec-WebSocket-Extensions")!, chosen: "" }
  return broken("BadExtensions", "Sec-WebSocket-Extensions is a list of extensions (§9.1)", badRequest, details)
}

/** The subprotocols of an offer; undefined when the field does not parse. */
export const subprotocolsOf = ({ fields }: RequestHead): ReadonlyArray<string> | undefined => {
  const value = fields.combined("Sec-WebSocket-Protocol")
  return value === undefined ? [] : Subprotocol.parse(value)
}

// Item 8.
const offersSubprotocols: Check = (request) => {
  if (subprotocolsOf(request) !== undefined) return undefined
  const details = { offered: request.fields.getAll("Sec-WebSocket-Protocol"), chosen: [] }
  return broken("BadSubprotocol", "Sec-WebSocket-Protocol is a list of different tokens", badRequest, details)
}

// Stricter: item 7 says nothing of two, but which of them would the policy look at?
const hasOneOrigin: Check = ({ fields }) =>
  fields.getAll("Origin").length < 2
    ? undefined
    : brokenHttp("Syntax", "RFC 6454 §7.3", "a request has at most one Origin field")

/** In the order in which they are made. */
export const checks: ReadonlyArray<Check> = [
  hasNoBody,
  speaksHttp11,
  isGet,
  hasTarget,
  hasHost,
  hasKnownExpectation,
  hasConnection,
  connectionSaysUpgrade,
  hasUpgrade,
  upgradesToWebSocket,
  hasKey,
  keyIsNonce,
  hasVersion,
  versionIs13,
  offersExtensions,
  offersSubprotocols,
  hasOneOrigin
]
