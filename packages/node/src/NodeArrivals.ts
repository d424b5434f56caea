/** The connections of a listener of Node.js that nobody serves yet, those included whose TLS handshakes are being made. */
import type { Socket } from "node:net"
import type { Duplex } from "effect-websocket/Transport"
import { Arrivals } from "effect-websocket/transport/Arrivals"

export class NodeArrivals extends Arrivals<Duplex> {
  /** The sockets whose TLS handshakes are being made, in the order in which they came. */
  readonly handshakes = new Set<Pick<Socket, "destroy">>()

  constructor(limit: number) {
    super(limit, ({ abort }) => abort)
  }

  override get count(): number {
    return super.count + this.handshakes.size
  }

  /**
   * Whether one more may come. Where it is full, whoever makes its handshake for the longest time gives way: a handshake takes
   * little time, so that those who say nothing keep nobody out.
   */
  makeRoom(): boolean {
    if (!this.full) return true
    if (this.failure !== undefined) return false
    for (const oldest of this.handshakes) {
      this.handshakes.delete(oldest)
      oldest.destroy()
      return true
    }
    return false
  }
}
