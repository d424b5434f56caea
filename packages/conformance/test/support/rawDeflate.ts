/**
 * permessage-deflate (RFC 7692 §7.2) by node:zlib alone, without any code of the library, so that its mistakes cannot hide.
 *
 * Each message is compressed, or inflated, by itself; what came before it is given to zlib as a dictionary.
 */
import * as zlib from "node:zlib"

/** How one side compresses. */
export interface RawDirection {
  /** Base-2 logarithm of the window. 15. */
  readonly windowBits?: number
  /** A message may refer to those before it. true. */
  readonly takeover?: boolean
}

/** §7.2.2: what a sender removes from the end of a message. */
const tail = Buffer.of(0x00, 0x00, 0xff, 0xff)

const finishFlush = zlib.constants.Z_SYNC_FLUSH

/** The octets to which the next message may refer. */
class Memory {
  private octets = Buffer.alloc(0)
  readonly windowBits: number
  private readonly takeover: boolean

  constructor({ takeover = true, windowBits = 15 }: RawDirection) {
    this.windowBits = windowBits
    this.takeover = takeover
  }

  /** Options of zlib. */
  get options(): zlib.ZlibOptions {
    const { octets, windowBits } = this
    const options = { windowBits, finishFlush }
    return octets.length === 0 ? options : { ...options, dictionary: octets }
  }

  add(message: Uint8Array): void {
    if (this.takeover) this.octets = Buffer.concat([this.octets, message]).subarray(-(2 ** this.windowBits))
  }
}

/** What a peer sends that keeps to this direction. */
export class RawDeflater {
  private readonly memory: Memory

  constructor(direction: RawDirection = {}) {
    this.memory = new Memory(direction)
  }

  deflate(message: string | Uint8Array): Buffer {
    const octets = Buffer.from(message as string)
    // §7.2.3.6: an empty stored block.
    if (octets.length === 0) return Buffer.of(0)
    const deflated = zlib.deflateRawSync(octets, this.memory.options)
    this.memory.add(octets)
    return deflated.subarray(0, -tail.length)
  }
}

/** A peer that has exactly the window of this direction: what refers to more is an error. */
export class RawInflater {
  private readonly memory: Memory

  constructor(direction: RawDirection = {}) {
    this.memory = new Memory(direction)
  }

  inflate(payload: Uint8Array): Buffer {
    const { options, windowBits } = this.memory
    // zlib sees what it has in its output as well: with the least of it a smaller window is one.
    const exact = windowBits === 15 ? options : { ...options, chunkSize: 64 }
    const octets = zlib.inflateRawSync(Buffer.concat([payload, tail]), exact)
    this.memory.add(octets)
    return octets
  }
}

/** Octets that no compression makes fewer (xorshift32): the same for the same seed. */
export const noise = (length: number, seed = 1): Uint8Array => {
  let state = seed
  return Uint8Array.from({ length }, () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state & 0xff
  })
}
