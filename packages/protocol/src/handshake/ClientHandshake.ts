/**
 * The client's side of the opening handshake (RFC 6455 §4.1): the offer goes out as a request, the response comes in.
 *
 * `verify` is a list of named checks; the first that fails wins. It keeps nothing: the same offer serves both steps.
 * Interim responses, redirects and the body of a refusal are the business of the caller.
 *
 * @example
 * ```ts
 * import { isSwitching, retryAfter } from "@effect-websocket/protocol/handshake/ClientHandshake"
 * import type { ResponseHead } from "@effect-websocket/protocol/http/ResponseHead"
 *
 * const later = (response: ResponseHead) => (isSwitching(response) ? undefined : retryAfter(response))
 * ```
 *
 * @example
 * ```ts
 * import * as ClientHandshake from "@effect-websocket/protocol/handshake/ClientHandshake"
 * import type { ResponseHead } from "@effect-websocket/protocol/http/ResponseHead"
 *
 * const asked = (offer: ClientHandshake.ClientOffer) => ClientHandshake.request(offer)
 * const judge = (offer: ClientHandshake.ClientOffer, response: ResponseHead, body: Uint8Array) =>
 *   ClientHandshake.isSwitching(response)
 *     ? ClientHandshake.verify(offer, response, { requireSubprotocol: false })
 *     : ClientHandshake.declined(response, body)
 * ```
 */
import type { Extension } from "../extension/ExtensionList.js"
import * as ExtensionList from "../extension/ExtensionList.js"
import * as PerMessageDeflate from "../extension/PerMessageDeflate.js"
import { Fields } from "../http/Fields.js"
import { hasToken, isRequestTarget } from "../http/Grammar.js"
import { httpViolation } from "../http/HttpViolation.js"
import type { RequestHead } from "../http/RequestHead.js"
import type { ResponseHead } from "../http/ResponseHead.js"
import * as ApplicationFields from "./ApplicationFields.js"
import * as Authority from "./Authority.js"
import {
  type HandshakeViolation,
  type HandshakeViolationDetails,
  type HandshakeViolationTag,
  handshakeViolation,
  httpError,
  noRemedy
} from "./HandshakeViolation.js"
import * as Key from "./Key.js"
import * as Subprotocol from "./Subprotocol.js"

/** What a client asks a server for (§4.1). */
export interface ClientOffer {
  /** The value of the Host field: host, and port when it is not the default one. */
  readonly authority: string
  /** Path and query. */
  readonly target: string
  /** The value of Sec-WebSocket-Key, fresh for each connection. */
  readonly key: string
  readonly subprotocols: ReadonlyArray<string>
  /** The value of Sec-WebSocket-Extensions; "" = none are offered. */
  readonly extensions: string
  /** Those of the application; its Host replaces `authority`. */
  readonly fields: Fields
}

/** Our own mistake, found before anything is sent: what may not stand in the head, and why. */
export interface InvalidRequest {
  readonly _tag: "InvalidRequest"
  readonly field: string
  readonly rule: string
}

/** How strict a client is. */
export interface VerifyOptions {
  /** Refuse a server which chooses no subprotocol. */
  readonly requireSubprotocol: boolean
}

/** What the server agreed to. */
export interface ClientAgreement {
  readonly subprotocol: string | undefined
  readonly extensions: ReadonlyArray<Extension>
}

/** RFC 9110 §5.3, RFC 6265 §5.4: fields of a request that are no lists. */
const singletons = new Set(["host", "origin", "authorization", "cookie", "user-agent"])

const refusedPart = (offer: ClientOffer, host: string): ApplicationFields.RefusedField | undefined => {
  if (!isRequestTarget(offer.target) || !offer.target.startsWith("/")) {
    return { field: "request target", rule: "RFC 6455 §4.1: the target is a path, with a query if any" }
  }
  if (Authority.parse(host) === undefined) return { field: "Host", rule: "RFC 9110 §7.2: a host, and a port if any" }
  const subprotocol = Subprotocol.invalidOffer(offer.subprotocols)
  if (subprotocol !== undefined) return { field: "Sec-WebSocket-Protocol", rule: subprotocol }
  if (offer.extensions !== "" && ExtensionList.parse(offer.extensions) === undefined) {
    return { field: "Sec-WebSocket-Extensions", rule: "RFC 6455 §9.1: a list of extensions" }
  }
  return ApplicationFields.refused(offer.fields, singletons)
}

/** §4.1: the request of an offer, or what may not stand in it. The application's fields come last. */
export const request = (offer: ClientOffer): RequestHead | InvalidRequest => {
  const host = offer.fields.get("Host") ?? offer.authority
  const refused = refusedPart(offer, host)
  if (refused !== undefined) return { _tag: "InvalidRequest", ...refused }
  const own: Array<readonly [string, string]> = [
    ["Host", host],
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Key", offer.key],
    ["Sec-WebSocket-Version", "13"]
  ]
  if (offer.extensions !== "") own.push(["Sec-WebSocket-Extensions", offer.extensions])
  if (offer.subprotocols.length > 0) own.push(["Sec-WebSocket-Protocol", offer.subprotocols.join(", ")])
  const fields = Fields.from(own).merge(offer.fields.delete("Host"))
  return { method: "GET", target: offer.target, version: "1.1", fields }
}

/** Is this the 101 that ends the handshake? Any other final status is `UpgradeDeclined`. */
export const isSwitching = (response: ResponseHead): boolean => response.status === 101

/** RFC 9110 §10.2.3: the seconds of Retry-After; undefined when it is absent, a date, or beyond 99999999. */
export const retryAfter = (response: ResponseHead): number | undefined => {
  const values = response.fields.getAll("Retry-After")
  const value = values.length === 1 ? values[0]! : ""
  const isSeconds = value.length > 0 && value.length < 9 && Array.from(value).every((c) => c >= "0" && c <= "9")
  return isSeconds ? Number(value) : undefined
}

const section = "RFC 6455 §4.1"

const broken = <Tag extends HandshakeViolationTag>(
  tag: Tag,
  rule: string,
  details: HandshakeViolationDetails[Tag]
): HandshakeViolation => handshakeViolation(tag, section, rule, noRemedy, details)

type Check = (offer: ClientOffer, response: ResponseHead, options: VerifyOptions) => HandshakeViolation | undefined

/** The violation of a response other than 101, with as much of its body as was kept. */
export const declined = (response: ResponseHead, body: Uint8Array): HandshakeViolation =>
  broken("UpgradeDeclined", "a server accepts with the status 101", {
    response,
    body,
    retryAfter: retryAfter(response)
  })

const switchesProtocols: Check = (_, response) =>
  isSwitching(response) ? undefined : declined(response, new Uint8Array(0))

// RFC 9110 §7.8: HTTP/1.0 knows no upgrade.
const speaksHttp11: Check = (_, response) =>
  response.version === "1.1" ? undefined : broken("BadHttpVersion", "the response has the version HTTP/1.1", {})

// Item 3: a list, also over several fields.
const hasConnection: Check = (_, response) =>
  response.fields.has("Connection") ? undefined : broken("NoConnection", "the response has a Connection field", {})

const connectionSaysUpgrade: Check = (_, response) =>
  hasToken(response.fields, "Connection", "upgrade")
    ? undefined
    : broken("NoConnectionUpgrade", "the Connection field has the token Upgrade", {})

// Item 2: one protocol, not a list.
const hasUpgrade: Check = (_, response) =>
  response.fields.has("Upgrade") ? undefined : broken("NoUpgrade", "the response has an Upgrade field", {})

const upgradesToWebSocket: Check = (_, response) =>
  response.fields.combined("Upgrade")?.toLowerCase() === "websocket"
    ? undefined
    : broken("NoUpgradeWebsocket", "the Upgrade field is exactly websocket", {})

// Item 4.
const hasAccept: Check = (_, response) =>
  response.fields.has("Sec-WebSocket-Accept")
    ? undefined
    : broken("NoSecAccept", "the response has a Sec-WebSocket-Accept field", {})

const acceptsOurKey: Check = (offer, response) => {
  const values = response.fields.getAll("Sec-WebSocket-Accept")
  return values.length === 1 && values[0] === Key.accept(offer.key)
    ? undefined
    : broken("BadSecAccept", "Sec-WebSocket-Accept stands once and answers the key of the request", {})
}

// Item 6: names are compared octet by octet.
const choosesSubprotocol: Check = (offer, response, { requireSubprotocol }) => {
  const chosen = response.fields.getAll("Sec-WebSocket-Protocol")
  const isLegal = chosen.length === 1 && offer.subprotocols.includes(chosen[0]!)
  if (isLegal || (chosen.length === 0 && !requireSubprotocol)) return undefined
  const details = { offered: offer.subprotocols, chosen }
  return chosen.length === 0
    ? broken("BadSubprotocol", "the server may choose no subprotocol, but one is required here", details)
    : broken("BadSubprotocol", "the server chooses one of the offered subprotocols", details)
}

/** Each extension was offered, none twice; permessage-deflate also by its own rules (RFC 7692 §7.1). */
const isAgreed = (offers: ReadonlyArray<Extension>, answers: ReadonlyArray<Extension>): boolean => {
  const open = new Set(offers.map(({ name }) => name.toLowerCase()))
  return answers.every(
    (answer) =>
      open.delete(answer.name.toLowerCase()) &&
      (!PerMessageDeflate.isDeflate(answer) || PerMessageDeflate.verifyAnswer(offers, answer) !== undefined)
  )
}

const extensionsOf = (response: ResponseHead): ReadonlyArray<Extension> | undefined => {
  const value = response.fields.combined("Sec-WebSocket-Extensions")
  return value === undefined ? [] : ExtensionList.parse(value)
}

// Item 5.
const usesOfferedExtensions: Check = (offer, response) => {
  const answers = extensionsOf(response)
  if (answers !== undefined && isAgreed(ExtensionList.parse(offer.extensions) ?? [], answers)) return undefined
  const details = { offered: offer.extensions, chosen: response.fields.combined("Sec-WebSocket-Extensions")! }
  return broken("BadExtensions", "the server uses only extensions that were offered, as they were offered", details)
}

/** RFC 9110 §15.2: a 1xx response ends with its head. A length of 0 says the same and is let pass. */
const hasNoBody: Check = (_, { fields }) =>
  !fields.has("Transfer-Encoding") && (fields.combined("Content-Length") ?? "0") === "0"
    ? undefined
    : httpError(httpViolation("UnexpectedBody", "RFC 9110 §15.2", "a 101 response has no body", 400), "client")

const checks: ReadonlyArray<Check> = [
  switchesProtocols,
  speaksHttp11,
  hasConnection,
  connectionSaysUpgrade,
  hasUpgrade,
  upgradesToWebSocket,
  hasAccept,
  acceptsOurKey,
  choosesSubprotocol,
  usesOfferedExtensions,
  hasNoBody
]

/** §4.1: does the response accept the offer? The first rule that it breaks, else what was agreed. */
export const verify = (
  offer: ClientOffer,
  response: ResponseHead,
  options: VerifyOptions
): HandshakeViolation | ClientAgreement => {
  for (const check of checks) {
    const violation = check(offer, response, options)
    if (violation !== undefined) return violation
  }
  // The check of the extensions has shown that the field parses.
  return { subprotocol: response.fields.get("Sec-WebSocket-Protocol"), extensions: extensionsOf(response)! }
}
