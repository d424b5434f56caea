/** Everything above the transport, with permessage-deflate for every connection and every message. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Compression, CompressionOptions } from "effect-websocket/Compression"
import { FrameStream } from "effect-websocket/FrameStream"
import { Handshake } from "effect-websocket/Handshake"
import * as WebSocket from "effect-websocket/WebSocket"

/** `WebSocket.layer`, changed: whatever the options of a connection say, these are its compression. */
export const deflating = (engine: Layer.Layer<Compression>, options: CompressionOptions = {}) => {
  const compression = { threshold: 0, ...options }
  const handshake = Layer.effect(
    Handshake,
    Effect.map(Handshake, ({ client, server }) => ({
      client: (duplex, uri, own) => client(duplex, uri, { ...own, compression }),
      server: (duplex, own, read) => server(duplex, { ...own, compression }, read)
    }))
  )
  const frames = Layer.effect(
    FrameStream,
    Effect.map(FrameStream, ({ open }) => ({
      open: (duplex, negotiated, own) => open(duplex, negotiated, { ...own, compression })
    }))
  )
  return Layer.provideMerge(Layer.merge(handshake, frames), Layer.merge(WebSocket.layer, engine))
}
