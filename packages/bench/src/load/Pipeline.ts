/**
 * One connection with messages in flight: for each answer that has come back, the next message is sent, in one write for
 * each read.
 */
import type * as net from "node:net"
import type { Meter } from "./Meter.js"
import type { Replies } from "./Replies.js"
import type { Ring } from "./Ring.js"

export class Pipeline {
  private sent = 0
  /** Writes whose answers are awaited, oldest first: when they were made, and how many messages remain of each. */
  private readonly times: Array<number> = []
  private readonly sizes: Array<number> = []

  constructor(
    private readonly socket: net.Socket,
    private readonly ring: Ring,
    private readonly replies: Replies,
    private readonly meter: Meter
  ) {}

  /** Sends messages. */
  send(count: number): void {
    this.times.push(performance.now())
    this.sizes.push(count)
    this.socket.write(this.ring.slice(this.sent, count))
    this.sent += count
  }

  /** Takes octets of the peer. */
  readonly receive = (chunk: Buffer, start: number, end: number): void => {
    try {
      const count = this.replies.take(chunk, start, end)
      if (count === 0) return
      this.meter.count += count
      this.arrived(count)
      this.send(count)
    } catch (fault) {
      this.meter.fail(fault)
      this.socket.destroy()
    }
  }

  private arrived(count: number): void {
    const now = performance.now()
    let left = count
    while (left > 0) {
      const some = Math.min(left, this.sizes[0]!)
      this.meter.latencies.add((now - this.times[0]!) * 1000, some)
      left -= some
      this.sizes[0]! -= some
      if (this.sizes[0] !== 0) return
      this.sizes.shift()
      this.times.shift()
    }
  }
}
