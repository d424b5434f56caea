import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Listener } from "effect-websocket/Listener"
import type { Transport } from "effect-websocket/Transport"
import { transportContract } from "effect-websocket/testing/transportContract"
import type { TransportError } from "effect-websocket/WebSocketError"
import * as NodeListener from "../src/NodeListener.js"
import * as NodeTransport from "../src/NodeTransport.js"
import * as certificates from "./support/certificates.js"
import { socketPath } from "./support/temporary.js"

type Both = Layer.Layer<Transport | Listener, TransportError>

const { ca, server } = certificates

const unix: Both = Layer.unwrapScoped(
  Effect.map(socketPath, (path) => Layer.merge(NodeTransport.layerUnix(path), NodeListener.layerUnix(path)))
)

const layers: Record<string, Both> = {
  TCP: Layer.merge(NodeTransport.layerTcp(), NodeListener.layerTcp()),
  TLS: Layer.merge(NodeTransport.layerTls({ ca }), NodeListener.layerTls(server)),
  "TLS 1.2": Layer.merge(NodeTransport.layerTls({ ca, maxVersion: "TLSv1.2" }), NodeListener.layerTls(server)),
  "a Unix socket": unix,
  "TLS over TCP": Layer.merge(
    Layer.provide(NodeTransport.layerTlsOver({ ca }), NodeTransport.layerTcp()),
    NodeListener.layerTls(server)
  )
}

for (const [name, layer] of Object.entries(layers)) {
  describe(`the contract of Transport and Listener over ${name}`, () => {
    for (const { effect, name: sentence } of transportContract) {
      it.scopedLive(sentence, () => Effect.provide(effect, layer))
    }
  })
}
