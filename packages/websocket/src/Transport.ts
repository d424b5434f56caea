/**
 * Connections of octets: the lowest layer, which can be TCP, TLS, a Unix socket, or memory.
 *
 * `Transport` opens them on a client, `Listener` accepts them on a server; both give a `Duplex`, which the Scope owns.
 * A Duplex knows nothing of HTTP or of frames. Reading is pulled: who does not ask, does not read from the socket, and
 * that is the back-pressure.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Transport } from "effect-websocket"
 *
 * const octets = Effect.gen(function* () {
 *   const { connect } = yield* Transport.Transport
 *   const duplex = yield* connect({ host: "127.0.0.1", port: 8080, secure: false })
 *   return yield* duplex.pull
 * }).pipe(Effect.scoped)
 * ```
 */
import type { Role } from "@effect-websocket/protocol/bytes/Role"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { TransportError } from "./WebSocketError.js"

/** Where an end of a connection is. */
export type Address =
  | { readonly _tag: "TcpAddress"; readonly hostname: string; readonly port: number }
  | { readonly _tag: "UnixAddress"; readonly path: string }
  | { readonly _tag: "MemoryAddress"; readonly name: string }

/**
 * An address as people write it: `127.0.0.1:80`, `[::1]:80`, `unix:/run/app.sock`, `memory:name`.
 *
 * @example
 * ```ts
 * import { Option } from "effect"
 * import { Transport, type WebSocket } from "effect-websocket"
 *
 * const peer = (ws: WebSocket.WebSocket) =>
 *   Option.match(ws.info.remote, { onNone: () => "somebody", onSome: Transport.formatAddress })
 * ```
 */
export const formatAddress = (address: Address): string => {
  switch (address._tag) {
    case "TcpAddress":
      return `${address.hostname.includes(":") ? `[${address.hostname}]` : address.hostname}:${address.port}`
    case "UnixAddress":
      return `unix:${address.path}`
    case "MemoryAddress":
      return `memory:${address.name}`
  }
}

/** What is known about an open connection. */
export interface ConnectionInfo {
  readonly local: Option.Option<Address>
  readonly remote: Option.Option<Address>
  /** Whether the octets are encrypted beneath us. */
  readonly encrypted: boolean
  /** The application protocol that TLS agreed on (RFC 7301). */
  readonly alpn: Option.Option<string>
  /** The peer's certificate in the form of the platform (`tls.PeerCertificate` on Node.js). */
  readonly peerCertificate: Option.Option<unknown>
  /** The lowest object beneath: a `net.Socket` on Node.js; `undefined` in memory. */
  readonly native: unknown
}

/** Stops and restarts what `unsafeReceive` delivers. Both are idempotent. It may be an object of a class, such as the Duplex itself. */
export interface FlowControl {
  readonly pause: () => void
  readonly resume: () => void
}

/**
 * A connection of octets, owned by the Scope that opened it. Every end is a failure, and the first one is final. It may be an
 * object of a class: who writes a layer delegates to it (`DuplexAdapter.over` does), and does not spread it.
 *
 * Octets that arrive are lent: they are valid, and may be altered, until the callback returns or the next `pull` begins.
 */
export interface Duplex {
  /** What has arrived, at least one chunk. Interruption loses nothing. Not to be mixed with `unsafeReceive`, once that was called. */
  readonly pull: Effect.Effect<NonEmptyReadonlyArray<Uint8Array>, TransportError>
  /**
   * Octets are handed over as they arrive, synchronously, flowing from the start; `onEnd` is called once, last, and never
   * before `unsafeReceive` has returned. While paused at most one more chunk is delivered.
   */
  readonly unsafeReceive: (
    onOctets: (octets: Uint8Array) => void,
    onEnd: (error: TransportError) => void
  ) => FlowControl
  /**
   * Hands octets over to be sent, in order; never throws. Nobody alters them until `unsafeBuffered()` is 0, and the transport
   * never does: others may have been given the same.
   */
  readonly unsafeWrite: (chunks: ReadonlyArray<Uint8Array>) => void
  /** How many octets were handed over and have not been passed on (to the kernel of the system, or to the peer) yet. */
  readonly unsafeBuffered: () => number
  /** Waits until `unsafeBuffered()` is 0. */
  readonly drain: Effect.Effect<void, TransportError>
  /** Half-close: no more octets from us, after those which are buffered. Idempotent; does not wait. */
  readonly end: Effect.Effect<void>
  /** Hard close. Idempotent, does not wait, never fails. */
  readonly abort: Effect.Effect<void>
  /**
   * Closes in the order of RFC 6455 §7.1.1: a server ends first; a client waits for the peer's end; both read and discard
   * until then. Completes when both sides have ended; whoever calls it bounds the time, interruption is a hard close.
   */
  readonly teardown: (role: Role) => Effect.Effect<void>
  readonly info: ConnectionInfo
}

/** Whom to connect to. */
export interface Target {
  /** A name, or an IP address without brackets. */
  readonly host: string
  readonly port: number
  /** Whether TLS is demanded (`wss:`). */
  readonly secure: boolean
  /** Whether TLS is made above this Transport, which only carries it: a proxy may be chosen by that. */
  readonly carriesTls?: boolean | undefined
}

/** Opens connections for clients. */
export class Transport extends Context.Tag("effect-websocket/Transport")<
  Transport,
  {
    /** Opens a connection; interruption abandons the attempt, the end of the Scope is a hard close. */
    readonly connect: (target: Target) => Effect.Effect<Duplex, TransportError, Scope.Scope>
  }
>() {}
