/** A server with a certificate, and a client that trusts its authority (Beast: `websocket/client/async-ssl`, `server/async-ssl`). */
import { NodeListener, NodeTransport } from "@effect-websocket/node"
import { Effect, Layer } from "effect"
import { Listener, WebSocket } from "effect-websocket"
import { client, server } from "./echo.js"

/** What both sides are made with, in PEM. */
export interface Certificates {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** The certificate is verified, and has to be for the host of the URI: there is nothing to be turned on. */
export const program = ({ ca, cert, key }: Certificates) => {
  const tls = Layer.merge(NodeListener.layerTls({ cert, key }), NodeTransport.layerTls({ ca }))
  const talk = Effect.flatMap(Listener.uri("/"), (uri) => client(uri, "over TLS"))
  return Effect.provide(talk, Layer.provideMerge(server, Layer.merge(WebSocket.layer, tls)))
}
