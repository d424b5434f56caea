/**
 * The fields which an application adds to a request or response of the opening handshake.
 *
 * They are checked before anything is written: those that the handshake itself writes are protected, and nothing may
 * end a line (RFC 9110 §5.5). A refused field is a mistake of ours, not of the peer.
 *
 * @example
 * ```ts
 * import { refused } from "@effect-websocket/protocol/handshake/ApplicationFields"
 * import { Fields } from "@effect-websocket/protocol/http/Fields"
 *
 * const fault = refused(Fields.from({ "Sec-WebSocket-Key": "mine" }), new Set())
 * ```
 */
import { type Fields, invalidField } from "../http/Fields.js"

/** The name of a field and the rule it breaks. */
export interface RefusedField {
  readonly field: string
  readonly rule: string
}

/** RFC 6455 §4.1, §4.2.2: written by the handshake; RFC 9112 §6, §7.4: there is no body to describe. */
const protectedNames = new Set(["connection", "upgrade", "transfer-encoding", "content-length", "trailer", "te"])

const isProtected = (name: string): boolean => protectedNames.has(name) || name.startsWith("sec-websocket-")

/** The first field which may not stand in the head, or undefined. Names in `singletons` (lower-case) may stand once. */
export const refused = (fields: Fields, singletons: ReadonlySet<string>): RefusedField | undefined => {
  for (const { name, value } of fields) {
    const lower = name.toLowerCase()
    const invalid = invalidField(name, value)
    if (invalid !== undefined) return { field: name, rule: invalid }
    if (isProtected(lower)) return { field: name, rule: "RFC 6455 §4: the handshake itself writes this field" }
    if (singletons.has(lower) && fields.getAll(name).length > 1) {
      return { field: name, rule: "RFC 9110 §5.3: this field stands once" }
    }
  }
  return undefined
}
