/**
 * The result of an opening handshake (RFC 6455 §4.1, §4.2.2): all that the connection must know of it.
 *
 * Both heads are kept as they stood on the wire. `leftover` has the octets that arrived behind the peer's head:
 * they are the beginning of the first frames and must not be lost.
 *
 * @example
 * ```ts
 * import { deflate, type Negotiated } from "@effect-websocket/protocol/handshake/Negotiated"
 *
 * const isCompressed = (negotiated: Negotiated): boolean => deflate(negotiated) !== undefined
 * ```
 */
import type { Role } from "../bytes/Role.js"
import * as ExtensionList from "../extension/ExtensionList.js"
import * as PerMessageDeflate from "../extension/PerMessageDeflate.js"
import type { RequestHead } from "../http/RequestHead.js"
import type { ResponseHead } from "../http/ResponseHead.js"
import type { Redirection } from "./Redirect.js"

/** What both sides have agreed on, and the heads as they were on the wire. */
export interface Negotiated {
  /** Our role. */
  readonly role: Role
  readonly request: RequestHead
  readonly response: ResponseHead
  /** RFC 6455 §1.9; undefined: none was chosen. */
  readonly subprotocol: string | undefined
  /** RFC 6455 §9: those of the response, in the order in which they are applied. */
  readonly extensions: ReadonlyArray<ExtensionList.Extension>
  readonly leftover: Uint8Array
  /** The redirects that were followed, in their order; undefined: none. The last one leads to where the connection is. */
  readonly redirects?: ReadonlyArray<Redirection> | undefined
}

/** The parameters of permessage-deflate (RFC 7692 §7.1) when it was agreed, else undefined. */
export const deflate = (negotiated: Negotiated): PerMessageDeflate.AgreedDeflate | undefined => {
  const answer = negotiated.extensions.find(PerMessageDeflate.isDeflate)
  const offers = ExtensionList.parse(negotiated.request.fields.combined("Sec-WebSocket-Extensions") ?? "")
  return answer && offers && PerMessageDeflate.agree(offers, answer)
}
