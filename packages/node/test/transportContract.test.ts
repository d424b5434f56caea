import { describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as DuplexAdapter from "effect-websocket/DuplexAdapter"
import { Listener, uri } from "effect-websocket/Listener"
import * as MemoryTransport from "effect-websocket/MemoryTransport"
import * as RateLimit from "effect-websocket/RateLimit"
import type { Duplex, Transport } from "effect-websocket/Transport"
import { transportContract } from "effect-websocket/testing/transportContract"
import * as WebSocket from "effect-websocket/WebSocket"
import type { TransportError } from "effect-websocket/WebSocketError"
import * as WebSocketTransport from "effect-websocket/WebSocketTransport"
import * as NodeListener from "../src/NodeListener.js"
import * as NodeTransport from "../src/NodeTransport.js"
import * as certificates from "./support/certificates.js"
import { socketPath } from "./support/temporary.js"

type Both = Layer.Layer<Transport | Listener, TransportError>

const { ca, server } = certificates

/** Without the first octet. */
const beheaded = (lower: Duplex): Duplex => {
  let isFirst = true
  return DuplexAdapter.over(lower, {
    unsafeReceive: (onOctets, onEnd) =>
      lower.unsafeReceive((octets) => {
        const rest = isFirst ? octets.subarray(1) : octets
        isFirst = false
        if (rest.length > 0) onOctets(rest)
      }, onEnd)
  })
}

/** An octet in front, which is taken away again above: for each connection a `prepend`. */
const leading = (lower: Duplex): Effect.Effect<Duplex> =>
  Effect.sync(() => beheaded(DuplexAdapter.prepend(lower, Uint8Array.of(1))))

/** Plain clients of a listener for both are known by their first octet, which is taken away again above. */
const plain = {
  transport: DuplexAdapter.mapTransport((lower) =>
    Effect.sync(() => {
      lower.unsafeWrite([Uint8Array.of(1)])
      return lower
    })
  ),
  listener: Layer.map(
    DuplexAdapter.mapListener((lower) => Effect.sync(() => beheaded(lower))),
    (context) => Context.make(Listener, { ...Context.get(context, Listener), secure: false })
  )
}

const fast = { readBytesPerSecond: 64 * 1024 * 1024, writeBytesPerSecond: 64 * 1024 * 1024 }

const unix: Both = Layer.unwrapScoped(
  Effect.map(socketPath, (path) => Layer.merge(NodeTransport.layerUnix(path), NodeListener.layerUnix(path)))
)

const tlsOverMemory = "TLS over memory"

/** A handshake over another Listener is made when that one is accepted from: only then is the connection open. */
const keptUnaccepted = "connections that come before accept are kept, and so is what they sent"

const layers = {
  TCP: Layer.merge(NodeTransport.layerTcp(), NodeListener.layerTcp()),
  TLS: Layer.merge(NodeTransport.layerTls({ ca }), NodeListener.layerTls(server)),
  "TLS 1.2": Layer.merge(NodeTransport.layerTls({ ca, maxVersion: "TLSv1.2" }), NodeListener.layerTls(server)),
  "TLS, where plain is served too": Layer.merge(NodeTransport.layerTls({ ca }), NodeListener.layerTlsOrPlain(server)),
  "TCP, where TLS is served too": Layer.merge(
    Layer.provide(plain.transport, NodeTransport.layerTcp()),
    Layer.provide(plain.listener, NodeListener.layerTlsOrPlain(server))
  ),
  "TCP, with octets in front": Layer.merge(
    Layer.provide(DuplexAdapter.mapTransport(leading), NodeTransport.layerTcp()),
    Layer.provide(DuplexAdapter.mapListener(leading), NodeListener.layerTcp())
  ),
  "TCP, with limits of 64 MiB a second": Layer.merge(
    Layer.provide(RateLimit.layerTransport(fast), NodeTransport.layerTcp()),
    Layer.provide(RateLimit.layerListener(fast), NodeListener.layerTcp())
  ).pipe(Layer.orDie),
  "a Unix socket": unix,
  "TLS over TCP": Layer.merge(
    Layer.provide(NodeTransport.layerTlsOver({ ca }), NodeTransport.layerTcp()),
    NodeListener.layerTls(server)
  ),
  [tlsOverMemory]: Layer.provide(
    Layer.merge(NodeTransport.layerTlsOver({ ca, servername: "localhost" }), NodeListener.layerTlsOver(server)),
    MemoryTransport.layer
  )
} satisfies Record<string, Both>

for (const [name, layer] of Object.entries(layers)) {
  describe(`the contract of Transport and Listener over ${name}`, () => {
    for (const { effect, name: sentence } of transportContract) {
      if (name !== tlsOverMemory || sentence !== keptUnaccepted) {
        it.scopedLive(sentence, () => Effect.provide(effect, layer))
      }
    }
  })
}

/** A WebSocket ends both directions at once, answers a Close by itself, and is not open before it is accepted. */
const notOfWebSockets = [
  "half-close: the other direction goes on",
  "RFC 6455 §7.1.1: the server ends at once, and waits for the client's end",
  keptUnaccepted
]

const tunnel = Layer.merge(
  Layer.unwrapEffect(Effect.map(uri("/tunnel"), (uri) => WebSocketTransport.layerTransport(uri))),
  WebSocketTransport.layerListener()
).pipe(Layer.provide(Layer.merge(WebSocket.layer, layers.TCP)))

describe("the contract of Transport and Listener over a WebSocket over TCP", () => {
  for (const { effect, name: sentence } of transportContract) {
    if (!notOfWebSockets.includes(sentence)) it.scopedLive(sentence, () => Effect.provide(effect, tunnel))
  }
})
