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

  constructor(duplex: Duplex, runtime: Runtime.Runtime<never>) {
    super({ allowHalfOpen: true })
    this.duplex = duplex
    this.runtime = runtime
  }

  override _read(): void {
    if (this.flow !== undefined) this.flow.resume()
    this.flow ??= this.duplex.unsafeReceive(
      (octets) => {
        if (!this.push(Buffer.from(octets))) this.flow?.pause()
      },
      (error) => this.onFailure(error)
    )
  }

  onFailure(error: TransportError): void {
    if (error.reason._tag === "EndOfStream") this.push(null)
    else this.destroy(error)
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, callback: Callback): void {
    this.send([chunk], callback)
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
