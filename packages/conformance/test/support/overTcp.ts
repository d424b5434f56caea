/** Our client and our server over TCP, for partners that live on sockets. */
import * as NodeCompression from "@effect-websocket/node/NodeCompression"
import * as NodeListener from "@effect-websocket/node/NodeListener"
import * as NodeTransport from "@effect-websocket/node/NodeTransport"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Listener from "effect-websocket/Listener"
import * as WebSocket from "effect-websocket/WebSocket"
import * as WebSocketServer from "effect-websocket/WebSocketServer"
import { ca } from "./certificates.js"

/** Compression is there for those who ask for it. */
const above = Layer.merge(WebSocket.layer, NodeCompression.layer)

/** Connects with our client; over TLS it trusts the certificates of the tests. */
export const connect = (uri: string, options?: WebSocket.ConnectOptions) =>
  Effect.flatMap(Layer.build(Layer.merge(above, NodeTransport.layer({ ca }))), (context) =>
    Effect.provide(WebSocket.connect(uri, options), context)
  )

/** Our server on a free port of this host; its URI, and its first connection. */
export const serve = <A = undefined>(options: WebSocketServer.ServeOptions<A>) =>
  Effect.gen(function* () {
    const first = yield* Deferred.make<WebSocket.WebSocket>()
    const handler = (ws: WebSocket.WebSocket) => Effect.zipRight(Deferred.succeed(first, ws), ws.closed)
    const server = WebSocketServer.serve(options, handler)
    const lower = Layer.merge(above, NodeListener.layerTcp())
    const context = yield* Layer.build(Layer.provideMerge(server, lower))
    const uri = yield* Effect.provide(Listener.uri("/"), context)
    return { uri, first: Deferred.await(first) }
  })
