/** The client of `ws`. */
import { WebSocket } from "ws"
import { ready } from "./Control.js"
import { setting, uriOf } from "./Setting.js"

const own = setting()

ready(0)
for (let n = 0; n < own.connections; n++) {
  const socket = new WebSocket(uriOf(own), { perMessageDeflate: own.deflate })
  socket.on("message", (data, isBinary) => socket.send(isBinary ? (data as Buffer) : data.toString()))
  socket.on("error", () => {})
}
