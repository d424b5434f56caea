/**
 * How the commands reach others, and are reached: TCP and TLS of Node.js, unless a test puts something else in their place.
 *
 * @example
 * ```ts
 * import { Network } from "@effect-websocket/cli"
 * import { Layer } from "effect"
 * import { MemoryTransport } from "effect-websocket"
 *
 * // For a test: each command in a memory of its own.
 * const memory = Layer.succeed(Network.Network, {
 *   transport: () => MemoryTransport.layer,
 *   listener: () => MemoryTransport.layer
 * })
 * ```
 */
import * as NodeListener from "@effect-websocket/node/NodeListener"
import * as NodeTransport from "@effect-websocket/node/NodeTransport"
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import type { Listener } from "effect-websocket/Listener"
import type { Transport } from "effect-websocket/Transport"
import type { TransportError } from "effect-websocket/WebSocketError"

/** Certificates and keys as PEM. */
export interface ClientTls {
  readonly ca: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
  readonly servername: string | undefined
  readonly rejectUnauthorized: boolean
}

/** Where a server listens, and with which certificate if any; with `ca` clients must have one. */
export interface Listening {
  readonly host: string
  readonly port: number
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

/** Makes the layers beneath a command. */
export class Network extends Context.Tag("@effect-websocket/cli/Network")<
  Network,
  {
    readonly transport: (tls: ClientTls) => Layer.Layer<Transport>
    readonly listener: (listening: Listening) => Layer.Layer<Listener, TransportError>
  }
>() {}

/** TCP for `ws:`, TLS for `wss:`. */
export const layer: Layer.Layer<Network> = Layer.succeed(Network, {
  transport: (tls) => NodeTransport.layer(tls),
  listener: ({ ca, cert, host, key, port }) =>
    cert === undefined
      ? NodeListener.layerTcp({ host, port })
      : NodeListener.layerTls({ host, port, cert, key, ca, requestCert: ca !== undefined })
})
