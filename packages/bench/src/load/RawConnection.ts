/**
 * A connection of the generator: a socket, after an opening handshake written by hand, and nothing else.
 *
 * All connections read into one static buffer, so that reading costs as little as Node.js allows; what is handed on is lent
 * for the call.
 */
import * as net from "node:net"
import * as tls from "node:tls"

/** Gets octets which are valid during the call only. */
export type Receive = (chunk: Buffer, start: number, end: number) => void

export interface Target {
  readonly port: number
  readonly tls: boolean
  readonly deflate: boolean
  /** What the request is for; "/" unless it is given. */
  readonly path?: string
}

const buffer = Buffer.alloc(256 * 1024)

/** The octets of the request; the key is the one of RFC 6455 §1.3. */
const request = ({ deflate, path = "/", port }: Target): string =>
  `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
  (deflate ? "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n" : "\r\n")

export class RawConnection {
  /** Opens a connection and makes the handshake; `begun` has the connection before anything is read. */
  static open(target: Target, begun: (connection: RawConnection) => void = () => {}): Promise<RawConnection> {
    return new Promise((resolve, reject) => {
      const connection = new RawConnection(target, resolve, reject)
      connection.socket.on("error", reject)
      begun(connection)
    })
  }

  /** What comes after the handshake. */
  receive: Receive = () => {}
  readonly socket: net.Socket
  private head = ""
  private isOpen = false

  private constructor(
    private readonly target: Target,
    private readonly resolve: (connection: RawConnection) => void,
    private readonly reject: (error: Error) => void
  ) {
    const onread = { buffer, callback: (size: number) => this.onOctets(size) }
    const { port } = target
    const options = { port, host: "127.0.0.1", noDelay: true, rejectUnauthorized: false, onread }
    const onConnect = () => this.socket.write(request(target))
    this.socket = target.tls ? tls.connect(options, onConnect) : net.connect(options, onConnect)
  }

  /** Base-2 logarithm of the window with which the server wants messages to be compressed (RFC 7692 §7.1.2.2). */
  get windowBits(): number {
    return Number(/client_max_window_bits=(\d+)/i.exec(this.head)?.[1] ?? 15)
  }

  private onOctets(size: number): boolean {
    if (this.isOpen) this.receive(buffer, 0, size)
    else this.shake(size)
    return true
  }

  private shake(size: number): void {
    const before = this.head.length
    this.head += buffer.toString("latin1", 0, size)
    const end = this.head.indexOf("\r\n\r\n") + 4
    if (end < 4) return
    this.isOpen = true
    if (this.isAccepted(this.head.slice(0, end))) this.resolve(this)
    else this.reject(new Error(`the handshake failed: ${this.head}`))
    if (end - before < size) this.receive(buffer, end - before, size)
  }

  private isAccepted(head: string): boolean {
    const isDeflated = head.toLowerCase().includes("sec-websocket-extensions: permessage-deflate")
    return head.startsWith("HTTP/1.1 101 ") && isDeflated === this.target.deflate
  }
}
