/**
 * Octets of a peer in, the number of complete messages out: every header is read and judged (RFC 6455 §5.2).
 *
 * Written to be cheap, since it runs beside what it measures: no object per frame, octets are only looked at where `Content`
 * samples them. What is no answer to what was sent throws, and the measurement with it.
 */
import type { Content } from "./Content.js"

/** What the frames of the answers must look like. */
export interface Shape {
  /** 1 or 2, and 4 in addition to mark the RSV1 of compressed messages: as in the first octet. */
  readonly opcode: number
  readonly masked: boolean
}

const sizeOf = (second: number): number => {
  const marker = second & 0x7f
  return 2 + (marker === 126 ? 2 : marker === 127 ? 8 : 0) + (second >= 0x80 ? 4 : 0)
}

export class Replies {
  private readonly held = Buffer.alloc(16)
  private heldSize = 0
  private readonly key: Buffer | undefined
  private inFrame = false
  private isLast = true
  private remaining = 0

  constructor(
    private readonly shape: Shape,
    private readonly content: Content
  ) {
    this.key = shape.masked ? Buffer.alloc(4) : undefined
  }

  /** Takes chunk[start, end): how many messages have been completed by it. */
  take(chunk: Buffer, start: number, end: number): number {
    let at = start
    let messages = 0
    while (true) {
      if (!this.inFrame) {
        at = this.begin(chunk, at, end)
        if (!this.inFrame) return messages
      }
      const next = Math.min(end, at + this.remaining)
      if (next > at) this.content.payload(chunk, at, next, this.key)
      this.remaining -= next - at
      at = next
      if (this.remaining > 0) return messages
      this.inFrame = false
      if (this.isLast) {
        this.content.end()
        messages++
      }
    }
  }

  /** Reads a header, or keeps what there is of it; the index behind what was used. */
  private begin(chunk: Buffer, start: number, end: number): number {
    if (this.heldSize === 0 && end - start >= 2) {
      const next = start + sizeOf(chunk[start + 1])
      if (next <= end) {
        this.header(chunk, start)
        return next
      }
    }
    return this.complete(chunk, start, end)
  }

  private complete(chunk: Buffer, start: number, end: number): number {
    let at = start
    while (at < end) {
      this.held[this.heldSize++] = chunk[at++]
      if (this.heldSize < 2 || this.heldSize < sizeOf(this.held[1])) continue
      this.heldSize = 0
      this.header(this.held, 0)
      break
    }
    return at
  }

  private header(octets: Buffer, at: number): void {
    const first = octets[at]
    const second = octets[at + 1]
    const marker = second & 0x7f
    if ((first & 0x7f) !== (this.isLast ? this.shape.opcode : 0)) throw new Error(`a frame begins with ${first}`)
    if (second >= 0x80 !== this.shape.masked) throw new Error("a frame is masked wrongly")
    this.remaining =
      marker < 126 ? marker : marker === 126 ? octets.readUInt16BE(at + 2) : Number(octets.readBigUInt64BE(at + 2))
    if (this.key !== undefined) octets.copy(this.key, 0, at + sizeOf(second) - 4, at + sizeOf(second))
    this.isLast = first >= 0x80
    this.inFrame = true
  }
}
