/**
 * permessage-deflate without compression: DEFLATE's stored blocks only (RFC 1951 §3.2.4), on any host.
 *
 * For tests of what is around compression. Each peer can read what it writes; from a peer it takes stored blocks alone, and
 * calls every other block a violation. Windows do not matter here.
 */
import * as ProtocolViolation from "@effect-websocket/protocol/frame/ProtocolViolation"
import * as Layer from "effect/Layer"
import { Compression, type Deflater, type DeflateStep, type Inflater, type InflateSink } from "../Compression.js"

/** The header octet, LEN and NLEN. */
const headerSize = 5

/** §3.2.4: LEN has 16 bits. */
const maxBlock = 0xffff

const storeBlock = (target: Uint8Array, at: number, octets: Uint8Array): number => {
  const { length } = octets
  target.set([0, length & 0xff, length >> 8, ~length & 0xff, (~length >> 8) & 0xff], at)
  target.set(octets, at + headerSize)
  return at + headerSize + length
}

const deflate = (octets: Uint8Array, step: DeflateStep): Uint8Array => {
  const blocks = Math.ceil(octets.length / maxBlock)
  const target = new Uint8Array(blocks * headerSize + octets.length + 1)
  let at = 0
  for (let from = 0; from < octets.length; from += maxBlock) {
    at = storeBlock(target, at, octets.subarray(from, from + maxBlock))
  }
  // RFC 7692 §7.2.1: a message ends with an empty stored block, of which only the first octet is sent.
  return step === "end" ? target : target.subarray(0, at)
}

const deflater: Deflater = { deflate, reset: () => {} }

class StoredInflater implements Inflater {
  readonly isPaused = false
  private isStopped = false
  private readonly header = new Uint8Array(headerSize)
  private headerLength = 0
  /** Octets of the block's data that are still to come. */
  private remaining = 0
  private size = 0
  /** The last block had BFINAL. */
  private isFinal = false

  constructor(private readonly sink: InflateSink) {}

  readonly push = (octets: Uint8Array, start: number, end: number): ProtocolViolation.ProtocolViolation | undefined => {
    this.size += end - start
    for (let at = start; at < end && !this.isStopped; ) {
      const size = this.remaining > 0 ? Math.min(end - at, this.remaining, this.sink.room() + 1) : 0
      const violation = size > 0 ? this.data(octets, at, at + size) : this.readHeader(octets[at])
      if (violation !== undefined) return this.fail(violation)
      at += size > 0 ? size : 1
    }
    return undefined
  }

  readonly resume = (): undefined => undefined

  readonly end = (): ProtocolViolation.ProtocolViolation | undefined => {
    if (this.isStopped) return undefined
    // Some peers send no octet at all for an empty message.
    const isAtTail = this.headerLength === 1 || (this.headerLength === 0 && this.isFinal)
    const isWhole = this.size === 0 || (this.remaining === 0 && isAtTail)
    this.headerLength = 0
    this.size = 0
    return isWhole ? undefined : this.fail(ProtocolViolation.badDeflate)
  }

  readonly stop = (): void => {
    this.isStopped = true
  }

  private data(octets: Uint8Array, start: number, end: number): ProtocolViolation.ProtocolViolation | undefined {
    this.remaining -= end - start
    return this.sink.onOctets(octets, start, end)
  }

  private readHeader(octet: number): ProtocolViolation.ProtocolViolation | undefined {
    const { header } = this
    header[this.headerLength++] = octet
    // §3.2.3: bits 1 and 2 are the type of the block, 0 for a stored one.
    if ((header[0] & 0b110) !== 0) return ProtocolViolation.badDeflate
    if (this.headerLength < headerSize) return undefined
    this.headerLength = 0
    this.isFinal = (header[0] & 1) === 1
    this.remaining = header[1] | (header[2] << 8)
    return (this.remaining ^ (header[3] | (header[4] << 8))) === 0xffff ? undefined : ProtocolViolation.badDeflate
  }

  private fail(violation: ProtocolViolation.ProtocolViolation): ProtocolViolation.ProtocolViolation {
    this.isStopped = true
    return violation
  }
}

/** Stored blocks only. */
export const layer: Layer.Layer<Compression> = Layer.succeed(Compression, {
  open: (_agreed, _role, _settings, sink) => {
    const inflater = new StoredInflater(sink)
    return { deflater, inflater, close: inflater.stop }
  }
})
