import * as NodeListener from "@effect-websocket/node/NodeListener"
import * as NodeTransport from "@effect-websocket/node/NodeTransport"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as FrameLog from "effect-websocket/FrameLog"
import { Listener, uri } from "effect-websocket/Listener"
import * as MemoryTransport from "effect-websocket/MemoryTransport"
import * as RateLimit from "effect-websocket/RateLimit"
import type { Transport } from "effect-websocket/Transport"
import * as WebSocket from "effect-websocket/WebSocket"
import * as WebSocketMetrics from "effect-websocket/WebSocketMetrics"
import * as WebSocketTracing from "effect-websocket/WebSocketTracing"
import * as WebSocketTransport from "effect-websocket/WebSocketTransport"
import { ca, server } from "../support/certificates.js"
import { contractOver } from "../support/contractOver.js"

/** What the Listener says of itself. */
const secured =
  (secure: boolean) =>
  <E, R>(listener: Layer.Layer<Listener, E, R>) =>
    Layer.map(listener, (context) => Context.make(Listener, { ...Context.get(context, Listener), secure }))

const tlsOrPlain = NodeListener.layerTlsOrPlain(server)

contractOver("TLS, where plain is served too", Layer.merge(NodeTransport.layerTls({ ca }), tlsOrPlain))
contractOver("TCP, where TLS is served too", Layer.merge(NodeTransport.layerTcp(), secured(false)(tlsOrPlain)), {
  except: {
    "a client that resets at any octet of its handshake is a typed failure, and the server goes on":
      "one that resets before its first octet was never known to be plain, and not accepted"
  }
})

const fast = { readBytesPerSecond: 1024 ** 3, writeBytesPerSecond: 1024 ** 3 }
const tcp = Layer.merge(NodeTransport.layerTcp(), NodeListener.layerTcp())

const limited = Layer.merge(RateLimit.layerTransport(fast), RateLimit.layerListener(fast))

contractOver("TCP within limits", Layer.provide(limited, tcp))

const unseen = Logger.replace(Logger.defaultLogger, Logger.none)
const logging = Layer.mergeAll(unseen, Logger.minimumLogLevel(LogLevel.Trace), FrameLog.layer)
const observing = Layer.mergeAll(WebSocketMetrics.layer, WebSocketTracing.layer, logging)

contractOver("memory, with metrics, spans and a log of frames", Layer.merge(MemoryTransport.layer, observing))

/** WebSockets over these connections. */
const tunnel = <E>(lower: Layer.Layer<Transport | Listener, E>) => {
  const client = Effect.map(uri("/tunnel"), (uri) => WebSocketTransport.layerTransport(uri))
  const both = Layer.merge(Layer.unwrapEffect(client), WebSocketTransport.layerListener())
  return Layer.provide(both, Layer.merge(WebSocket.layer, lower))
}

contractOver("a WebSocket over memory", tunnel(MemoryTransport.layer))
contractOver("a WebSocket over TCP", tunnel(tcp))

/** TLS within these connections. */
const tlsOver = Layer.merge(
  NodeTransport.layerTlsOver({ ca, servername: "localhost" }),
  NodeListener.layerTlsOver(server)
)

contractOver("TLS within a WebSocket over TCP", Layer.provide(tlsOver, tunnel(tcp)), {
  except: {
    "a peer that resets while we send makes the send fail, typed":
      "the response to the handshake has not left yet when this server resets, and is dropped"
  }
})
