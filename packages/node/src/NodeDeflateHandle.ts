/**
 * The streams of Node's zlib, by their inside (`_handle.writeSync`), which they use themselves for their synchronous functions.
 *
 * It is undocumented, though the same from Node.js 20 to 24, and the only way to zlib that is synchronous, keeps a context and
 * stops at a limit; it takes a third to a half of the time of the public ways. So it is tried out before it is used.
 */
import * as zlib from "node:zlib"
import { type DeflateStreams, Flush, type NodeDeflateStream } from "./NodeDeflateStream.js"

/** What zlib's streams have inside. */
interface Handle {
  onerror: () => void
  readonly writeSync: (
    flush: number,
    input: Uint8Array,
    inputStart: number,
    inputLength: number,
    output: Uint8Array,
    outputStart: number,
    outputLength: number
  ) => void
}

interface Internals {
  readonly _handle?: Handle | null
  readonly _writeState?: Uint32Array
}

export class NodeDeflateHandle implements NodeDeflateStream {
  availIn = 0
  availOut = 0
  private isBroken = false
  private readonly handle: Handle
  private readonly state: Uint32Array

  constructor(private readonly stream: zlib.DeflateRaw | zlib.InflateRaw) {
    const { _handle, _writeState } = stream as Internals
    if (typeof _handle?.writeSync !== "function" || !(_writeState instanceof Uint32Array)) {
      throw new Error("this version of Node.js has no synchronous zlib streams")
    }
    this.handle = _handle
    this.state = _writeState
    _handle.onerror = () => {
      this.isBroken = true
    }
  }

  write(flush: number, input: Uint8Array, start: number, end: number, output: Uint8Array, room: number): boolean {
    if (this.isBroken) return false
    this.handle.writeSync(flush, input, start, end - start, output, 0, room)
    this.availOut = this.state[0]
    this.availIn = this.state[1]
    return !this.isBroken
  }

  reset(): void {
    this.isBroken = false
    this.stream.reset()
  }

  close(): void {
    this.stream.close()
  }
}

/** The smallest output buffer that zlib's streams can be given: ours is another one. */
const chunkSize = 64

/** The streams of Node.js, by their inside. */
export const ofHandle: DeflateStreams = {
  deflate: (options) => new NodeDeflateHandle(zlib.createDeflateRaw({ ...options, chunkSize })),
  inflate: (windowBits) => new NodeDeflateHandle(zlib.createInflateRaw({ windowBits, chunkSize }))
}

/** Whether streams do with a message, and with broken data, what is relied on. */
export const keepTheirWord = (streams: DeflateStreams): boolean => {
  try {
    const [deflate, inflate] = [streams.deflate({ windowBits: 9, level: 1, memLevel: 1 }), streams.inflate(9)]
    const isAsExpected = deflates(deflate) && inflates(inflate)
    deflate.close()
    inflate.close()
    return isAsExpected
  } catch {
    return false
  }
}

/** RFC 7692 §7.2.3.1: "Hello", with the tail of §7.2.2 and one octet more. */
const example = Uint8Array.of(0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00, 0x00, 0xff, 0xff, 0x00)
const hello = Uint8Array.of(0x48, 0x65, 0x6c, 0x6c, 0x6f)

const equals = (octets: Uint8Array, others: Uint8Array, length: number): boolean =>
  octets.subarray(0, length).every((octet, index) => octet === others[index])

const deflates = (stream: NodeDeflateStream): boolean => {
  const output = new Uint8Array(32)
  return stream.write(Flush.Sync, hello, 0, 5, output, 32) && stream.availOut === 21 && equals(output, example, 11)
}

const inflates = (stream: NodeDeflateStream): boolean => {
  const output = new Uint8Array(32)
  const isRead = stream.write(Flush.Sync, example, 0, 7, output, 32) && stream.availIn === 0 && stream.availOut === 27
  const isStopped = stream.write(Flush.Block, example, 7, 12, output, 32) && stream.availIn === 1
  return isRead && isStopped && equals(output, hello, 5) && !stream.write(Flush.Sync, hello, 4, 5, output, 32)
}
