/**
 * permessage-deflate of one connection (RFC 7692 §7.2), with context takeover both ways, in the plainest way: each message has an engine
 * of its own, for which what came before is a dictionary. It is not the measured one.
 */
import { constants, deflateRawSync, inflateRawSync } from "node:zlib"

/** Base-2 logarithm of the largest window: what is read with it may have been written with any. */
const largest = 15

/** RFC 7692 §7.2.2: what the sender has left out. */
const tail = Buffer.from([0, 0, 0xff, 0xff])

/** What one direction remembers. */
class Window {
  private octets: Buffer = Buffer.alloc(0)

  constructor(private readonly windowBits: number) {}

  get options() {
    const dictionary = this.octets.length === 0 ? undefined : this.octets
    return { finishFlush: constants.Z_SYNC_FLUSH, windowBits: this.windowBits, dictionary }
  }

  slide(message: Buffer): void {
    const size = 2 ** this.windowBits
    this.octets = Buffer.concat([this.octets, message.subarray(-size)]).subarray(-size)
  }
}

export class Deflation {
  private readonly sent: Window
  private readonly received = new Window(largest)

  /** `windowBits`: what the server wants messages to be compressed with. */
  constructor(windowBits: number) {
    this.sent = new Window(windowBits)
  }

  deflate(message: Buffer): Buffer {
    const octets = deflateRawSync(message, this.sent.options).subarray(0, -tail.length)
    this.sent.slide(message)
    return octets
  }

  /** Throws when it cannot be inflated. */
  inflate(octets: Buffer): Buffer {
    const message = inflateRawSync(Buffer.concat([octets, tail]), this.received.options)
    this.received.slide(message)
    return message
  }
}
