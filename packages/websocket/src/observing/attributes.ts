/**
 * What spans and logs say of a handshake, in the names of OpenTelemetry's semantic conventions for HTTP and networks.
 *
 * No query of a URI, no credentials, no field of a request: only what is listed here.
 */
import type { Role } from "@effect-websocket/protocol/bytes/Role"
import * as Authority from "@effect-websocket/protocol/handshake/Authority"
import type { Negotiated } from "@effect-websocket/protocol/handshake/Negotiated"
import * as Uri from "@effect-websocket/protocol/handshake/WebSocketUri"
import type { RequestHead } from "@effect-websocket/protocol/http/RequestHead"
import * as Target from "@effect-websocket/protocol/http/Target"
import * as Option from "effect/Option"
import type { Address, ConnectionInfo } from "../Transport.js"

/** Names and values; `undefined` is not known. */
export type Attributes = Readonly<Record<string, string | number | ReadonlyArray<string> | undefined>>

const http: Attributes = {
  "http.request.method": "GET",
  "network.protocol.name": "http",
  "network.protocol.version": "1.1"
}

/** Of a client's attempt, before there is a connection. */
export const ofUri = (uri: Uri.WebSocketUri): Attributes => ({
  ...http,
  "url.full": Uri.format(uri),
  "url.scheme": uri.secure ? "wss" : "ws",
  "server.address": uri.host,
  "server.port": uri.port
})

/** Of a request to a server. */
export const ofRequest = (
  { fields, method, target, version }: RequestHead,
  { encrypted }: ConnectionInfo
): Attributes => {
  const authority = Authority.parse(fields.get("Host") ?? "")
  return {
    ...http,
    "http.request.method": method,
    "network.protocol.version": version,
    "url.path": Target.path(target),
    "url.scheme": encrypted ? "wss" : "ws",
    "server.address": authority?.host,
    "server.port": authority && (authority.port ?? Authority.defaultPort(encrypted))
  }
}

const place = (prefix: string, address: Option.Option<Address>): Attributes => {
  const known = Option.getOrUndefined(address)
  if (known?._tag === "TcpAddress") return { [`${prefix}.address`]: known.hostname, [`${prefix}.port`]: known.port }
  return known?._tag === "UnixAddress" ? { [`${prefix}.address`]: known.path } : {}
}

const transports = { TcpAddress: "tcp", UnixAddress: "unix", MemoryAddress: "pipe" }

/** Of the connection beneath. */
export const ofConnection = ({ local, remote }: ConnectionInfo): Attributes => {
  const known = Option.getOrUndefined(Option.orElse(remote, () => local))
  return {
    "network.transport": known && transports[known._tag],
    ...place("network.peer", remote),
    ...place("network.local", local)
  }
}

/** Of what was agreed on. The conventions have no names for these. */
export const ofNegotiated = ({ extensions, response, subprotocol }: Negotiated): Attributes => ({
  "http.response.status_code": response.status,
  "websocket.subprotocol": subprotocol,
  "websocket.extensions": extensions.length === 0 ? undefined : extensions.map(({ name }) => name)
})

/** Of who we are. */
export const ofRole = (role: Role): Attributes => ({ "websocket.role": role })

/** Those that are known. */
export const known = (...all: ReadonlyArray<Attributes>): Record<string, unknown> => {
  const merged: Attributes = Object.assign({}, ...all)
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined))
}
