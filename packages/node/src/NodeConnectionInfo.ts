/**
 * What a stream of Node.js tells of its connection: addresses, TLS, the peer's certificate.
 *
 * A stream which is no socket tells nothing; who made it says what is known.
 */

import * as net from "node:net"
import type * as stream from "node:stream"
import * as tls from "node:tls"
import * as Option from "effect/Option"
import type { Address, ConnectionInfo } from "effect-websocket/Transport"

const address = (hostname: string | undefined, port: number | undefined): Option.Option<Address> =>
  hostname === undefined || port === undefined ? Option.none() : Option.some({ _tag: "TcpAddress", hostname, port })

/** Node.js keeps the peer's address if it was asked for it in time; once the socket has closed it can no longer be found out. */
export const remember = (native: stream.Duplex): void => {
  if (native instanceof net.Socket) void native.remoteAddress
}

const peerCertificate = (socket: tls.TLSSocket): Option.Option<unknown> => {
  const certificate = socket.getPeerCertificate() as tls.PeerCertificate | null
  return certificate === null || certificate.raw === undefined ? Option.none() : Option.some(certificate)
}

/** All that is known of a connection; what is `known` comes first. */
export const make = (native: stream.Duplex, known: Partial<ConnectionInfo> = {}): ConnectionInfo => {
  const socket = native instanceof net.Socket ? native : undefined
  const secure = native instanceof tls.TLSSocket ? native : undefined
  return {
    local: address(socket?.localAddress, socket?.localPort),
    remote: address(socket?.remoteAddress, socket?.remotePort),
    encrypted: secure !== undefined,
    alpn: Option.fromNullable(secure?.alpnProtocol || undefined),
    peerCertificate: secure === undefined ? Option.none() : peerCertificate(secure),
    native,
    ...known
  }
}
