/**
 * The server's side of the opening handshake (RFC 6455 §4.2): a request comes in, the response or a refusal goes out.
 *
 * `verify` makes the checks of ServerChecks; the first that fails wins, and its violation carries the remedy. Policies of the
 * application (origin, host, subprotocol, authorisation) come after it. Nothing that the peer wrote is ever echoed,
 * except the subprotocol and extensions that both sides agreed on.
 *
 * @example
 * ```ts
 * import { isUpgrade, verify } from "@effect-websocket/protocol/handshake/ServerHandshake"
 * import type { RequestHead } from "@effect-websocket/protocol/http/RequestHead"
 *
 * const judge = (request: RequestHead) => (isUpgrade(request) ? verify(request) : undefined)
 * ```
 *
 * @example
 * ```ts
 * import * as ServerHandshake from "@effect-websocket/protocol/handshake/ServerHandshake"
 *
 * const answer = (request: ServerHandshake.UpgradeRequest, answer: ServerHandshake.ServerAnswer, mustSpeak: boolean) =>
 *   mustSpeak && answer.subprotocol === undefined
 *     ? ServerHandshake.refusal(ServerHandshake.subprotocolRequired(request), false)
 *     : ServerHandshake.response(request, answer)
 * ```
 */
import * as Utf8 from "../bytes/Utf8.js"
import type { Extension } from "../extension/ExtensionList.js"
import * as ExtensionList from "../extension/ExtensionList.js"
import { Fields } from "../http/Fields.js"
import { hasToken } from "../http/Grammar.js"
import type { RequestHead } from "../http/RequestHead.js"
import * as ResponseHead from "../http/ResponseHead.js"
import * as ApplicationFields from "./ApplicationFields.js"
import { type HandshakeViolation, handshakeViolation } from "./HandshakeViolation.js"
import * as Key from "./Key.js"
import * as ServerChecks from "./ServerChecks.js"

/** A request that asks for a WebSocket and breaks no rule. */
export interface UpgradeRequest {
  readonly head: RequestHead
  /** The value of Sec-WebSocket-Key. */
  readonly key: string
  /** Offered, in the order of the client's preference. */
  readonly subprotocols: ReadonlyArray<string>
  /** Offered, in the order of the client's preference; unknown ones too. */
  readonly extensions: ReadonlyArray<Extension>
  /** The value of Origin; undefined: the client is probably no browser. */
  readonly origin: string | undefined
  /** Host, and port if written: the value of Host, or the authority of a target in absolute form (RFC 9112 §3.2.2). */
  readonly host: string
}

/** What the server agrees to. */
export interface ServerAnswer {
  /** One of the offered ones; undefined = none. */
  readonly subprotocol: string | undefined
  /** The value of Sec-WebSocket-Extensions; "" = none. */
  readonly extensions: string
  /** Those of the application. */
  readonly fields: Fields
}

/** Our own mistake, found before anything is sent: what may not stand in the head, and why. */
export interface InvalidResponse {
  readonly _tag: "InvalidResponse"
  readonly field: string
  readonly rule: string
}

/** Is this a request for a WebSocket, as opposed to plain HTTP? Says nothing about key, version or host. */
export const isUpgrade = (request: RequestHead): boolean =>
  request.version === "1.1" &&
  request.method === "GET" &&
  hasToken(request.fields, "Connection", "upgrade") &&
  hasToken(request.fields, "Upgrade", "websocket")

/** §4.2.1: the first rule that the request breaks, with its remedy, else what it asks for. */
export const verify = (request: RequestHead): HandshakeViolation | UpgradeRequest => {
  for (const check of ServerChecks.checks) {
    const violation = check(request)
    if (violation !== undefined) return violation
  }
  // The checks have shown that these fields are there and parse.
  return {
    head: request,
    key: request.fields.get("Sec-WebSocket-Key")!,
    subprotocols: ServerChecks.subprotocolsOf(request)!,
    extensions: ServerChecks.extensionsOf(request)!,
    origin: request.fields.get("Origin"),
    host: ServerChecks.hostOf(request)
  }
}

/** The violation for a server which requires a subprotocol when none of the offered ones is supported: 400. */
export const subprotocolRequired = (request: UpgradeRequest): HandshakeViolation =>
  handshakeViolation(
    "BadSubprotocol",
    "RFC 6455 §4.2.2",
    "the request offers a subprotocol that this server supports",
    { status: 400, fields: Fields.empty },
    { offered: request.subprotocols, chosen: [] }
  )

/** §4.2.2 step 5.6: every extension of the answer was offered. */
const isOffered = (request: UpgradeRequest, extensions: string): boolean => {
  const names = new Set(request.extensions.map(({ name }) => name.toLowerCase()))
  return ExtensionList.parse(extensions)?.every(({ name }) => names.delete(name.toLowerCase())) ?? false
}

/** Fields of a response that are no lists; the handshake writes none of them itself. */
const singletons = new Set(["date", "location", "retry-after", "server"])

const refusedPart = (request: UpgradeRequest, answer: ServerAnswer): ApplicationFields.RefusedField | undefined => {
  if (answer.subprotocol !== undefined && !request.subprotocols.includes(answer.subprotocol)) {
    return { field: "Sec-WebSocket-Protocol", rule: "RFC 6455 §4.2.2: the subprotocol is one of those offered" }
  }
  if (answer.extensions !== "" && !isOffered(request, answer.extensions)) {
    return { field: "Sec-WebSocket-Extensions", rule: "RFC 6455 §4.2.2: the extensions are some of those offered" }
  }
  return ApplicationFields.refused(answer.fields, singletons)
}

/** §4.2.2 step 5: the 101 response that accepts, or what may not stand in it. The application's fields come last. */
export const response = (
  request: UpgradeRequest,
  answer: ServerAnswer
): ResponseHead.ResponseHead | InvalidResponse => {
  const refused = refusedPart(request, answer)
  if (refused !== undefined) return { _tag: "InvalidResponse", ...refused }
  const own: Array<readonly [string, string]> = [
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Accept", Key.accept(request.key)]
  ]
  if (answer.extensions !== "") own.push(["Sec-WebSocket-Extensions", answer.extensions])
  if (answer.subprotocol !== undefined) own.push(["Sec-WebSocket-Protocol", answer.subprotocol])
  return ResponseHead.make(101, Fields.from(own).merge(answer.fields))
}

/** A refusal as it goes to the peer. */
export interface Refusal {
  readonly head: ResponseHead.ResponseHead
  readonly body: Uint8Array
}

/** After these nobody knows where a next request would begin, or whether the peer could read on. */
const endsConnection = ({ _tag }: HandshakeViolation): boolean => _tag === "HttpError" || _tag === "BadHttpVersion"

/** RFC 9110 §7.8: an Upgrade field comes with the connection option of this name. */
const connectionOf = (violation: HandshakeViolation, keepAlive: boolean): string => {
  const persistence = keepAlive && !endsConnection(violation) ? "keep-alive" : "close"
  return violation.fields.has("Upgrade") ? `${persistence}, Upgrade` : persistence
}

/** RFC 9110 §9.3.2: the response to HEAD has no body. */
const isHead = (violation: HandshakeViolation): boolean => violation._tag === "BadMethod" && violation.method === "HEAD"

/**
 * The answer to a request which `verify` or a policy refused; its body names the rule, in our own words.
 *
 * `keepAlive`: whether another request may follow. What is not HTTP/1.1 closes the connection in any case.
 */
export const refusal = (violation: HandshakeViolation, keepAlive: boolean): Refusal => {
  const text = Utf8.encode(`${violation.section}: ${violation.rule}\n`)
  const fields = violation.fields.merge(
    Fields.from([
      ["Connection", connectionOf(violation, keepAlive)],
      ["Content-Type", "text/plain; charset=utf-8"],
      ["Content-Length", String(text.length)]
    ])
  )
  return { head: ResponseHead.make(violation.status, fields), body: isHead(violation) ? new Uint8Array(0) : text }
}
