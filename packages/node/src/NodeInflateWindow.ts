/**
 * The last octets that were inflated for a connection: what its next message may refer to (RFC 7692 §7.2.2).
 *
 * With it a message can be inflated by any decompressor, so that none has to be kept for an idle connection, and one whose
 * data have ended (BFINAL) can be replaced. Grows with what has been received, up to the window.
 */
const firstCapacity = 512

/** The header of a stored block: BFINAL and the type, LEN, NLEN (RFC 1951 §3.2.4). */
const headerSize = 5

/** The largest block that is written: the largest window, and its header. */
export const maxBlockSize = headerSize + 2 ** 15

const nothing = new Uint8Array(0)

export class NodeInflateWindow {
  /** Octets that are remembered. */
  size = 0
  private octets: Uint8Array = nothing
  /** Where the next octet goes; the oldest is there when the ring is full. */
  private next = 0
  private readonly maxSize: number

  /** `bits`: the base-2 logarithm of the window, at most 15. */
  constructor(bits: number) {
    this.maxSize = 2 ** bits
  }

  append(source: Uint8Array, start: number, end: number): void {
    const from = Math.max(start, end - this.maxSize)
    this.grow(this.size + end - from)
    const { length } = this.octets
    const untilWrap = Math.min(end - from, length - this.next)
    this.octets.set(source.subarray(from, from + untilWrap), this.next)
    this.octets.set(source.subarray(from + untilWrap, end), 0)
    this.next = (this.next + end - from) % length
    this.size = Math.min(length, this.size + end - from)
  }

  /** Writes a stored block with what is remembered: a decompressor that has read it can read the next message. Its size. */
  writeBlock(target: Uint8Array): number {
    const { next, octets, size } = this
    target.set([0, size & 0xff, size >> 8, ~size & 0xff, (~size >> 8) & 0xff])
    const oldest = size === octets.length ? next : 0
    target.set(octets.subarray(oldest, size), headerSize)
    target.set(octets.subarray(0, oldest), headerSize + size - oldest)
    return headerSize + size
  }

  /** Makes room for `wanted` octets, or as many as the window has. Until then nothing has been overwritten. */
  private grow(wanted: number): void {
    const { length } = this.octets
    if (wanted <= length || length === this.maxSize) return
    let capacity = Math.max(firstCapacity, length)
    while (capacity < wanted && capacity < this.maxSize) capacity *= 2
    const grown = new Uint8Array(Math.min(capacity, this.maxSize))
    grown.set(this.octets.subarray(0, this.size))
    this.next = this.size
    this.octets = grown
  }
}
