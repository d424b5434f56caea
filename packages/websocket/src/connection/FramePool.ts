/**
 * Memory for frames that are made once and sent to many: what is taken one after the other lies side by side.
 *
 * Several messages that are sent to a connection in the same turn are then one piece for the transport, without a copy for
 * each receiver. Nothing is taken twice, since a transport may keep what it was given for as long as its peer is slow.
 */

/** Few, since the smallest frame that is kept keeps all of it. Larger frames have memory of their own. */
const poolSize = 8 * 1024

const maxPooled = poolSize / 2

export class FramePool {
  private memory: ArrayBuffer | undefined
  private used = 0

  /** So many octets, for the caller alone. */
  take(size: number): Uint8Array {
    if (size > maxPooled) return new Uint8Array(size)
    if (this.memory === undefined || this.used + size > poolSize) {
      this.memory = new ArrayBuffer(poolSize)
      this.used = 0
    }
    const octets = new Uint8Array(this.memory, this.used, size)
    this.used += size
    return octets
  }
}

/** The last span that was asked for: many receivers of the same messages ask for the same one behind each other. */
let last = new Uint8Array(0)

/** All octets from the first of the one to the last of the other, which lie in the same memory. */
export const span = (first: Uint8Array, end: Uint8Array): Uint8Array => {
  if (first === end) return first
  const length = end.byteOffset + end.length - first.byteOffset
  if (last.buffer !== first.buffer || last.byteOffset !== first.byteOffset || last.length !== length) {
    last = new Uint8Array(first.buffer as ArrayBuffer, first.byteOffset, length)
  }
  return last
}

/** Whether the second lies right behind the first. */
export const isBehind = (first: Uint8Array, second: Uint8Array): boolean =>
  first.buffer === second.buffer && first.byteOffset + first.length === second.byteOffset
