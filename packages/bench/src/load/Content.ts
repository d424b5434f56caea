/**
 * What answers must contain: of every message the length is checked, of some the whole content.
 *
 * A sample keeps the generator cheap; which messages are sampled moves through all the variants. Compressed answers are
 * inflated and compared on one connection, all of them, since their context goes on from message to message.
 */
import { constants, inflateRawSync } from "node:zlib"
import { xor } from "./Ring.js"

/** Told of the payload of messages as it comes. */
export interface Content {
  readonly payload: (chunk: Buffer, start: number, end: number, key: Buffer | undefined) => void
  /** The message is complete. Throws when it is not what was expected. */
  readonly end: () => void
}

/** Octets which go back as they came. */
export class PlainContent implements Content {
  private index = 0
  private position = 0
  private untilSample = 1

  constructor(
    private readonly expected: ReadonlyArray<Buffer>,
    private readonly every: number
  ) {}

  payload(chunk: Buffer, start: number, end: number, key: Buffer | undefined): void {
    if (this.untilSample === 1) this.compare(chunk, start, end, key)
    this.position += end - start
  }

  end(): void {
    if (this.position !== this.expected[this.index]!.length) throw new Error(`a message of ${this.position} octets`)
    this.position = 0
    this.index = this.index + 1 === this.expected.length ? 0 : this.index + 1
    this.untilSample = this.untilSample === 1 ? this.every : this.untilSample - 1
  }

  private compare(chunk: Buffer, start: number, end: number, key: Buffer | undefined): void {
    const wanted = this.expected[this.index]!.subarray(this.position, this.position + end - start)
    const got = chunk.subarray(start, end)
    const plain = key === undefined ? got : xor(got, key, this.position)
    if (!plain.equals(wanted)) throw new Error("a message has not the octets that were sent")
  }
}

/** Of the RFC 7692 §7.2.1. */
const tail = Buffer.from([0, 0, 0xff, 0xff])
const windowSize = 32 * 1024

/** Compressed messages; without `expected` their content is not looked at. */
export class DeflatedContent implements Content {
  private index = 0
  private parts: Array<Buffer> = []
  private window = Buffer.alloc(0)

  constructor(private readonly expected: ReadonlyArray<Buffer> | undefined) {}

  payload(chunk: Buffer, start: number, end: number): void {
    if (this.expected !== undefined) this.parts.push(Buffer.from(chunk.subarray(start, end)))
  }

  end(): void {
    if (this.expected === undefined) return
    const octets = this.inflate(Buffer.concat([...this.parts, tail]))
    if (!octets.equals(this.expected[this.index]!)) throw new Error("a message does not inflate to what was sent")
    this.parts = []
    this.index = (this.index + 1) % this.expected.length
    this.window = Buffer.concat([this.window, octets]).subarray(-windowSize)
  }

  private inflate(octets: Buffer): Buffer {
    const dictionary = this.window.length > 0 ? { dictionary: this.window } : {}
    return inflateRawSync(octets, { finishFlush: constants.Z_SYNC_FLUSH, ...dictionary })
  }
}
