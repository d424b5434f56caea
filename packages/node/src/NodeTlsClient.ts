/**
 * The client's side of TLS: how the handshake is made, over a socket of Node.js or over any stream.
 *
 * The certificates are read once, at the first connection. The peer's name is verified against the target's host; SNI
 * carries names only (RFC 6066 §3). What TLS agreed to speak must be what we speak (RFC 7301).
 */

import * as net from "node:net"
import type * as stream from "node:stream"
import * as tls from "node:tls"
import * as Effect from "effect/Effect"
import type { ConnectionInfo, Duplex, Target } from "effect-websocket/Transport"
import type { TransportError, TransportReason } from "effect-websocket/WebSocketError"
import * as NodeDuplex from "./NodeDuplex.js"
import * as NodeError from "./NodeError.js"

/** Options of TLS. Those without a comment are what `tls.connect` of Node.js says of them. */
export interface TlsOptions
  extends Pick<
    tls.ConnectionOptions,
    | "ca"
    | "cert"
    | "checkServerIdentity"
    | "ciphers"
    | "crl"
    | "ecdhCurve"
    | "key"
    | "maxVersion"
    | "minVersion"
    | "passphrase"
    | "pfx"
    | "session"
    | "sigalgs"
  > {
  /** The name for SNI, and the one the certificate must have. The target's host; an IP address is verified, not sent. */
  readonly servername?: string | undefined
  /** The application protocols to offer. `http/1.1`; if the server chooses one that is not HTTP/1.1, the handshake fails. */
  readonly ALPNProtocols?: ReadonlyArray<string> | undefined
  /** Whether a certificate which cannot be verified fails the handshake. true, whatever the environment says. */
  readonly rejectUnauthorized?: boolean | undefined
}

/** Without what is `undefined`, which Node.js takes for a value here and there. */
export const defined = <A extends object>(options: A): { [K in keyof A]: Exclude<A[K], undefined> } =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never

const unspoken = (protocol: string): TransportError =>
  NodeError.tlsHandshake(
    Object.assign(new Error(`RFC 7301 §3.2: the server chose the protocol ${protocol}, which we do not speak`), {
      code: "NO_APPLICATION_PROTOCOL"
    })
  )

/** Makes TLS sockets which share their options and certificates. */
export interface TlsClient {
  /** Begins a handshake over TCP options of Node.js, or over `{ socket: stream }`; throws what Node.js throws. */
  readonly connect: (target: Target, beneath: net.TcpNetConnectOpts | { socket: stream.Duplex }) => tls.TLSSocket
  /** The Duplex of a socket whose handshake is done. */
  readonly duplex: (
    socket: net.Socket,
    info?: Partial<ConnectionInfo>,
    endReason?: () => TransportReason
  ) => Effect.Effect<Duplex, TransportError>
}

/** How a client makes its TLS handshakes. */
export const tlsClient = (options: TlsOptions): TlsClient => {
  const offered = [...(options.ALPNProtocols ?? ["http/1.1"])]
  let secureContext: tls.SecureContext | undefined
  return {
    connect: (target, beneath) => {
      secureContext ??= tls.createSecureContext(defined(options))
      return tls.connect({
        ...defined({
          session: options.session,
          checkServerIdentity: options.checkServerIdentity,
          servername: options.servername ?? (net.isIP(target.host) === 0 ? target.host : undefined)
        }),
        ...beneath,
        host: target.host,
        secureContext,
        ALPNProtocols: offered,
        rejectUnauthorized: options.rejectUnauthorized ?? true
      })
    },
    duplex: (socket, info, endReason) => {
      const { alpnProtocol } = socket as tls.TLSSocket
      // Stricter: HTTP/2 is not what the opening handshake of RFC 6455 is written in, even if it was offered.
      const spoken = !alpnProtocol || (alpnProtocol !== "h2" && offered.includes(alpnProtocol))
      return spoken
        ? Effect.succeed(NodeDuplex.unsafeMake(socket, { info, endReason }))
        : Effect.zipRight(
            Effect.sync(() => socket.destroy()),
            Effect.fail(unspoken(alpnProtocol))
          )
    }
  }
}
