/**
 * TLS over any connection, on both sides: in memory, within a WebSocket, beneath or above a layer of one's own.
 *
 * Over a stream that is no socket JavaScript sees the octets before TLS does, and so an end without close_notify
 * (RFC 8446 §6.1).
 */

import * as crypto from "node:crypto"
import type * as stream from "node:stream"
import * as tls from "node:tls"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ConnectionInfo, Duplex, Target } from "effect-websocket/Transport"
import { TransportError, type TransportReason } from "effect-websocket/WebSocketError"
import * as NodeDuplex from "./NodeDuplex.js"
import * as NodeError from "./NodeError.js"
import * as NodeSocket from "./NodeSocket.js"
import * as NodeStream from "./NodeStream.js"
import { type TlsOptions as ClientOptions, tlsClient } from "./NodeTlsClient.js"
import { type TlsOptions as ServerOptions, serverOptions } from "./NodeTlsServer.js"

/** Node.js has no public name for it: the octets have ended, though 'end' may not have been emitted yet. */
const hasEnded = (native: stream.Duplex | undefined): boolean =>
  (native as { _readableState?: { ended?: boolean } } | undefined)?._readableState?.ended !== false

/** A connection beneath TLS, as a stream of Node.js. */
class Beneath {
  /** The TLS socket above. */
  above: tls.TLSSocket | undefined
  private truncated = false

  constructor(
    readonly lower: Duplex,
    readonly native: stream.Duplex
  ) {
    native.on("error", NodeSocket.unheard)
    // Heard before TLS hears it: close_notify must have ended the octets by now.
    native.once("end", () => {
      this.truncated = !hasEnded(this.above)
    })
  }

  /** What is known of it beneath TLS. */
  get info(): Partial<ConnectionInfo> {
    const { local, native, remote } = this.lower.info
    return { local, remote, native }
  }

  readonly endReason = (): TransportReason => ({ _tag: this.truncated ? "TlsTruncated" : "EndOfStream" })
}

const beneath = (lower: Duplex): Effect.Effect<Beneath> =>
  Effect.map(NodeStream.make(lower), (native) => new Beneath(lower, native))

/** A handshake over an open connection; a failure, or an interruption, aborts the connection. */
type Handshake<A extends ReadonlyArray<unknown>> = (
  lower: Duplex,
  ...about: A
) => Effect.Effect<Duplex, TransportError, Scope.Scope>

/** Makes the handshakes of clients. */
export const client = (options: ClientOptions): Handshake<[target: Target]> => {
  const { connect, duplex } = tlsClient(options)
  return (lower, target) =>
    Effect.flatMap(beneath(lower), (below) =>
      NodeSocket.open({
        create: () => {
          below.above = connect(target, { socket: below.native })
          return below.above
        },
        ready: "secureConnect",
        use: (socket) => duplex(socket, below.info, below.endReason),
        failure: NodeError.tlsHandshake
      })
    ).pipe(Effect.onError(() => lower.abort))
}

/** Servers that listen nowhere. Each makes one handshake at a time, since it does not tell whose one it has made. */
class Servers {
  /** To make another one takes a millisecond, as long as a handshake does. */
  private readonly idle: Array<tls.Server>

  constructor(private readonly options: tls.TlsOptions) {
    this.idle = [tls.createServer(options)]
  }

  /** Begins a handshake. */
  begin(below: Beneath, done: NodeSocket.Done): void {
    const server = this.idle.pop() ?? tls.createServer(this.options)
    const fail = (error: TransportError) => done(Effect.fail(error))
    const onError = (cause: unknown) => fail(NodeError.tlsHandshake(cause))
    server.once("tlsClientError", onError).once("secureConnection", (socket) => {
      // One that has failed, or was given up, may still tell something of it: it is not used again.
      this.idle.push(server.off("tlsClientError", onError))
      below.above = socket
      socket.allowHalfOpen = true
      const { endReason, info } = below
      done(Effect.succeed(NodeDuplex.unsafeMake(socket, { info, endReason })))
    })
    // A stream may end in one direction, and then TLS waits for ever.
    below.native.once("end", () => fail(new TransportError({ reason: { _tag: "EndOfStream" } })))
    below.native.once("close", () => onError(below.native.errored ?? undefined))
    server.emit("connection", below.native)
  }
}

/** Makes the handshakes of servers. Throws what Node.js throws for bad certificates. */
export const server = (options: ServerOptions): Handshake<[]> => {
  // Sessions are for all of them.
  const servers = new Servers({ ticketKeys: crypto.randomBytes(48), ...serverOptions(options) })
  return (lower) =>
    Effect.flatMap(beneath(lower), (below) =>
      NodeSocket.acquire((done) => {
        servers.begin(below, done)
        return below.native
      })
    ).pipe(Effect.onError(() => lower.abort))
}
