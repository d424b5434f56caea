/**
 * The writing half of a `stream.Duplex` of Node.js.
 *
 * What counts is `writableLength`: `write()` returns false before it has asked the kernel, and 'drain' comes only after it
 * did so. Nothing is ever written after `end()` or on a destroyed stream, which would be errors of ours.
 */

import type * as stream from "node:stream"
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { TransportError } from "effect-websocket/WebSocketError"
import { Act } from "effect-websocket/waiting/Act"
import { Signal } from "effect-websocket/waiting/Signal"
import { type Stop, Wait } from "effect-websocket/waiting/Wait"

const nothing = new Uint8Array(0)

const writer = Symbol("@effect-websocket/node/NodeWriter")
type Written = stream.Duplex & { [writer]?: NodeWriter | undefined }

function onWritten(this: Written): void {
  this.off("drain", onWritten).off("finish", onWritten)
  const waiting = this[writer]
  this[writer] = undefined
  waiting?.wakeWriters()
}

/** Writes to a stream, and waits until it is written. */
export class NodeWriter {
  readonly stream: stream.Duplex
  /** The first end of the connection, of either half. */
  failure: TransportError | undefined
  private writers: Signal | undefined

  constructor(native: stream.Duplex) {
    this.stream = native
  }

  unsafeWrite(chunks: ReadonlyArray<Uint8Array>): void {
    const native = this.stream
    if (!native.writable) return
    if (chunks.length === 1) {
      native.write(chunks[0])
      return
    }
    native.cork()
    for (const chunk of chunks) native.write(chunk)
    native.uncork()
  }

  unsafeBuffered(): number {
    return this.stream.writableLength
  }

  get end(): Effect.Effect<void> {
    return new Act(() => void this.stream.end())
  }

  get drain(): Effect.Effect<void, TransportError> {
    return new Wait(
      () => this.drained(),
      (again) => this.onceWritten(again)
    )
  }

  private drained(): Exit.Exit<void, TransportError> | undefined {
    const { destroyed, writableFinished, writableLength } = this.stream
    if (writableLength === 0 && (writableFinished || !destroyed)) return Exit.void
    return destroyed && this.failure !== undefined ? Exit.fail(this.failure) : undefined
  }

  /** Calls back at progress: 'drain', 'finish', the end of an empty write, or `wakeWriters`. */
  onceWritten(again: () => void): Stop {
    const native: Written = this.stream
    this.writers ??= new Signal()
    native[writer] = this
    native.off("drain", onWritten).off("finish", onWritten)
    native.on("drain", onWritten).on("finish", onWritten)
    // 'drain' comes only if the buffer was full: else an empty write, which is done after all that are before it.
    if (native.writable && native.writableLength > 0 && !native.writableNeedDrain) {
      // One that failed is told again, as an error of the stream.
      native.write(nothing, (error) => error || this.wakeWriters())
    }
    return this.writers.once(again)
  }

  /** Those who wait look again. */
  wakeWriters(): void {
    this.writers?.wake()
  }

  /** Nothing more will be written. */
  releaseWriters(): void {
    this.stream.off("drain", onWritten).off("finish", onWritten)
    this.wakeWriters()
  }
}
