/**
 * The octets of a message that comes in pieces, joined as they come (RFC 6455 §5.4).
 *
 * Memory follows what has arrived, not what was announced: it begins with at most 64 KiB and doubles, or quadruples where
 * the whole size is known. However small the fragments are, nothing is kept for each of them.
 */
import * as Utf8 from "../bytes/Utf8.js"

const maxFirst = 64 * 1024

/** 1 MiB is copied twice, not four times; who announces and does not send makes us hold at most 4 times what was sent. */
const knownGrowth = 4

/** So that fragments of single octets do not begin with memory of 1, 2, 4 octets. */
const minFirst = 64

const none = new Uint8Array(0)

export class Storage {
  /** Octets that are held. */
  size = 0
  private memory: Uint8Array = none

  /** Appends octets[start, end). The whole message has `total` octets; or at most that many, when it is not `isKnown`. */
  append(octets: Uint8Array, start: number, end: number, total: number, isKnown: boolean): void {
    const needed = this.size + end - start
    if (needed > this.memory.length) this.grow(needed, total, isKnown ? knownGrowth : 2)
    this.memory.set(octets.subarray(start, end), this.size)
    this.size = needed
  }

  /** Takes everything, as octets with a buffer of their own and exactly of their size. */
  take(): Uint8Array {
    const { memory, size } = this
    this.clear()
    return size === memory.length ? memory : memory.slice(0, size)
  }

  /** Takes everything as text; undefined: it is not UTF-8. */
  takeText(): string | undefined {
    const { memory, size } = this
    this.clear()
    return Utf8.decode(memory, 0, size)
  }

  private clear(): void {
    this.memory = none
    this.size = 0
  }

  private grow(needed: number, total: number, factor: number): void {
    const { length } = this.memory
    const wanted = length === 0 ? Math.min(maxFirst, Math.max(needed, minFirst)) : factor * length
    const memory = new Uint8Array(Math.min(total, Math.max(needed, wanted)))
    memory.set(this.memory)
    this.memory = memory
  }
}
