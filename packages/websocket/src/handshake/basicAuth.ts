/**
 * Basic authentication (RFC 7617) as a policy of the server: who asks is found out before the handshake is answered.
 */
import * as Base64 from "@effect-websocket/protocol/bytes/Base64"
import { decode, encode } from "@effect-websocket/protocol/bytes/Utf8"
import type { UpgradeRequest } from "@effect-websocket/protocol/handshake/ServerHandshake"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { type Rejected, reject } from "./Rejected.js"

/** What the client says who it is. */
export interface Credentials {
  readonly username: string
  readonly password: Redacted.Redacted
}

/** How a server authenticates. */
export interface BasicAuthOptions<A, R> {
  /** The protection space (RFC 9110 §11.5), shown by browsers. */
  readonly realm: string
  /** Who it is, or nobody: then the client is refused with 401. Compare passwords with `sameSecret`. */
  readonly verify: (credentials: Credentials) => Effect.Effect<Option.Option<A>, never, R>
}

const scheme = "basic "

/** The credentials of an Authorization field; undefined when it has none of this scheme. */
const parse = (value: string): Credentials | undefined => {
  if (value.slice(0, scheme.length).toLowerCase() !== scheme) return undefined
  const octets = Base64.decode(value.slice(scheme.length).trim())
  const text = octets && decode(octets, 0, octets.length)
  // RFC 7617 §2: the first colon ends the name.
  const colon = text?.indexOf(":") ?? -1
  if (text === undefined || colon < 0) return undefined
  return { username: text.slice(0, colon), password: Redacted.make(text.slice(colon + 1)) }
}

/** A policy for the option `authorize`: what `verify` finds out becomes part of the connection. */
export const basicAuth =
  <A, R = never>({ realm, verify }: BasicAuthOptions<A, R>) =>
  (request: UpgradeRequest): Effect.Effect<A, Rejected, R> => {
    const values = request.head.fields.getAll("Authorization")
    if (values.length > 1) return Effect.fail(reject({ status: 400, body: "Authorization stands once\n" }))
    const credentials = values.length === 0 ? undefined : parse(values[0])
    const quoted = realm.replaceAll("\\", "\\\\").replaceAll('"', '\\"')
    const unauthorized = reject({
      status: 401,
      fields: { "WWW-Authenticate": `Basic realm="${quoted}", charset="UTF-8"` },
      body: "credentials are required\n"
    })
    if (credentials === undefined) return Effect.fail(unauthorized)
    return Effect.flatMap(
      verify(credentials),
      Option.match({ onNone: () => Effect.fail(unauthorized), onSome: Effect.succeed })
    )
  }

/** Whether two secrets are equal, in a time that does not tell where they differ. */
export const sameSecret = (given: Redacted.Redacted, expected: Redacted.Redacted): boolean => {
  const a = encode(Redacted.value(given))
  const b = encode(Redacted.value(expected))
  let difference = a.length ^ b.length
  for (let at = 0; at < b.length; at++) difference |= (a[at] ?? 0) ^ b[at]
  return difference === 0
}
