/**
 * What the layers that watch bring along: who does not provide them loads nothing of it, and is asked nothing but whether it is
 * there.
 */
import type { Role } from "@effect-websocket/protocol/bytes/Role"
import type { Negotiated } from "@effect-websocket/protocol/handshake/Negotiated"
import type { WebSocketUri } from "@effect-websocket/protocol/handshake/WebSocketUri"
import type { RequestHead } from "@effect-websocket/protocol/http/RequestHead"
import type * as Effect from "effect/Effect"
import type { ConnectionCompression } from "../connection/ConnectionParts.js"
import type { WebSocket } from "../connection/WebSocket.js"
import type { Accepted, RequestOptions } from "../handshake/HandshakeOptions.js"
import type { ConnectionInfo, Duplex } from "../Transport.js"
import type { Closure } from "../WebSocketError.js"

/** What a connection is built of, as far as it can be watched. */
export interface Watchable {
  readonly duplex: Duplex
  readonly negotiated: Negotiated
  readonly compression: ConnectionCompression | undefined
}

/** The same parts, or those that tell who watches. */
export interface Watched extends Watchable {
  /** To be run when the connection is open, with how it will have ended; `undefined` when nobody watches. */
  readonly onOpen: ((closed: Effect.Effect<Closure>) => Effect.Effect<void>) | undefined
}

/** Watches open connections. */
export interface ConnectionWatch {
  readonly watch: (connection: Watched) => Effect.Effect<Watched>
}

/** Counts connections, and handshakes by how they end. */
export interface Metering extends ConnectionWatch {
  readonly handshake: <A, E, R>(role: Role, attempt: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** A handshake has failed; counted once for each error. */
  readonly failed: (role: Role, error: unknown) => void
}

/** Spans of handshakes. */
export interface HandshakeTracing {
  readonly connecting: <E, E2, R, R2>(
    uri: WebSocketUri,
    options: RequestOptions<E, R>,
    connect: (options: RequestOptions<E, R>) => Effect.Effect<WebSocket, E2, R2>
  ) => Effect.Effect<WebSocket, E2, R2>
  readonly answering: <A, E, R>(
    head: RequestHead,
    info: ConnectionInfo,
    answer: Effect.Effect<Accepted<A>, E, R>
  ) => Effect.Effect<Accepted<A>, E, R>
}
