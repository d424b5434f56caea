/**
 * Messages that were made before the measurement begins: frames one behind the other, so that any number of them which may
 * be in flight is one slice of octets, and sending costs one write.
 *
 * Frames are those of RFC 6455 §5.2; on their way to a server each is masked with a key of its own (§5.3).
 */
import { randomBytes } from "node:crypto"
import { constants, deflateRawSync } from "node:zlib"
import { type PayloadKind, payload } from "./payloads.js"

export interface RingOptions {
  readonly kind: PayloadKind
  /** Octets of a message. */
  readonly size: number
  /** Octets of a frame, when messages are sent in several. */
  readonly fragment?: number | undefined
  readonly masked: boolean
  readonly deflate: boolean
  /** Messages that may be sent at once. */
  readonly inFlight: number
}

const header = (first: number, length: number, masked: boolean): Buffer => {
  const extended = length < 126 ? 0 : length < 0x10000 ? 2 : 8
  const octets = Buffer.alloc(2 + extended)
  octets[0] = first
  octets[1] = (masked ? 0x80 : 0) | (extended === 0 ? length : extended === 2 ? 126 : 127)
  if (extended === 2) octets.writeUInt16BE(length, 2)
  if (extended === 8) octets.writeBigUInt64BE(BigInt(length), 2)
  return octets
}

/** XORs octets with a key (RFC 6455 §5.3); `phase` is the place of the first in its payload. */
export const xor = (octets: Uint8Array, key: Uint8Array, phase = 0): Buffer => {
  const copy = Buffer.from(octets)
  for (let at = 0; at < copy.length; at++) copy[at] ^= key[(at + phase) & 3]
  return copy
}

/** One frame. */
export const frame = (first: number, octets: Uint8Array, masked: boolean): Buffer => {
  const head = header(first, octets.length, masked)
  if (!masked) return Buffer.concat([head, octets])
  const key = randomBytes(4)
  return Buffer.concat([head, key, xor(octets, key)])
}

/** RFC 7692 §7.2.1: without the last four octets, which are always the same. */
export const deflated = (octets: Buffer, windowBits = 15): Buffer =>
  deflateRawSync(octets, { finishFlush: constants.Z_SYNC_FLUSH, windowBits }).subarray(0, -4)

const message = (octets: Buffer, { deflate, fragment, kind, masked }: RingOptions): Buffer => {
  const body = deflate ? deflated(octets) : octets
  const size = fragment ?? Math.max(body.length, 1)
  const count = Math.max(Math.ceil(body.length / size), 1)
  const opcode = (deflate ? 0x40 : 0) | (kind === "binary" ? 2 : 1)
  const first = (at: number) => (at === 0 ? opcode : 0) | (at === count - 1 ? 0x80 : 0)
  return Buffer.concat(
    Array.from({ length: count }, (_, at) => frame(first(at), body.subarray(at * size, (at + 1) * size), masked))
  )
}

/** How many messages differ: enough that they fill a cache like real ones, but no more than 4 MiB of them. */
const distinct = (size: number): number => Math.min(64, Math.max(4, Math.floor((4 * 1024 * 1024) / (size + 1))))

export class Ring {
  /** What the messages are, plain; the answers are compared with it. */
  readonly payloads: ReadonlyArray<Buffer>
  private readonly octets: Buffer
  private readonly starts: ReadonlyArray<number>

  constructor(options: RingOptions) {
    const period = distinct(options.size)
    this.payloads = Array.from({ length: period }, (_, variant) => payload(options.kind, options.size, variant))
    const messages = this.payloads.map((octets) => message(octets, options))
    const laid = Array.from({ length: period + options.inFlight }, (_, at) => messages[at % period]!)
    const starts = [0]
    for (const { length } of laid) starts.push(starts.at(-1)! + length)
    this.starts = starts
    this.octets = Buffer.concat(laid)
  }

  /** The octets of `count` messages, at most as many as may be in flight; the first is that of number `first`. */
  slice(first: number, count: number): Buffer {
    const at = first % this.payloads.length
    return this.octets.subarray(this.starts[at], this.starts[at + count])
  }
}
