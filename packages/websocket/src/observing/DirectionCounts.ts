/** What was counted in one role and direction and is not in the metrics yet: plain numbers, put there once for a turn. */
import type { Role } from "@effect-websocket/protocol/bytes/Role"
import * as Metric from "effect/Metric"
import * as MetricLabel from "effect/MetricLabel"
import type { Direction } from "./FrameTap.js"
import * as metrics from "./metrics.js"

/** A metric with its tags. */
export interface Updates {
  readonly unsafeUpdate: (input: number, tags: []) => void
}

export class DirectionCounts {
  messages = 0
  octets = 0
  plain = 0
  compressed = 0
  private plainInAll = 0
  private compressedInAll = 0
  private readonly metrics: Readonly<Record<"messages" | "octets" | "plain" | "compressed" | "ratio", Updates>>

  constructor(role: Role, direction: Direction) {
    const labels = [MetricLabel.make("role", role), MetricLabel.make("direction", direction)]
    const octets = Metric.taggedWithLabels(metrics.compression, labels)
    this.metrics = {
      messages: Metric.taggedWithLabels(metrics.messages, labels),
      octets: Metric.taggedWithLabels(metrics.octets, labels),
      plain: Metric.tagged(octets, "form", "plain"),
      compressed: Metric.tagged(octets, "form", "compressed"),
      ratio: Metric.taggedWithLabels(metrics.compressionRatio, labels)
    }
  }

  flush(): void {
    if (this.plain > 0) this.flushRatio()
    for (const count of ["messages", "octets", "plain", "compressed"] as const) {
      if (this[count] > 0) this.metrics[count].unsafeUpdate(this[count], [])
      this[count] = 0
    }
  }

  private flushRatio(): void {
    this.plainInAll += this.plain
    this.compressedInAll += this.compressed
    this.metrics.ratio.unsafeUpdate(this.compressedInAll / this.plainInAll, [])
  }
}
