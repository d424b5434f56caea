/**
 * Connections inside the process: for tests, and for talking to a server of the same application without a socket.
 *
 * `layer` provides both sides. Clients reach the Listener under any host and port; their connections wait in a bounded
 * queue until `accept` runs. Everything is as on TCP: order, half-close, reset, back-pressure; only nothing is lost.
 *
 * @example
 * ```ts
 * import { Effect, Layer } from "effect"
 * import { MemoryTransport, WebSocket, WebSocketServer } from "effect-websocket"
 *
 * const echo = WebSocketServer.serve((ws) => ws.run((message) => ws.send(message)))
 * const layers = Layer.provideMerge(echo, Layer.merge(WebSocket.layer, MemoryTransport.layer))
 *
 * const test = Effect.scoped(WebSocket.connect("ws://any.host/")).pipe(Effect.provide(layers))
 * ```
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { Listener } from "./Listener.js"
import { type Address, type Duplex, formatAddress, type Target, Transport } from "./Transport.js"
import { Arrivals } from "./transport/Arrivals.js"
import { type MemoryOptions, make, owned } from "./transport/MemoryPipe.js"
import { TransportError, type TransportReason } from "./WebSocketError.js"

/** Options of the layer: of each connection, and of the place where they meet. */
export interface MemoryLayerOptions extends MemoryOptions {
  /** The name of the Listener's address. Default `memory`. */
  readonly name?: string | undefined
  /** Connections which may wait for `accept`; further ones fail with `Open`. Default 128. */
  readonly backlog?: number | undefined
  /** Whether it stands for TLS: then it takes `wss:` URIs and no others. Default false. */
  readonly secure?: boolean | undefined
}

const memoryAddress = (name: string): Address => ({ _tag: "MemoryAddress", name })

/** A connection with both of its ends, the client's first; the Scope owns both. */
export const pair = (options?: MemoryOptions): Effect.Effect<[Duplex, Duplex], never, Scope.Scope> =>
  Effect.gen(function* () {
    const placement = { client: memoryAddress("client"), server: memoryAddress("server"), encrypted: false }
    const [client, server] = yield* make(placement, options)
    return [yield* owned(client), yield* owned(server)]
  })

const refusal = (reason: TransportReason): Effect.Effect<never, TransportError> =>
  Effect.fail(new TransportError({ reason }))

/** What both services share: the address, and who waits to be accepted. */
interface Place {
  readonly address: Address
  readonly secure: boolean
  readonly arrivals: Arrivals<Duplex>
  readonly options: MemoryLayerOptions
}

const connector = ({ address, arrivals, options, secure }: Place) => {
  let count = 0
  return ({ secure: demanded }: Target): Effect.Effect<Duplex, TransportError, Scope.Scope> =>
    Effect.gen(function* () {
      if (demanded !== secure) {
        return yield* refusal({ _tag: "Unsupported", feature: secure ? "ws: over TLS" : "wss: without TLS" })
      }
      const client = memoryAddress(`${formatAddress(address).slice("memory:".length)}-client-${++count}`)
      if (arrivals.full) return yield* refusal({ _tag: "Open", address: formatAddress(address) })
      const [near, far] = yield* make({ client, server: address, encrypted: secure }, options)
      arrivals.add(far)
      return yield* owned(near)
    })
}

/** `Transport` and `Listener` of one process, with these options. Each build of the layer is a place of its own. */
export const layerWith = (options: MemoryLayerOptions): Layer.Layer<Transport | Listener> =>
  Layer.scopedContext(
    Effect.gen(function* () {
      const { backlog: bound = 128, name = "memory", secure = false } = options
      const address = memoryAddress(name)
      const arrivals = new Arrivals<Duplex>(bound, ({ abort }) => abort)
      const place: Place = { address, secure, arrivals, options }
      const closed = new TransportError({ reason: { _tag: "Listen", address: formatAddress(address) } })
      yield* Effect.addFinalizer(() => arrivals.close(closed))
      return Context.make(Transport, { connect: connector(place) }).pipe(
        Context.add(Listener, { address, secure, accept: (use) => arrivals.accept(use) })
      )
    })
  )

/** `Transport` and `Listener` of one process. */
export const layer: Layer.Layer<Transport | Listener> = layerWith({})
