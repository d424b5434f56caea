/**
 * A compressor on the public API of Node.js alone: each part is compressed on its own, by `deflateRawSync`.
 *
 * Always legal, context takeover or not: a message need not refer to those before it (RFC 7692 §7.1.1). It costs more, and
 * compresses less. Used only where NodeDeflateHandle is not there.
 */
import * as zlib from "node:zlib"
import { type DeflateStreamOptions, type DeflateStreams, Flush, type NodeDeflateStream } from "./NodeDeflateStream.js"
import { NodeInflatePlain } from "./NodeInflatePlain.js"

/** An empty stored block (RFC 1951 §3.2.4), with which each flush ends. */
const emptyBlock = Uint8Array.of(0x00, 0x00, 0x00, 0xff, 0xff)

const nothing = new Uint8Array(0)

export class NodeDeflatePublic implements NodeDeflateStream {
  readonly availIn = 0
  availOut = 0
  /** Output for which there was no room yet. */
  private rest: Uint8Array = nothing

  constructor(private readonly options: DeflateStreamOptions) {}

  write(flush: number, input: Uint8Array, start: number, end: number, output: Uint8Array, room: number): boolean {
    if (start < end) this.rest = this.deflate(input.subarray(start, end))
    else if (flush !== Flush.None && this.rest.length === 0) this.rest = emptyBlock
    const size = Math.min(room, this.rest.length)
    output.set(this.rest.subarray(0, size))
    this.rest = this.rest.subarray(size)
    this.availOut = room - size
    return true
  }

  reset(): void {
    this.rest = nothing
  }

  close(): void {
    this.rest = nothing
  }

  private deflate(octets: Uint8Array): Uint8Array {
    return zlib.deflateRawSync(octets, { ...this.options, finishFlush: Flush.Sync })
  }
}

/** Streams without anything undocumented. */
export const ofPublic: DeflateStreams = {
  deflate: (options) => new NodeDeflatePublic(options),
  inflate: () => new NodeInflatePlain()
}
