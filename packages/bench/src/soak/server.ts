/** The server that is soaked, through its public API: echo on `/echo` and `/idle`, an endless stream of messages on `/flood`. */
import { readdirSync } from "node:fs"
import * as NodeCompression from "@effect-websocket/node/NodeCompression"
import * as NodeListener from "@effect-websocket/node/NodeListener"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Listener } from "effect-websocket/Listener"
import * as WebSocket from "effect-websocket/WebSocket"
import * as WebSocketServer from "effect-websocket/WebSocketServer"
import { ready } from "../measured/Control.js"
import { certificate } from "../measured/certificate.js"
import { setting } from "../measured/Setting.js"
import { encode } from "./Numbered.js"

/** What of the server is alive. */
export interface Alive {
  readonly handlers: number
  /** Sockets of Node.js, that of the listener not counted. */
  readonly sockets: number
  /** What the system has open for the process; 0 where there is no /proc. */
  readonly descriptors: number
}

const { deflate, tls } = setting()

let handlers = 0

const descriptors = (): number => {
  try {
    return readdirSync("/proc/self/fd").length
  } catch {
    return 0
  }
}

const alive = (): Alive => {
  const sockets = process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length
  return { handlers, sockets, descriptors: descriptors() }
}

/** Messages without end, as fast as they are taken. */
const flood = (ws: WebSocket.WebSocket) => {
  let number = 0
  return Effect.forever(Effect.suspend(() => ws.send(encode(number++, 1024))))
}

const handle = (ws: WebSocket.WebSocket) =>
  Effect.acquireUseRelease(
    Effect.sync(() => handlers++),
    () => (ws.negotiated.request.target === "/flood" ? flood(ws) : ws.run((message) => ws.send(message))),
    () => Effect.sync(() => handlers--)
  )

const program = Effect.gen(function* () {
  const { address } = yield* Listener
  ready(address._tag === "TcpAddress" ? address.port : 0, { alive })
  yield* Effect.never
})

// Idle connections shall be asked more than once whether they are there.
const server = WebSocketServer.serve(handle, { compression: deflate, limits: { idleTimeout: "20 seconds" } })

const listener = tls ? NodeListener.layerTls({ ...certificate() }) : NodeListener.layerTcp()

program.pipe(
  Effect.provide(server),
  Effect.provide(Layer.mergeAll(WebSocket.layer, NodeCompression.layer, listener)),
  Effect.runFork
)
