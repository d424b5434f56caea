/** The server of `ws`: echo or broadcast. Text is taken as a string, as an application does. */
import * as http from "node:http"
import * as https from "node:https"
import type { AddressInfo } from "node:net"
import { type RawData, type WebSocket, WebSocketServer } from "ws"
import { ready } from "./Control.js"
import { certificate } from "./certificate.js"
import { setting } from "./Setting.js"

const { deflate, largest, mode, tls } = setting()

const server = tls ? https.createServer(certificate()) : http.createServer()
const sockets = new WebSocketServer({ server, perMessageDeflate: deflate, ...(largest && { maxPayload: largest }) })

/** With `nodebuffer`, the default, and unfragmented by then, data is one Buffer. */
const messageOf = (data: RawData, isBinary: boolean): Buffer | string => (isBinary ? (data as Buffer) : data.toString())

const echo = (socket: WebSocket) => (data: RawData, isBinary: boolean) => socket.send(messageOf(data, isBinary))

const broadcast = () => (data: RawData, isBinary: boolean) => {
  const message = messageOf(data, isBinary)
  for (const member of sockets.clients) member.send(message)
}

sockets.on("connection", (socket) => {
  socket.on("message", mode === "broadcast" ? broadcast() : echo(socket))
  socket.on("error", () => {})
})
server.listen(0, "127.0.0.1", () => ready((server.address() as AddressInfo).port))
