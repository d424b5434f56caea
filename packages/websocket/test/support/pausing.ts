/**
 * permessage-deflate for tests of what is around it: a compressed message has one octet more than it, `0`, at its end, and an
 * octet `ff` is broken data. Inflates so many octets, be it one message or many, and pauses.
 */
import { badDeflate, type ProtocolViolation } from "@effect-websocket/protocol/frame/ProtocolViolation"
import type { CompressionService, DeflateStep, Inflater, InflateSink } from "../../src/Compression.js"
import { concat } from "./peer.js"

/** What has been asked of the engines. */
export class Calls {
  opened = 0
  closed = 0
  /** How often an inflater has paused. */
  pauses = 0
  /** What was compressed, part by part: how many octets, and what came behind them. */
  readonly deflated: Array<readonly [octets: number, step: DeflateStep]> = []
}

const broken = 0xff

/** What stands for the compressed message. */
export const deflated = (message: Uint8Array | string): Uint8Array =>
  concat(Buffer.from(message as string), Uint8Array.of(0))

export class PausingInflater implements Inflater {
  isPaused = false
  private left: number
  private rest = new Uint8Array(0)
  /** The last octet, which is perhaps that of the end. */
  private last: number | undefined

  constructor(
    private readonly sink: InflateSink,
    private readonly budget: number,
    private readonly calls: Calls
  ) {
    this.left = budget
  }

  push(octets: Uint8Array, start: number, end: number): ProtocolViolation | undefined {
    if (this.isPaused) throw new Error("it is paused")
    const stop = Math.min(end, start + this.left)
    this.left -= stop - start
    const violation = this.inflate(octets.subarray(start, stop))
    if (violation === undefined && this.left === 0) this.pause(octets.slice(stop, end))
    return violation
  }

  resume(): ProtocolViolation | undefined {
    if (!this.isPaused) return undefined
    this.isPaused = false
    this.left = this.budget
    return this.push(this.rest, 0, this.rest.length)
  }

  end(): ProtocolViolation | undefined {
    if (this.isPaused) throw new Error("it is paused")
    const { last } = this
    this.last = undefined
    return last === 0 || last === undefined ? undefined : badDeflate
  }

  stop(): void {
    this.isPaused = false
  }

  private pause(rest: Uint8Array): void {
    this.isPaused = true
    this.rest = new Uint8Array(rest)
    this.calls.pauses++
  }

  private inflate(octets: Uint8Array): ProtocolViolation | undefined {
    if (octets.length === 0) return undefined
    if (octets.includes(broken)) return badDeflate
    const piece = concat(this.last === undefined ? octets.subarray(0, 0) : Uint8Array.of(this.last), octets)
    this.last = piece.at(-1)
    return piece.length > 1 ? this.sink.onOctets(piece, 0, piece.length - 1) : undefined
  }
}

/** Engines that pause behind so many octets. */
export const pausing = (budget: number, calls = new Calls()): CompressionService => ({
  open: (_agreed, _role, _settings, sink) => {
    const inflater = new PausingInflater(sink, budget, calls)
    calls.opened++
    const deflate = (octets: Uint8Array, step: DeflateStep) => {
      calls.deflated.push([octets.length, step])
      return step === "end" ? deflated(octets) : octets
    }
    const close = () => {
      calls.closed++
      inflater.stop()
    }
    return { deflater: { deflate, reset: () => {} }, inflater, close }
  }
})
