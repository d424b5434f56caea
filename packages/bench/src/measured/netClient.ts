/** The limit of the host for clients: raw `net`, which sends back every octet after the head of the response. */
import * as net from "node:net"
import { ready } from "./Control.js"
import { setting } from "./Setting.js"

const own = setting()
const request =
  "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

const connect = (): void => {
  const socket = net.connect({ port: own.port, host: "127.0.0.1", noDelay: true }, () => socket.write(request))
  socket.once("data", (octets) => {
    const rest = octets.subarray(octets.indexOf("\r\n\r\n") + 4)
    if (rest.length > 0) socket.write(rest)
    socket.on("data", (later) => socket.write(later))
  })
  socket.on("error", () => {})
}

ready(0)
for (let n = 0; n < own.connections; n++) connect()
