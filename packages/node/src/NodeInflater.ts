/**
 * The messages of one connection, inflated (RFC 7692 §7.2.2) by a stream of the pool, in pieces and never past a limit.
 *
 * The stream is taken at the first octet of a message and given back at its end. With context takeover the connection finds it
 * again, or else reads its own window into another one. Broken, cut and trailing data are violations; then all is ignored.
 * It pauses when enough was done, however many messages that took.
 */
import * as ProtocolViolation from "@effect-websocket/protocol/frame/ProtocolViolation"
import type { Inflater, InflateSink } from "effect-websocket/Compression"
import type { NodeDeflatePool } from "./NodeDeflatePool.js"
import { Flush, type NodeDeflateStream } from "./NodeDeflateStream.js"
import { maxBlockSize, type NodeInflateWindow } from "./NodeInflateWindow.js"

type Result = ProtocolViolation.ProtocolViolation | undefined

/** Octets that are handed on at a time. */
const pieceSize = 64 * 1024

/**
 * Octets that are inflated before there is a pause, in one message or in many: a quarter of a millisecond, and as much again
 * for those who take them. It is not renewed by time: who inflates little at a time pauses once in so many octets, too.
 */
const turnBudget = 256 * 1024

/** What a part of a message counts besides its octets (0.5 µs, as 512 octets of JSON). */
const partCost = 512

/** More ends of data in one message are broken data: each costs as much as a window (§7.2.3.4 is for odd compressors). */
const maxRestarts = 64

/** The tail that §7.2.2 appends, and one octet which must be left: then the tail was read as a block of its own. */
const tail = Uint8Array.of(0x00, 0x00, 0xff, 0xff, 0x00)

/** Where output is written, for all connections; missing while a sink looks at it. */
let spare: Uint8Array | undefined

/** From where windows are read, for all connections. */
let windowBlock: Uint8Array | undefined

export class NodeInflater implements Inflater {
  isPaused = false
  private isStopped = false
  private stream: NodeDeflateStream | undefined
  /** Octets of the message's payload so far. */
  private size = 0
  private restarts = 0
  /** What may still be done before the next pause. */
  private budget = turnBudget
  /** Payload that was not read yet, while it is paused. */
  private rest = tail

  /** `window` remembers across messages, with context takeover. */
  constructor(
    private readonly pool: NodeDeflatePool,
    private readonly window: NodeInflateWindow | undefined,
    private readonly sink: InflateSink
  ) {}

  push(octets: Uint8Array, start: number, end: number): Result {
    if (this.isStopped || start === end) return undefined
    if (this.isPaused) throw new Error("a paused inflater is resumed before it is given more")
    this.size += end - start
    this.budget -= partCost
    this.stream ??= this.take()
    return this.run(this.stream, octets, start, end)
  }

  resume(): Result {
    if (this.stream === undefined || !this.isPaused) return undefined
    this.isPaused = false
    this.budget = turnBudget
    const { rest } = this
    this.rest = tail
    return this.run(this.stream, rest, 0, rest.length)
  }

  end(): Result {
    if (this.isStopped) return undefined
    if (this.isPaused) throw new Error("a paused inflater is resumed before its message ends")
    const { stream } = this
    // Some peers send no octet at all for an empty message.
    if (stream !== undefined && this.size > 0 && !this.endMessage(stream))
      return this.fail(ProtocolViolation.badDeflate)
    this.size = 0
    this.restarts = 0
    return undefined
  }

  /** Ignores everything from now on, and gives back what is held. */
  stop(): void {
    this.isStopped = true
    this.isPaused = false
    this.rest = tail
    if (this.stream === undefined) this.pool.forget(this)
    else this.pool.giveFree(this.stream)
    this.stream = undefined
  }

  private fail(violation: ProtocolViolation.ProtocolViolation): ProtocolViolation.ProtocolViolation {
    this.stop()
    return violation
  }

  private run(stream: NodeDeflateStream, octets: Uint8Array, start: number, end: number): Result {
    const output = spare ?? new Uint8Array(pieceSize)
    spare = undefined
    try {
      return this.inflate(stream, octets, start, end, output)
    } finally {
      spare = output
    }
  }

  private inflate(
    stream: NodeDeflateStream,
    octets: Uint8Array,
    start: number,
    end: number,
    output: Uint8Array
  ): Result {
    let at = start
    for (let isRead = false; !isRead && this.budget > 0; ) {
      // One octet more than the limit is enough to see that it is exceeded.
      const size = Math.min(output.length, Math.max(0, this.sink.room()) + 1)
      if (!stream.write(Flush.Sync, octets, at, end, output, size)) return this.fail(ProtocolViolation.badDeflate)
      at = end - stream.availIn
      const inflated = size - stream.availOut
      const hasRoom = stream.availOut > 0
      if (inflated > 0) {
        const violation = this.give(output, inflated)
        if (this.isStopped) return violation
      }
      isRead = hasRoom && at === end
      // Neither octets nor room are missing: the data have ended, and there are more octets.
      if (hasRoom && !isRead && !this.restart(stream, output)) return this.fail(ProtocolViolation.badDeflate)
    }
    if (this.budget <= 0) this.pause(octets, at, end)
    return undefined
  }

  private pause(octets: Uint8Array, start: number, end: number): void {
    this.isPaused = true
    this.rest = octets.slice(start, end)
  }

  private give(output: Uint8Array, inflated: number): Result {
    this.budget -= inflated
    this.window?.append(output, 0, inflated)
    const violation = this.sink.onOctets(output, 0, inflated)
    return violation === undefined ? undefined : this.fail(violation)
  }

  private take(): NodeDeflateStream {
    const kept = this.pool.takeKept(this)
    if (kept !== undefined) return kept
    const stream = this.pool.takeFresh()
    this.readWindow(stream, spare ?? new Uint8Array(pieceSize))
    return stream
  }

  /** RFC 7692 §7.2.3.4: a block with BFINAL ends the data, but not the message, nor the window. */
  private restart(stream: NodeDeflateStream, output: Uint8Array): boolean {
    stream.reset()
    this.budget -= partCost
    this.readWindow(stream, output)
    return ++this.restarts <= maxRestarts
  }

  private readWindow(stream: NodeDeflateStream, output: Uint8Array): void {
    if (this.window === undefined || this.window.size === 0) return
    // A window is read four times as fast as JSON.
    this.budget -= this.window.size >> 2
    windowBlock ??= new Uint8Array(maxBlockSize)
    const size = this.window.writeBlock(windowBlock)
    stream.write(Flush.Sync, windowBlock, 0, size, output, output.length)
  }

  /** Gives the stream back; false when the message was cut, or was followed by something else. */
  private endMessage(stream: NodeDeflateStream): boolean {
    const output = spare ?? new Uint8Array(pieceSize)
    const isSound = stream.write(Flush.Block, tail, 0, tail.length, output, output.length)
    const isWhole = isSound && stream.availOut === output.length
    // §7.2.3.4: without a block after the one with BFINAL nothing of the tail is read.
    const isEnded = stream.availIn === tail.length
    if (!isWhole || (stream.availIn !== 1 && !isEnded)) return false
    this.stream = undefined
    if (this.window === undefined || isEnded) this.pool.giveFree(stream)
    else this.pool.giveKept(this, stream)
    return true
  }
}
