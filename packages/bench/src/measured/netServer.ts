/**
 * The limit of the host: raw `net`, or `tls`, which sends back every octet. It knows nothing of WebSockets.
 *
 * The first chunk of a connection is taken for the request and answered with a constant; frames go back masked as they came.
 */
import * as net from "node:net"
import * as tls from "node:tls"
import { ready } from "./Control.js"
import { certificate } from "./certificate.js"
import { setting } from "./Setting.js"

const own = setting()
const members = new Set<net.Socket>()
const answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"

const broadcast = (octets: Buffer): void => {
  for (const member of members) member.write(octets)
}

const accept = (socket: net.Socket): void => {
  members.add(socket)
  socket.setNoDelay(true)
  socket.on("error", () => {})
  socket.on("close", () => members.delete(socket))
  socket.once("data", () => {
    socket.write(answer)
    socket.on("data", own.mode === "broadcast" ? broadcast : (octets) => socket.write(octets))
  })
}

const server = own.tls ? tls.createServer(certificate(), accept) : net.createServer(accept)
server.listen(0, "127.0.0.1", 511, () => ready((server.address() as net.AddressInfo).port))
