/**
 * The fast server which measured clients talk to: it answers the opening handshake (RFC 6455 §4.2.2) and hands on octets.
 *
 * What a client sends before the answer is not expected, since none may.
 */
import { createHash } from "node:crypto"
import * as net from "node:net"
import type { Receive } from "./RawConnection.js"

/** RFC 6455 §1.3. */
const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

const response = (head: string): string => {
  const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1] ?? ""
  const accept = createHash("sha1")
    .update(key + guid)
    .digest("base64")
  return (
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
    `Sec-WebSocket-Accept: ${accept}\r\n\r\n`
  )
}

const serve = (socket: net.Socket, open: (socket: net.Socket) => Receive): void => {
  socket.setNoDelay(true)
  socket.on("error", () => {})
  socket.once("data", (head) => {
    socket.write(response(head.toString("latin1")))
    const receive = open(socket)
    socket.on("data", (chunk: Buffer) => receive(chunk, 0, chunk.length))
  })
}

export class Sink {
  /** Listens; `open` is called for every connection, and gives the one who receives. */
  static listen(open: (socket: net.Socket) => Receive): Promise<Sink> {
    const server = net.createServer((socket) => serve(socket, open))
    return new Promise((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve(new Sink((server.address() as net.AddressInfo).port)))
    })
  }

  private constructor(readonly port: number) {}
}
