/** WebSockets over WebSockets in memory, and the clauses of the contract of a transport which those can not keep. */
import * as Layer from "effect/Layer"
import * as MemoryTransport from "../../src/MemoryTransport.js"
import * as WebSocket from "../../src/WebSocket.js"
import * as WebSocketTransport from "../../src/WebSocketTransport.js"

/** `Transport` and `Listener`, whose connections are WebSockets. */
export const tunnel = (
  memory: MemoryTransport.MemoryLayerOptions = {},
  client: WebSocket.ConnectOptions = {},
  server: WebSocketTransport.ListenerOptions = {}
) =>
  Layer.merge(
    WebSocketTransport.layerTransport("ws://any.host/tunnel", client),
    WebSocketTransport.layerListener(server)
  ).pipe(Layer.provide(Layer.merge(WebSocket.layer, MemoryTransport.layerWith(memory))))
