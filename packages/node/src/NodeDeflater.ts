/**
 * The messages of one connection, compressed (RFC 7692 §7.2.1), by a stream of the pool.
 *
 * The stream is taken at the first part of a message and given back at its end. With context takeover the connection finds its
 * context again, unless the pool had to give it up: then the message begins with an empty window, which is always legal.
 */
import type { Deflater, DeflateStep } from "effect-websocket/Compression"
import type { NodeDeflatePool } from "./NodeDeflatePool.js"
import { Flush, type NodeDeflateStream } from "./NodeDeflateStream.js"

/** Room for a part of 64 KiB that cannot be compressed, and some that was held back. */
const firstRoom = 80 * 1024

/** 00 00 ff ff. */
const tailSize = 4

/** §7.2.3.6: an empty stored block without its tail. */
const emptyMessage = Uint8Array.of(0x00)

/** Where output is written, for all connections: what is in it is lent until the next call. */
let output: Uint8Array | undefined

/** Twice the room, with the octets there are. */
const grow = (octets: Uint8Array): Uint8Array => {
  const grown = new Uint8Array(octets.length * 2)
  grown.set(octets)
  return grown
}

export class NodeDeflater implements Deflater {
  private stream: NodeDeflateStream | undefined
  /** All that was put in has come out. */
  private isFlushed = true

  constructor(
    private readonly pool: NodeDeflatePool,
    private readonly contextTakeover: boolean
  ) {}

  deflate(octets: Uint8Array, step: DeflateStep): Uint8Array {
    if (octets.length === 0 && this.isFlushed) return this.deflateNothing(step)
    this.stream ??= this.pool.takeKept(this) ?? this.pool.takeFresh()
    const deflated = run(this.stream, octets, step === "more" ? Flush.None : Flush.Sync)
    this.isFlushed = step !== "more"
    if (step !== "end") return deflated
    this.giveBack(this.stream)
    // §7.2.1: the octets 00 00 ff ff at the tail end are removed.
    return deflated.subarray(0, deflated.length - tailSize)
  }

  reset(): void {
    this.pool.forget(this)
  }

  close(): void {
    if (this.stream === undefined) this.pool.forget(this)
    else this.pool.giveFree(this.stream)
    this.stream = undefined
  }

  private deflateNothing(step: DeflateStep): Uint8Array {
    if (step !== "end") return new Uint8Array(0)
    if (this.stream !== undefined) this.giveBack(this.stream)
    return emptyMessage
  }

  private giveBack(stream: NodeDeflateStream): void {
    this.stream = undefined
    if (this.contextTakeover) this.pool.giveKept(this, stream)
    else this.pool.giveFree(stream)
  }
}

/** All the output there is for the input, in a view that is lent; only a buffer of the usual size is used again. */
const run = (stream: NodeDeflateStream, octets: Uint8Array, flush: number): Uint8Array => {
  const { length } = octets
  output ??= new Uint8Array(firstRoom)
  let target = output
  stream.write(flush, octets, 0, length, target, target.length)
  while (stream.availOut === 0) {
    const size = target.length
    target = grow(target)
    stream.write(flush, octets, length - stream.availIn, length, target.subarray(size), size)
  }
  return target.subarray(0, target.length - stream.availOut)
}
