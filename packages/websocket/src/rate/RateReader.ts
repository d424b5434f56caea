/**
 * `unsafeReceive` within an allowance: what exceeds it is delivered in the next seconds, in pieces.
 *
 * While nothing is left the source is paused. A chunk that was larger than what was left is held here, as a copy, since it was
 * only lent: one chunk, and one more that a source may deliver while it is paused. The end is told behind them.
 */
import { unsafeSoon } from "../host/Soon.js"
import type { Duplex, FlowControl } from "../Transport.js"
import type { Receiver } from "../transport/Lane.js"
import type { TransportError } from "../WebSocketError.js"
import type { Allowance } from "./Allowance.js"

export class RateReader {
  private held: Array<Uint8Array> = []
  private failure: TransportError | undefined
  private receiver: Receiver | undefined
  private flow: FlowControl | undefined
  /** Whether the source was told to deliver. */
  private flowing = true
  private paused = false
  private cancelWait: (() => void) | undefined

  constructor(
    private readonly source: Duplex["unsafeReceive"],
    private readonly allowance: Allowance
  ) {}

  readonly receive: Duplex["unsafeReceive"] = (onOctets, onEnd) => {
    this.receiver = { onOctets, onEnd }
    this.flow = this.source(this.onOctets, this.onEnd)
    this.settle()
    return { pause: () => this.pause(), resume: () => this.resume() }
  }

  /** Delivers nothing more; the end is told as soon as there is one. */
  stop(): void {
    this.held = []
    this.paused = true
    this.stopWaiting()
    if (this.failure !== undefined) unsafeSoon(this.finish)
  }

  private pause(): void {
    this.paused = true
    this.settle()
  }

  private resume(): void {
    this.paused = false
    if (this.held.length > 0) unsafeSoon(this.deliver)
    else this.settle()
  }

  private readonly onOctets = (octets: Uint8Array): void => {
    const taken = this.held.length > 0 || this.paused ? 0 : this.allowance.unsafeTake(octets.length)
    if (taken < octets.length) this.held.push(octets.slice(taken))
    if (taken > 0) this.receiver?.onOctets(taken < octets.length ? octets.subarray(0, taken) : octets)
    this.settle()
  }

  private readonly onEnd = (error: TransportError): void => {
    this.failure = error
    if (this.held.length === 0) this.finish()
  }

  private readonly deliver = (): void => {
    while (!this.paused && this.held.length > 0) {
      const taken = this.allowance.unsafeTake(this.held[0].length)
      if (taken === 0) break
      const piece = this.held[0].subarray(0, taken)
      if (taken === this.held[0].length) this.held.shift()
      else this.held[0] = this.held[0].subarray(taken)
      this.receiver?.onOctets(piece)
    }
    if (this.held.length === 0 && this.failure !== undefined) this.finish()
    else this.settle()
  }

  private readonly onRenewal = (): void => {
    this.cancelWait = undefined
    this.deliver()
  }

  /** Reads, waits for the next second, or neither. */
  private settle(): void {
    if (this.flow === undefined || this.receiver === undefined) return
    const isBlocked = this.held.length > 0 || this.allowance.unsafeIsUsedUp()
    this.setFlowing(!this.paused && !isBlocked)
    if (!this.paused && isBlocked) this.cancelWait ??= this.allowance.unsafeOnRenewal(this.onRenewal)
    else this.stopWaiting()
  }

  private setFlowing(flowing: boolean): void {
    if (this.flowing === flowing) return
    this.flowing = flowing
    if (flowing) this.flow?.resume()
    else this.flow?.pause()
  }

  private stopWaiting(): void {
    this.cancelWait?.()
    this.cancelWait = undefined
  }

  private readonly finish = (): void => {
    const { failure, receiver } = this
    this.receiver = undefined
    this.stopWaiting()
    if (failure !== undefined) receiver?.onEnd(failure)
  }
}
