/**
 * The reading half of a `stream.Duplex` of Node.js, which is paused until somebody reads.
 *
 * Octets that nobody has taken are kept: at most what one wake-up brought. Those of a socket lie in the buffer of all sockets, and are
 * lent while a receiver looks at them.
 */
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Effect from "effect/Effect"
import type { FlowControl } from "effect-websocket/Transport"
import type { TransportError } from "effect-websocket/WebSocketError"
import { Signal } from "effect-websocket/waiting/Signal"
import { type Stop, Wait } from "effect-websocket/waiting/Wait"
import { NodeWriter } from "./NodeWriter.js"

const nothing = new Uint8Array(0)

export class NodeReader extends NodeWriter implements FlowControl {
  /** Octets which nobody has taken yet: at most what one wake-up brought. */
  arrived: Array<Uint8Array> | undefined
  onOctets: ((octets: Uint8Array) => void) | undefined
  onFailure: ((error: TransportError) => void) | undefined
  paused = true
  leaving = false
  readers: Signal | undefined

  get pull(): Effect.Effect<NonEmptyReadonlyArray<Uint8Array>, TransportError> {
    return new Wait(
      () => this.there(),
      (again) => this.onceRead(again)
    )
  }

  /** What has arrived, or why nothing will. */
  there(): Effect.Effect<NonEmptyReadonlyArray<Uint8Array>, TransportError> | undefined {
    if (this.arrived !== undefined) return this.take
    return this.failure && Effect.fail(this.failure)
  }

  onceRead(again: () => void): Stop {
    if (this.onOctets === undefined) this.stream.resume()
    this.readers ??= new Signal()
    const leave = this.readers.once(again)
    return () => {
      leave()
      this.rest()
    }
  }

  /** Nobody pulls any more: nothing more is read. */
  rest(): void {
    if (this.readers?.isEmpty && this.onOctets === undefined) this.stream.pause()
  }

  /** One `sync`: there is no step between taking and delivering at which an interruption could lose octets. */
  get take(): Effect.Effect<NonEmptyReadonlyArray<Uint8Array>> {
    return Effect.sync(() => {
      const octets = this.arrived ?? [nothing]
      this.arrived = undefined
      return octets as [Uint8Array, ...Array<Uint8Array>]
    })
  }

  unsafeReceive(onOctets: (octets: Uint8Array) => void, onFailure: (error: TransportError) => void): FlowControl {
    this.onOctets = onOctets
    this.onFailure = onFailure
    // Whoever pulled until now has all there was.
    if (this.readers?.isEmpty) this.readers = undefined
    this.paused = true
    this.resume()
    return this
  }

  pause(): void {
    if (this.leaving) return
    this.paused = true
    this.stream.pause()
  }

  resume(): void {
    if (!this.paused) return
    this.paused = false
    if (this.arrived === undefined && this.failure === undefined) this.stream.resume()
    else process.nextTick(() => this.deliver())
  }

  /** Hands over what arrived before it was asked for, and the end. */
  deliver(): void {
    while (this.arrived !== undefined && !this.paused) {
      const octets = this.arrived.shift()!
      if (this.arrived.length === 0) this.arrived = undefined
      this.onOctets?.(octets)
    }
    if (this.arrived !== undefined) return
    if (this.failure === undefined) {
      if (!this.paused) this.stream.resume()
      return
    }
    const onFailure = this.onFailure
    this.onFailure = undefined
    onFailure?.(this.failure)
  }

  /** Octets of a buffer of their own. */
  arrive(octets: Uint8Array): void {
    if (this.onOctets === undefined) this.hold(octets)
    else this.onOctets(octets)
  }

  /** Octets in the buffer of all sockets. A socket that was resumed and paused again reads once more. */
  lend(octets: Uint8Array): void {
    if (this.onOctets === undefined || (this.paused && !this.leaving)) this.hold(octets.slice())
    else this.onOctets(octets)
  }

  hold(octets: Uint8Array): void {
    this.stream.pause()
    this.keep(octets)
    this.readers?.wake()
  }

  keep(octets: Uint8Array): void {
    if (this.arrived === undefined) this.arrived = [octets]
    else this.arrived.push(octets)
  }
}
