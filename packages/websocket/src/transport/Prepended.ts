/**
 * Octets in front of what a Duplex delivers: for those which were read from it and are another layer's business.
 *
 * They are delivered once, before anything of the source, and only while the flow is not paused; the source is not read
 * before. An end that comes meanwhile is told behind them; our own abort drops them.
 */
import * as Effect from "effect/Effect"
import { unsafeSoon } from "../host/Soon.js"
import type { Duplex, FlowControl } from "../Transport.js"
import type { Receiver } from "./Lane.js"

const discard = (): void => {}

export class Prepended {
  private octets: Uint8Array | undefined
  /** Who waits for the octets in front. */
  private receiver: Receiver | undefined
  private flow: FlowControl | undefined
  private paused = false

  constructor(
    private readonly lower: Duplex,
    octets: Uint8Array
  ) {
    this.octets = octets
  }

  readonly receive: Duplex["unsafeReceive"] = (onOctets, onEnd) => {
    this.receiver = { onOctets, onEnd }
    unsafeSoon(this.deliver)
    return { pause: () => this.pause(), resume: () => this.resume() }
  }

  readonly abort: Effect.Effect<void> = Effect.suspend(() => {
    this.octets = undefined
    // Who receives is told the end, and nothing else any more.
    this.begin(discard)
    return this.lower.abort
  })

  private pause(): void {
    this.paused = true
    this.flow?.pause()
  }

  private resume(): void {
    this.paused = false
    if (this.flow === undefined) unsafeSoon(this.deliver)
    else this.flow.resume()
  }

  private readonly deliver = (): void => {
    const { octets, receiver } = this
    if (receiver === undefined || this.paused) return
    this.octets = undefined
    if (octets !== undefined) receiver.onOctets(octets)
    this.begin(receiver.onOctets)
  }

  /** From now on the source delivers; it may do so before it has returned its controls. */
  private begin(onOctets: Receiver["onOctets"]): void {
    const { receiver } = this
    if (receiver === undefined) return
    this.receiver = undefined
    this.flow = this.lower.unsafeReceive(onOctets, receiver.onEnd)
    if (this.paused) this.flow.pause()
  }
}
