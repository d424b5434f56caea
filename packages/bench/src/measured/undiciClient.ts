/** The client of undici, which is the WebSocket of the web. */
import { WebSocket } from "undici"
import { ready } from "./Control.js"
import { setting, uriOf } from "./Setting.js"

const own = setting()

ready(0)
for (let n = 0; n < own.connections; n++) {
  const socket = new WebSocket(uriOf(own))
  socket.binaryType = "arraybuffer"
  socket.addEventListener("message", ({ data }) => socket.send(data))
}
