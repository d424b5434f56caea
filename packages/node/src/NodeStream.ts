/**
 * Our `Duplex` as a `stream.Duplex` of Node.js, for what Node.js builds on streams, such as TLS over any transport.
 *
 * Octets are copied when they come, since a Duplex only lends them. A write is done when the Duplex has passed it on, so
 * back-pressure goes through in both directions. Destroying the stream aborts the Duplex.
 *
 * @example
 * ```ts
 * import { NodeStream } from "@effect-websocket/node"
 * import { Effect } from "effect"
 * import { MemoryTransport } from "effect-websocket"
 *
 * const program = Effect.gen(function* () {
 *   const [near] = yield* MemoryTransport.pair()
 *   const stream = yield* NodeStream.make(near)
 *   stream.write("octets")
 * }).pipe(Effect.scoped)
 * ```
 */

import * as stream from "node:stream"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Runtime from "effect/Runtime"
import type { Duplex, FlowControl } from "effect-websocket/Transport"
import type { TransportError } from "effect-websocket/WebSocketError"

type Callback = (error?: Error | null) => void

class NodeStream extends stream.Duplex {
  readonly duplex: Duplex
  readonly runtime: Runtime.Runtime<never>
  flow: FlowControl | undefined
  /** Empty writes that are not over, and what has happened since they began. */
  emptyWrites = 0
  held: Array<() => void> = []

  constructor(duplex: Duplex, runtime: Runtime.Runtime<never>) {
    super({ allowHalfOpen: true })
    this.duplex = duplex
    this.runtime = runtime
  }

  override _read(): void {
    if (this.flow !== undefined) this.flow.resume()
    this.flow ??= this.duplex.unsafeReceive(
      (octets) => this.onOctets(Buffer.from(octets)),
      (error) => this.inOrder(() => this.onFailure(error))
    )
  }

  onOctets(octets: Buffer): void {
    this.inOrder(() => {
      if (!this.push(octets)) this.flow?.pause()
    })
  }

  inOrder(happen: () => void): void {
    if (this.emptyWrites === 0) happen()
    else this.held.push(happen)
  }

  /**
   * TLS of Node.js hands an empty write on, and does not know of it when octets come which it answers at once, with an alert for
   * instance: a second write at a time, which ends the process. So none come until it is over.
   */
  writeNothing(callback: Callback): void {
    this.emptyWrites++
    callback()
    setImmediate(() => setImmediate(() => this.release()))
  }

  release(): void {
    if (--this.emptyWrites > 0) return
    const { held } = this
    this.held = []
    for (const happen of held) happen()
  }

  onFailure(error: TransportError): void {
    if (error.reason._tag === "EndOfStream") this.push(null)
    else this.destroy(error)
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, callback: Callback): void {
    if (chunk.length === 0) this.writeNothing(callback)
    else this.send([chunk], callback)
  }

  override _writev(chunks: ReadonlyArray<{ readonly chunk: Uint8Array }>, callback: Callback): void {
    this.send(
      chunks.map(({ chunk }) => chunk),
      callback
    )
  }

  send(chunks: ReadonlyArray<Uint8Array>, callback: Callback): void {
    this.duplex.unsafeWrite(chunks)
    if (this.duplex.unsafeBuffered() === 0) callback()
    else this.run(this.duplex.drain, callback)
  }

  override _final(callback: Callback): void {
    this.run(this.duplex.end, callback)
  }

  override _destroy(error: Error | null, callback: Callback): void {
    this.run(this.duplex.abort, () => callback(error))
  }

  run(effect: Effect.Effect<void, TransportError>, callback: Callback): void {
    Runtime.runFork(this.runtime)(Effect.either(effect)).addObserver((exit) => {
      if (Exit.isFailure(exit)) callback(new Error("interrupted"))
      else callback(exit.value._tag === "Left" ? exit.value.left : null)
    })
  }
}

/** The Duplex as a stream, from now on read and written by it alone. */
export const make = (duplex: Duplex): Effect.Effect<stream.Duplex> =>
  Effect.map(Effect.runtime<never>(), (runtime) => new NodeStream(duplex, runtime))
