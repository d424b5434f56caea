/**
 * permessage-deflate with the zlib of Node.js, synchronously (RFC 7692 §7.2).
 *
 * The streams of zlib are shared. During a message a connection has one for itself; between messages it has none: what an idle
 * connection keeps is the window of its peer (at most 2^bits octets), and a compressor only while there is memory for it.
 * Nothing is ever taken from a message that has begun.
 *
 * @example
 * ```ts
 * import { NodeCompression } from "@effect-websocket/node"
 *
 * // For all connections together.
 * const compression = NodeCompression.layerWith({ idleMemory: 64 * 1024 * 1024 })
 * ```
 */
import type { Role } from "@effect-websocket/protocol/bytes/Role"
import type { AgreedDeflate } from "@effect-websocket/protocol/extension/PerMessageDeflate"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import {
  Compression,
  type Direction,
  type Engine,
  type EngineSettings,
  type InflateSink,
  incoming,
  outgoing
} from "effect-websocket/Compression"
import { OptionError } from "effect-websocket/WebSocketError"
import { keepTheirWord, ofHandle } from "./NodeDeflateHandle.js"
import { NodeDeflatePool } from "./NodeDeflatePool.js"
import { ofPublic } from "./NodeDeflatePublic.js"
import { NodeDeflater } from "./NodeDeflater.js"
import type { DeflateStreamOptions, DeflateStreams } from "./NodeDeflateStream.js"
import { NodeInflater } from "./NodeInflater.js"
import { NodeInflateWindow } from "./NodeInflateWindow.js"

/**
 * Measured on 2026-11-24, Node.js 20.20 (22 and 24 are alike): CPU per JSON message, window bits 12, memLevel 5, level 6.
 *
 * | | deflate 1 KiB, 16 KiB | inflate 1 KiB, 16 KiB |
 * |---|---|---|
 * | this | 17, 182 µs | 3.6, 21 µs |
 * | this, 1000 connections in turn | 25, 192 µs | 5.8, 24 µs |
 * | minizlib 3.1 | 18, 179 µs | 6.1, 26 µs, and no limit while inflating |
 * | deflateRawSync and inflateRawSync, the window as dictionary | 29, 192 µs | 8.8, 26 µs |
 * | asynchronous streams, as ws has them | 92, 407 µs | 76, 122 µs |
 *
 * Memory of 10 000 connections which have exchanged 40 messages and are idle: 12 KB each (window bits 15: 40 KB; without
 * context takeover: 3 KB), of which 3 are the pool of all.
 */
export interface NodeCompressionOptions {
  /**
   * Octets of memory for the compressors of connections that compress nothing at the moment. 32 MiB: some 370 connections with
   * window bits 12 and memLevel 5. Those that have sent nothing for the longest time lose their context: their next message
   * becomes as large as the first one was, and is right.
   */
  readonly idleMemory?: number | undefined
}

/** What holds unless the options say otherwise. */
export const defaults = { idleMemory: 32 * 1024 * 1024 } as const

/** The same for decompressors. Little: a connection without one reads its window into another one, which takes 1 to 2 µs. */
const idleInflateMemory = 1024 * 1024

/** zlib has no window of 256 octets for raw DEFLATE data. */
const minWindowBits = 9

/** What zlib allocates: the window and the chains (twice 2 octets for each octet of it), the hash table and the symbols. */
const deflateWeight = ({ memLevel, windowBits }: DeflateStreamOptions): number =>
  2 ** (windowBits + 2) + 2 ** Math.max(16, memLevel + 8) + 2 ** (memLevel + 8)

const inflateWeight = (windowBits: number): number => 2 ** windowBits + 10 * 1024

/** All pools of a layer. */
class NodeCompressionPools {
  private readonly pools = new Map<string, NodeDeflatePool>()
  private readonly deflateMemory
  private readonly inflateMemory = { limit: idleInflateMemory, used: 0 }

  constructor(
    private readonly streams: DeflateStreams,
    idleMemory: number
  ) {
    this.deflateMemory = { limit: idleMemory, used: 0 }
  }

  deflate(options: DeflateStreamOptions, contextTakeover: boolean): NodeDeflatePool {
    const key = `deflate ${options.windowBits} ${options.level} ${options.memLevel} ${contextTakeover}`
    const make = () => this.streams.deflate(options)
    return this.pool(key, () => new NodeDeflatePool(make, deflateWeight(options), this.deflateMemory))
  }

  inflate(windowBits: number): NodeDeflatePool {
    const make = () => this.streams.inflate(windowBits)
    return this.pool(
      `inflate ${windowBits}`,
      () => new NodeDeflatePool(make, inflateWeight(windowBits), this.inflateMemory)
    )
  }

  close(): void {
    for (const pool of this.pools.values()) pool.close()
  }

  private pool(key: string, make: () => NodeDeflatePool): NodeDeflatePool {
    const known = this.pools.get(key)
    if (known !== undefined) return known
    const pool = make()
    this.pools.set(key, pool)
    return pool
  }
}

const openDeflater = (pools: NodeCompressionPools, direction: Direction, settings: EngineSettings): NodeDeflater => {
  const windowBits = Math.max(minWindowBits, direction.windowBits)
  // §7.1.2: who agreed to 8 keeps to it with stored blocks, which need no window.
  const level = direction.windowBits < minWindowBits ? 0 : settings.level
  const pool = pools.deflate({ windowBits, level, memLevel: settings.memLevel }, direction.contextTakeover)
  return new NodeDeflater(pool, direction.contextTakeover)
}

const openInflater = (pools: NodeCompressionPools, direction: Direction, sink: InflateSink): NodeInflater => {
  // Some peers say 8 and use 9, as zlib did before 1.2.9.
  const windowBits = Math.max(minWindowBits, direction.windowBits)
  const window = direction.contextTakeover ? new NodeInflateWindow(windowBits) : undefined
  return new NodeInflater(pools.inflate(windowBits), window, sink)
}

const open =
  (pools: NodeCompressionPools) =>
  (agreed: AgreedDeflate, role: Role, settings: EngineSettings, sink: InflateSink): Engine => {
    const deflater = openDeflater(pools, outgoing(agreed, role), settings)
    const inflater = openInflater(pools, incoming(agreed, role), sink)
    const close = () => {
      deflater.close()
      inflater.stop()
    }
    return { deflater, inflater, close }
  }

const streams = (): DeflateStreams => (keepTheirWord(ofHandle) ? ofHandle : ofPublic)

/**
 * Compression by streams of the caller's choice.
 *
 * @example
 * ```ts
 * import { NodeCompression } from "@effect-websocket/node"
 * import type { DeflateStreams } from "@effect-websocket/node/NodeDeflateStream"
 *
 * // Streams of one's own, for instance over another zlib, with twice the memory for idle connections.
 * const over = (streams: DeflateStreams) =>
 *   NodeCompression.layerOf(streams, { idleMemory: 2 * NodeCompression.defaults.idleMemory })
 * ```
 */
export const layerOf = (streams: DeflateStreams, options: NodeCompressionOptions = {}): Layer.Layer<Compression> =>
  Layer.scoped(
    Compression,
    Effect.map(
      Effect.acquireRelease(
        Effect.sync(() => new NodeCompressionPools(streams, options.idleMemory ?? defaults.idleMemory)),
        (pools) => Effect.sync(() => pools.close())
      ),
      (pools) => ({ open: open(pools) })
    )
  )

/** Compression by Node.js. What it has pooled is freed with the scope of the layer. */
export const layerWith = (options: NodeCompressionOptions): Layer.Layer<Compression, OptionError> =>
  Layer.suspend(() => {
    const { idleMemory = 0 } = options
    if (idleMemory >= 0) return layerOf(streams(), options)
    return Layer.fail(new OptionError({ option: "idleMemory", rule: "a number of octets, at least 0, or Infinity" }))
  })

/** Compression by Node.js, with the defaults. */
export const layer: Layer.Layer<Compression> = Layer.suspend(() => layerOf(streams()))
