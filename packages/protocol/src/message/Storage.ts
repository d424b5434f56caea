/**
 * The octets of a message that comes in pieces, joined as they come (RFC 6455 §5.4).
 *
 * Up to 64 KiB are joined in memory which all connections share, for as long as no other message is begun. Memory of its own
 * follows what has arrived, not what was announced: it doubles until 4 MiB have arrived, or quadruples where the whole size is
 * known; from then on it quadruples, or has the whole size. However small the fragments are, nothing is kept for each of them; and
 * however large the message is, no step copies more than a few MiB, so that the event loop is not held.
 *
 * @example
 * ```ts
 * import { Storage } from "@effect-websocket/protocol/message/Storage"
 *
 * const storage = new Storage()
 * storage.append(Uint8Array.of(1, 2, 3), 0, 3, 3, true)
 * const octets = storage.take()
 * ```
 */
import * as Utf8 from "../bytes/Utf8.js"
import * as Scratch from "./Scratch.js"
import * as Spares from "./Spares.js"

const maxFirst = 64 * 1024

/**
 * Where the size is known, and of large memory: 1 MiB is copied twice, not four times, and V8 collects garbage less often, which
 * it does for each large buffer (5 to 10 ms). Who announces and does not send makes us hold at most 4 times what was sent.
 */
const fastGrowth = 4

/** So that fragments of single octets do not begin with memory of 1, 2, 4 octets. */
const minFirst = 64

/** Memory from this size on is moved to larger memory bit by bit, while it fills: 64 MiB at once take 30 ms. */
const large = 4 * 1024 * 1024

/** What is moved for each octet that comes: 2 are enough to be done when the memory is full. */
const movedPerOctet = 3

/** Up to here what is taken is copied to a buffer of exactly its size, which takes 0.3 ms per MiB. */
const maxExact = 8 * 1024 * 1024

const none = new Uint8Array(0)

/** How many octets at the end of octets[0, size) begin a character of UTF-8 that is not complete; all before are valid. */
const unfinished = (octets: Uint8Array, size: number): number => {
  for (let back = 1; back <= Math.min(3, size); back++) {
    const octet = octets[size - back]
    if (octet < 0x80) return 0
    if (octet >= 0xc0) return back < (octet < 0xe0 ? 2 : octet < 0xf0 ? 3 : 4) ? back : 0
  }
  return 0
}

/** Text is checked octet by octet as it comes (§8.1): here it only has to be decoded. */
const checked = (octets: Uint8Array, end: number): string => Utf8.decode(octets, 0, end) as string

/** Holds the octets of one message, and moves them as seldom as it can. */
export class Storage implements Scratch.ScratchUser {
  /** Octets that are held. */
  size = 0
  private memory: Uint8Array = none
  /** How much memory it gets when it has to leave. */
  private room = 0
  /** Where the octets are being moved to, and how many have been. */
  private next: Uint8Array | undefined
  private moved = 0

  /** Appends octets[start, end). The whole message has `total` octets; or at most that many, when it is not `isKnown`. */
  append(octets: Uint8Array, start: number, end: number, total: number, isKnown: boolean): void {
    const needed = this.size + end - start
    const factor = isKnown ? fastGrowth : 2
    if (this.memory === none && needed <= Scratch.scratchSize) this.memory = Scratch.enter(this)
    if (this.isInScratch && needed <= Scratch.scratchSize) {
      Scratch.copy(this.size, octets, start, end)
      this.size = needed
      this.room = Math.min(total, Math.max(minFirst, factor * needed))
      return
    }
    if (needed > this.memory.length || this.isInScratch) this.grow(needed, total, factor)
    this.memory.set(octets.subarray(start, end), this.size)
    this.size = needed
    if (this.memory.length >= large) this.growAhead(end - start, total)
  }

  /** Another message is put together there now. */
  leaveScratch(): void {
    if (!this.isInScratch) return
    const { memory, size } = this
    this.memory = Spares.take(size, this.room)
    this.memory.set(memory.subarray(0, size))
  }

  /** Takes everything, as octets with a buffer of their own, and up to 8 MiB exactly of their size. */
  take(): Uint8Array {
    const { isInScratch, memory, size } = this
    this.clear()
    if (isInScratch) return memory.slice(0, size)
    if (size === memory.length) return memory
    return size <= maxExact ? memory.slice(0, size) : memory.subarray(0, size)
  }

  /** Takes everything as text; the caller has checked that it is. */
  takeText(): string {
    const { memory, size } = this
    this.clear()
    return checked(memory, size)
  }

  /** Takes all whole characters, and keeps what is left of one; the caller has checked that it is text. */
  takeCharacters(): string {
    const { memory, size } = this
    const end = size - unfinished(memory, size)
    const text = checked(memory, end)
    memory.copyWithin(0, end, size)
    this.size = size - end
    this.next = undefined
    this.moved = 0
    return text
  }

  /** The memory is that of all: the message is short, and nobody else has begun one since. */
  private get isInScratch(): boolean {
    return Scratch.isScratch(this.memory)
  }

  private clear(): void {
    this.memory = none
    this.size = 0
    this.next = undefined
    this.moved = 0
  }

  private grow(needed: number, total: number, factor: number): void {
    const length = this.isInScratch ? this.size : this.memory.length
    // Memory that is not written yet costs nothing: from here on the rest of a known size needs no more copies.
    const larger = length >= large && factor === fastGrowth ? total : factor * length
    const wanted = length === 0 ? Math.min(maxFirst, Math.max(needed, minFirst)) : larger
    if (this.next === undefined || this.next.length < needed) {
      const most = Math.max(needed, wanted)
      this.next = most < total ? Spares.take(needed, most) : new Uint8Array(total)
      this.moved = 0
    }
    this.next.set(this.memory.subarray(this.moved, this.size), this.moved)
    if (!this.isInScratch) Spares.leave(this.memory)
    this.memory = this.next
    this.next = undefined
    this.moved = 0
  }

  /** Half full: begins to move to larger memory, or goes on with it. */
  private growAhead(length: number, total: number): void {
    const { memory, moved, size } = this
    if (2 * size <= memory.length || memory.length >= total) return
    this.next ??= new Uint8Array(Math.min(total, fastGrowth * memory.length))
    this.moved = Math.min(size, moved + movedPerOctet * length)
    this.next.set(memory.subarray(moved, this.moved), moved)
  }
}
