/** TLS and plain connections on one port, HTTP too (Beast: `advanced/server-flex`): the first octets tell which it is. */
import { NodeListener, NodeTransport } from "@effect-websocket/node"
import { Effect, Layer } from "effect"
import { Listener, WebSocket } from "effect-websocket"
import { server } from "./advanced-server.js"
import { client } from "./echo.js"
import type { Certificates } from "./tls.js"

/** Talks to the same port in both ways. */
export const program = ({ ca, cert, key }: Certificates) => {
  const layers = Layer.mergeAll(
    WebSocket.layer,
    NodeListener.layerTlsOrPlain({ cert, key }),
    NodeTransport.layer({ ca })
  )
  const talk = Effect.gen(function* () {
    const { address } = yield* Listener.Listener
    if (address._tag !== "TcpAddress") return yield* Effect.dieMessage("a TCP port")
    yield* client(`ws://127.0.0.1:${address.port}/echo`, "plain")
    yield* client(`wss://127.0.0.1:${address.port}/echo`, "over TLS")
  })
  return Effect.provide(talk, Layer.provideMerge(server, layers))
}
