/**
 * One direction of a connection, inside the process: octets are pushed at one end and delivered, in order, at the other.
 *
 * Delivery is asynchronous and never re-entrant: not while octets are pushed, nor while the flow is resumed. A paused
 * lane keeps what was pushed and holds no timer. A lane knows nothing of capacity: `octets` says how much is in it.
 */

import { unsafeSoon } from "../host/Soon.js"
import type { FlowControl } from "../Transport.js"
import type { TransportError } from "../WebSocketError.js"

/** When what is pushed arrives. */
export interface Pace {
  /** The time now, in milliseconds. */
  readonly now: () => number
  /** Milliseconds from the push to the arrival. */
  readonly latency: number
  /** Runs the task at that time, never at once; what it returns cancels it. */
  readonly at: (time: number, task: () => void) => () => void
}

/** Octets arrive as soon as they can. */
export const immediate: Pace = {
  now: () => 0,
  latency: 0,
  at: (_, task) => {
    let wanted = true
    unsafeSoon(() => {
      if (wanted) task()
    })
    return () => {
      wanted = false
    }
  }
}

/** How many octets the next chunk has, when `length` are there and `offset` were delivered before. At least 1. */
export type Cut = (offset: number, length: number) => number

/** Chunks are delivered as they were pushed. */
export const whole: Cut = (_, length) => length

/** Who receives: what `unsafeReceive` of a Duplex was given. */
export interface Receiver {
  readonly onOctets: (octets: Uint8Array) => void
  readonly onEnd: (error: TransportError) => void
}

interface Segment {
  readonly octets: Uint8Array
  readonly time: number
  taken: number
}

interface Ending {
  readonly error: TransportError
  readonly time: number
  /** Whether it is told even while the flow is paused. */
  readonly hard: boolean
}

/** Chunks per task: then others have their turn. */
const chunksPerTask = 16

/** Delivered segments which may stay at the head of the queue until it is cut. */
const compaction = 512

export class Lane {
  /** Octets that were pushed and have not been delivered. */
  octets = 0
  /** Whether the end has been delivered: nothing will be after it. */
  done = false
  private queue: Array<Segment> = []
  private head = 0
  private offset = 0
  private ending: Ending | undefined
  private receiver: Receiver | undefined
  private flowing = false
  private cancel: (() => void) | undefined

  constructor(
    private readonly pace: Pace,
    private readonly cut: Cut,
    private readonly onDelivered: () => void
  ) {}

  /** The octets are the lane's own from now on, and later the receiver's. */
  push(octets: Uint8Array): void {
    if (this.done || this.ending !== undefined || octets.length === 0) return
    this.queue.push({ octets, time: this.arrival(), taken: 0 })
    this.octets += octets.length
    this.schedule()
  }

  /** The end, after what was pushed. A hard one replaces another that has not been delivered. */
  finish(error: TransportError, hard: boolean): void {
    if (this.done || (this.ending !== undefined && !hard)) return
    this.ending = { error, hard, time: this.arrival() }
    this.schedule()
  }

  /** Keeps the oldest octets only. */
  truncate(limit: number): void {
    let kept = this.head
    let room = limit
    while (kept < this.queue.length && room >= this.remaining(this.queue[kept]))
      room -= this.remaining(this.queue[kept++])
    const partial = this.queue[kept]
    this.queue.length = kept
    if (partial !== undefined && room > 0) {
      this.queue.push({ ...partial, octets: partial.octets.subarray(0, partial.taken + room) })
      room = 0
    }
    this.octets = Math.min(this.octets, limit - room)
  }

  /** Delivers to this receiver from now on. */
  receive(onOctets: Receiver["onOctets"], onEnd: Receiver["onEnd"]): FlowControl {
    this.receiver = { onOctets, onEnd }
    this.resume()
    return { pause: () => this.pause(), resume: () => this.resume() }
  }

  /** Hard close by the receiver: no more octets, and the end as soon as it can be told. Octets that were lost still count. */
  close(error: TransportError): void {
    if (this.done) return
    this.cancel?.()
    this.cancel = undefined
    this.queue = []
    this.head = 0
    this.ending = { error, hard: true, time: this.pace.now() }
    unsafeSoon(this.flush)
  }

  private pause(): void {
    this.flowing = false
  }

  private resume(): void {
    this.flowing = true
    this.schedule()
  }

  private arrival(): number {
    return this.pace.now() + this.pace.latency
  }

  private remaining(segment: Segment): number {
    return segment.octets.length - segment.taken
  }

  /** What can be delivered next, if anything can. */
  private next(): Segment | Ending | undefined {
    if (this.done || this.receiver === undefined) return undefined
    const segment = this.queue[this.head]
    if (segment !== undefined) return this.flowing ? segment : undefined
    return this.flowing || this.ending?.hard === true ? this.ending : undefined
  }

  private schedule(): void {
    if (this.cancel !== undefined) return
    const next = this.next()
    if (next !== undefined) this.cancel = this.pace.at(next.time, this.flush)
  }

  private readonly flush = (): void => {
    this.cancel = undefined
    const now = this.pace.now()
    for (let chunks = 0; chunks < chunksPerTask; chunks++) {
      const next = this.next()
      if (next === undefined) return
      if (next.time > now) break
      if ("error" in next) {
        this.deliverEnd(next)
        return
      }
      this.deliver(next)
    }
    this.schedule()
  }

  private deliver(segment: Segment): void {
    const remaining = this.remaining(segment)
    const length = Math.min(remaining, Math.max(1, this.cut(this.offset, remaining)))
    const chunk =
      length === segment.octets.length ? segment.octets : segment.octets.subarray(segment.taken, segment.taken + length)
    segment.taken += length
    this.octets -= length
    this.offset += length
    if (length === remaining) this.advance()
    this.onDelivered()
    this.receiver?.onOctets(chunk)
  }

  private advance(): void {
    this.head++
    if (this.head < this.queue.length && this.head < compaction) return
    this.queue.splice(0, this.head)
    this.head = 0
  }

  private deliverEnd(ending: Ending): void {
    this.done = true
    this.receiver?.onEnd(ending.error)
    this.receiver = undefined
  }
}
