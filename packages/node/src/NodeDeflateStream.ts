/**
 * zlib's own interface, synchronously: octets and room for output go in, how much of both is left comes out.
 *
 * Two implementations: NodeDeflateHandle is Node's zlib, NodeDeflatePublic and NodeInflatePlain stand in where that is missing.
 */
import * as zlib from "node:zlib"

/** zlib's flush modes, as far as they are needed. */
export const Flush = {
  /** Output may be held back. */
  None: zlib.constants.Z_NO_FLUSH,
  /** All output, and then an empty stored block: ends with 00 00 ff ff. */
  Sync: zlib.constants.Z_SYNC_FLUSH,
  /** Inflating stops at the end of a block. */
  Block: zlib.constants.Z_BLOCK
} as const

/** A stream of raw DEFLATE data (RFC 1951), in one of the two directions. */
export interface NodeDeflateStream {
  /** Octets of the input which the last `write` left. */
  readonly availIn: number
  /** Octets of the output which it left free. */
  readonly availOut: number
  /** Works until all input is read or all room is used, or the data have ended. false: the data are broken. */
  readonly write: (
    flush: number,
    input: Uint8Array,
    start: number,
    end: number,
    output: Uint8Array,
    room: number
  ) => boolean
  /** Begins anew, with an empty window. */
  readonly reset: () => void
  readonly close: () => void
}

/** The parameters of a compressor. */
export interface DeflateStreamOptions {
  readonly windowBits: number
  readonly level: number
  readonly memLevel: number
}

/** Makes the streams of both directions. */
export interface DeflateStreams {
  readonly deflate: (options: DeflateStreamOptions) => NodeDeflateStream
  readonly inflate: (windowBits: number) => NodeDeflateStream
}
