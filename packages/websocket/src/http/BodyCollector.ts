/**
 * The body of one HTTP message, collected as its octets arrive (RFC 9112 §6.3), up to a limit.
 */

import { concat } from "@effect-websocket/protocol/bytes/Octets"
import type { BodyFraming } from "@effect-websocket/protocol/http/BodyFraming"
import { ChunkedDecoder } from "@effect-websocket/protocol/http/ChunkedDecoder"
import { isHttpViolation } from "@effect-websocket/protocol/http/HttpViolation"
import { remainder } from "./octets.js"

/** A body, as far as it was kept. */
export interface BodyRead {
  readonly octets: Uint8Array
  /** Why the body is not whole: over the limit, not as its framing says, or not at its end yet. undefined: it is whole. */
  readonly fault: "TooLong" | "Broken" | "Unfinished" | undefined
  /** The octets behind a complete body. */
  readonly leftover: Uint8Array
}

export class BodyCollector {
  private isEnded: boolean
  private isBroken = false
  private leftover: Uint8Array = new Uint8Array(0)
  private length = 0
  private readonly parts: Array<Uint8Array> = []
  private readonly chunked: ChunkedDecoder | undefined

  constructor(
    private readonly framing: BodyFraming,
    private readonly maxSize: number
  ) {
    this.chunked = framing._tag === "Chunked" ? new ChunkedDecoder() : undefined
    this.isEnded = framing._tag === "None" || (framing._tag === "Length" && framing.length === 0)
  }

  /** Nothing more is to be read. */
  get isOver(): boolean {
    return this.isEnded || this.isBroken || this.length > this.maxSize
  }

  get read(): BodyRead {
    const octets = concat(this.parts)
    return { octets: octets.subarray(0, this.maxSize), fault: this.fault, leftover: this.leftover }
  }

  private get fault(): BodyRead["fault"] {
    if (this.length > this.maxSize) return "TooLong"
    if (this.isBroken) return "Broken"
    return this.isEnded ? undefined : "Unfinished"
  }

  push(chunks: ReadonlyArray<Uint8Array>): void {
    for (let index = 0; index < chunks.length; index++) {
      const next = this.isOver ? 0 : this.pushChunk(chunks[index])
      if (this.isEnded) {
        this.leftover = remainder(chunks, index, next)
        return
      }
    }
  }

  /** The connection has ended, `inOrder` or not: the end of a body that is delimited by it. */
  end(inOrder: boolean): void {
    this.isEnded = inOrder && this.framing._tag === "UntilEnd"
    this.isBroken = !this.isEnded
  }

  /** Gives the index of the first octet that is not of the body. */
  private pushChunk(chunk: Uint8Array): number {
    if (this.chunked !== undefined) return this.pushChunked(chunk, this.chunked)
    const missing = this.framing._tag === "Length" ? this.framing.length - this.length : Infinity
    const end = Math.min(chunk.length, missing)
    this.keep(chunk, 0, end)
    this.isEnded = end === missing
    return end
  }

  private pushChunked(chunk: Uint8Array, decoder: ChunkedDecoder): number {
    const result = decoder.decode(chunk, 0, (octets, start, end) => this.keep(octets, start, end))
    this.isBroken = isHttpViolation(result)
    if (isHttpViolation(result)) return chunk.length
    this.isEnded = result.done
    return result.next
  }

  private keep(octets: Uint8Array, start: number, end: number): void {
    if (this.length <= this.maxSize) this.parts.push(octets.slice(start, end))
    this.length += end - start
  }
}
