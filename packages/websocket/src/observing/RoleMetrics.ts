/** What was counted in one role, and what goes into its metrics at once. */
import type { Role } from "@effect-websocket/protocol/bytes/Role"
import * as Metric from "effect/Metric"
import { DirectionCounts, type Updates } from "./DirectionCounts.js"
import * as metrics from "./metrics.js"

/** Of both directions, and of connections as such. */
export class RoleMetrics {
  readonly sent: DirectionCounts
  readonly received: DirectionCounts
  /** In seconds. */
  private roundTrips: Array<number> = []
  private readonly queue: Updates
  private readonly roundTrip: Updates
  private readonly connections: Updates

  constructor(private readonly role: Role) {
    this.sent = new DirectionCounts(role, "sent")
    this.received = new DirectionCounts(role, "received")
    this.queue = Metric.tagged(metrics.queue, "role", role)
    this.roundTrip = Metric.tagged(metrics.roundTrip, "role", role)
    this.connections = Metric.tagged(metrics.connections, "role", role)
  }

  onRoundTrip(seconds: number): void {
    this.roundTrips.push(seconds)
  }

  flush(): void {
    this.sent.flush()
    this.received.flush()
    for (const seconds of this.roundTrips) this.roundTrip.unsafeUpdate(seconds, [])
    this.roundTrips = []
  }

  onQueue(octets: number): void {
    this.queue.unsafeUpdate(octets, [])
  }

  onOpen(): void {
    this.connections.unsafeUpdate(1, [])
  }

  onClose(code: string, initiator: string): void {
    this.connections.unsafeUpdate(-1, [])
    const tagged = Metric.tagged(metrics.closes, "role", this.role).pipe(
      Metric.tagged("code", code),
      Metric.tagged("initiator", initiator)
    )
    tagged.unsafeUpdate(1, [])
  }

  onHandshake(outcome: string): void {
    const tagged = Metric.tagged(metrics.handshakes, "role", this.role).pipe(Metric.tagged("outcome", outcome))
    tagged.unsafeUpdate(1, [])
  }
}
