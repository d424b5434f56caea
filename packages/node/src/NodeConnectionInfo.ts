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

/** Looks when it is asked: of most connections nobody ever asks for all of it, and Node.js asks the system. */
class StreamInfo implements ConnectionInfo {
  readonly #stream: stream.Duplex
  readonly #known: Partial<ConnectionInfo>

  constructor(native: stream.Duplex, known: Partial<ConnectionInfo>) {
    this.#stream = native
    this.#known = known
  }

  get local(): ConnectionInfo["local"] {
    return this.#known.local ?? address(this.#socket?.localAddress, this.#socket?.localPort)
  }

  get remote(): ConnectionInfo["remote"] {
    return this.#known.remote ?? address(this.#socket?.remoteAddress, this.#socket?.remotePort)
  }

  get encrypted(): boolean {
    return this.#known.encrypted ?? this.#secure !== undefined
  }

  get alpn(): ConnectionInfo["alpn"] {
    return this.#known.alpn ?? Option.fromNullable(this.#secure?.alpnProtocol || undefined)
  }

  get peerCertificate(): ConnectionInfo["peerCertificate"] {
    return this.#known.peerCertificate ?? (this.#secure ? peerCertificate(this.#secure) : Option.none())
  }

  get native(): unknown {
    return this.#known.native ?? this.#stream
  }

  get #socket(): net.Socket | undefined {
    return this.#stream instanceof net.Socket ? this.#stream : undefined
  }

  get #secure(): tls.TLSSocket | undefined {
    return this.#stream instanceof tls.TLSSocket ? this.#stream : undefined
  }
}

const nothing: Partial<ConnectionInfo> = {}

/** All that is known of a connection; what is `known` comes first. The own address is to be asked for while it is open. */
export const make = (native: stream.Duplex, known: Partial<ConnectionInfo> = nothing): ConnectionInfo =>
  new StreamInfo(native, known)
