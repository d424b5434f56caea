/**
 * The server's side of TLS: a socket that was accepted becomes, after its handshake, a Duplex.
 *
 * One `tls.Server` that listens nowhere makes the handshakes of all sockets, so that SNI, tickets, OCSP and ALPN work as
 * Node.js documents them. It names its results by TLS sockets; the addresses of both ends tell whose result it is.
 */

import type * as net from "node:net"
import * as tls from "node:tls"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Limits from "effect-websocket/Limits"
import type { Duplex } from "effect-websocket/Transport"
import { TimeoutError, type TransportError } from "effect-websocket/WebSocketError"
import * as NodeDuplex from "./NodeDuplex.js"
import * as NodeError from "./NodeError.js"
import { defined } from "./NodeTlsClient.js"

/** Options of TLS. Those without a comment are what `tls.createServer` of Node.js says of them. */
export interface TlsOptions
  extends Pick<
    tls.TlsOptions,
    | "ca"
    | "cert"
    | "ciphers"
    | "crl"
    | "dhparam"
    | "ecdhCurve"
    | "honorCipherOrder"
    | "key"
    | "maxVersion"
    | "minVersion"
    | "passphrase"
    | "pfx"
    | "sessionTimeout"
    | "sigalgs"
    | "SNICallback"
    | "ticketKeys"
  > {
  /** Whether clients are asked for a certificate. false. */
  readonly requestCert?: boolean | undefined
  /** Whether clients without a certificate, or with one that cannot be verified, are refused when they are asked. true. */
  readonly rejectUnauthorized?: boolean | undefined
  /** The application protocols to choose from. `http/1.1`; a client which offers none of them is refused. */
  readonly ALPNProtocols?: ReadonlyArray<string> | undefined
}

/** A handshake which Node.js itself does not bound: the deadline is Effect's. */
const never = 2 ** 31 - 1

const nothing = new Uint8Array(0)

/** Undefined: the peer has reset the connection, which has no addresses any more. */
const key = ({ localAddress, localPort, remoteAddress, remotePort }: net.Socket): string | undefined =>
  remoteAddress && `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`

/** A handshake within `limits.handshakeTimeout`; one that fails is a line in the debug log. */
export const timely = <R>(handshake: Effect.Effect<Duplex, TransportError, R>) =>
  Effect.flatMap(Effect.orDie(Limits.resolve("server")), ({ handshakeTimeout }) =>
    Effect.timeoutFail(handshake, {
      duration: handshakeTimeout,
      onTimeout: () => new TimeoutError({ phase: "Handshake", after: Duration.millis(handshakeTimeout) })
    })
  ).pipe(Effect.onError((cause) => Effect.logDebug("a connection was not accepted", cause)))

/** Makes the handshake of a socket which was accepted; a failure, or an interruption, destroys the socket. */
export type Handshake = (socket: net.Socket) => Effect.Effect<Duplex, TransportError>

type Result = Effect.Effect<Duplex, TransportError>

/** Who waits for the handshake between two addresses. */
class Pending {
  private readonly waiting = new Map<string, (result: Result) => void>()

  /** Waits for the first result; the end of the socket is one. */
  add(socket: net.Socket, resume: (result: Result) => void): void {
    const name = key(socket)
    const lost = (): Result => Effect.fail(NodeError.tlsHandshake(socket.errored ?? undefined))
    if (name === undefined || socket.destroyed) {
      resume(lost())
      return
    }
    const done = (result: Result) => {
      if (this.waiting.get(name) === done) this.waiting.delete(name)
      socket.off("close", onClose)
      resume(result)
    }
    const onClose = () => done(lost())
    // Who has reset a connection may come again from the same port, before that was noticed.
    this.settle(name, lost())
    this.waiting.set(name, done)
    socket.once("close", onClose)
  }

  settle(name: string, result: Result): void {
    this.waiting.get(name)?.(result)
  }
}

/** The options for Node.js. */
export const serverOptions = (options: TlsOptions): tls.TlsOptions => ({
  ...defined(options),
  ALPNProtocols: [...(options.ALPNProtocols ?? ["http/1.1"])],
  handshakeTimeout: never
})

/** The handshakes of a server. Throws what Node.js throws for bad certificates. */
export const unsafeMake = (options: TlsOptions): Handshake => {
  const pending = new Pending()
  const server = tls.createServer(serverOptions(options))
  server.on("secureConnection", (socket) => {
    socket.allowHalfOpen = true
    const name = key(socket)
    if (name === undefined) return void socket.destroy()
    const duplex = NodeDuplex.unsafeMake(socket)
    // Once this is written the client has the end of the handshake, and no hard close takes it away.
    socket.write(nothing, () => pending.settle(name, Effect.succeed(duplex)))
  })
  server.on("tlsClientError", (cause, socket) => {
    const name = key(socket)
    if (name !== undefined) pending.settle(name, Effect.fail(NodeError.tlsHandshake(cause)))
  })
  return (socket) =>
    Effect.async<Duplex, TransportError>((resume) => {
      pending.add(socket, resume)
      // Who ends during the handshake ends it; who has made it may end one direction.
      socket.allowHalfOpen = false
      if (!socket.destroyed) server.emit("connection", socket)
    }).pipe(Effect.onError(() => Effect.sync(() => socket.destroy())))
}
