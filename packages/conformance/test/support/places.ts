/** Where a peer of bare octets meets our server, or our client: in memory, or on a TCP socket of Node.js. */
import * as NodeListener from "@effect-websocket/node/NodeListener"
import * as NodeTransport from "@effect-websocket/node/NodeTransport"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { Listener } from "effect-websocket/Listener"
import * as MemoryTransport from "effect-websocket/MemoryTransport"
import { Transport } from "effect-websocket/Transport"
import type { TransportError } from "effect-websocket/WebSocketError"
import * as RawPeer from "./RawPeer.js"

export interface Place {
  readonly layer: Layer.Layer<Transport | Listener, TransportError>
  /** A peer that is connected to our Listener. */
  readonly toServer: Effect.Effect<RawPeer.RawPeer, TransportError, Transport | Listener | Scope.Scope>
  /** Where peers wait for our client; the URI under which it reaches them. */
  readonly serve: (
    use: (peer: RawPeer.RawPeer) => Effect.Effect<void>
  ) => Effect.Effect<string, never, Listener | Scope.Scope>
}

const memory: Place = {
  layer: MemoryTransport.layer,
  toServer: Effect.flatMap(Transport, ({ connect }) =>
    Effect.map(connect({ host: "127.0.0.1", port: 80, secure: false }), RawPeer.onDuplex)
  ),
  serve: (use) =>
    Effect.gen(function* () {
      const { accept } = yield* Listener
      const each = accept((duplex) => Effect.zipRight(use(RawPeer.onDuplex(duplex)), Effect.never))
      yield* Effect.forkScoped(each)
      return "ws://127.0.0.1/"
    })
}

const tcp: Place = {
  layer: Layer.merge(NodeTransport.layerTcp(), NodeListener.layerTcp()),
  toServer: Effect.flatMap(Listener, ({ address }) =>
    RawPeer.connectSocket(address._tag === "TcpAddress" ? address.port : 0)
  ),
  serve: (use) => Effect.map(RawPeer.listenSocket(use), (port) => `ws://127.0.0.1:${port}/`)
}

export const places: Readonly<Record<string, Place>> = { memory, TCP: tcp }
