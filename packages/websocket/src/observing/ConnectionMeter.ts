/** What is counted of one connection: its frames, its Pings, what waits in it, and what compression makes of it. */

import { PingPong } from "@effect-websocket/protocol/control/PingPong"
import type { Frame } from "@effect-websocket/protocol/frame/Frame"
import { isControl, Opcode } from "@effect-websocket/protocol/frame/Opcode"
import type * as Clock from "effect/Clock"
import type { Deflater, Engine, Inflater, InflateSink } from "../Compression.js"
import type { SharedForms } from "../connection/ConnectionParts.js"
import type { Duplex } from "../Transport.js"
import type { DirectionCounts } from "./DirectionCounts.js"
import type { Direction, FrameListener } from "./FrameTap.js"
import type { Meter, Touched } from "./Meter.js"
import type { RoleMetrics } from "./RoleMetrics.js"

/** Pings whose Pongs are awaited; as many as an application may have by default, and those of the keep-alive. */
const maxPings = 32

const nanosInSecond = 1e9

export class ConnectionMeter implements FrameListener, Touched {
  readonly keep = 0
  private pings: PingPong<bigint> | undefined

  constructor(
    private readonly meter: Meter,
    private readonly metrics: RoleMetrics,
    private readonly duplex: Duplex,
    private readonly clock: Clock.Clock
  ) {}

  onFrame(direction: Direction, { fin, opcode, payload }: Frame, size: number): void {
    this.meter.touch(this)
    if (isControl(opcode)) this.onControl(direction, opcode, payload)
    else this.onData(this.metrics[direction], fin, size)
  }

  sample(): void {
    this.metrics.onQueue(this.duplex.unsafeBuffered())
  }

  /** The same engine, with the octets counted that go in and out. */
  engine(open: (sink: InflateSink) => Engine): (sink: InflateSink) => Engine {
    const { received, sent } = this.metrics
    return (sink) => {
      const engine = open(countedSink(sink, received))
      return {
        deflater: countedDeflater(engine.deflater, sent),
        inflater: countedInflater(engine.inflater, received),
        close: () => engine.close()
      }
    }
  }

  /** The same forms; what a message for many was and became counts for each connection that sends it. */
  shared(forms: SharedForms): SharedForms {
    const { sent } = this.metrics
    return {
      form: (prepared) => {
        const form = forms.form(prepared)
        if (form.isDeflated) {
          sent.plain += prepared.plain.payload.length
          sent.compressed += form.payload.length
        }
        return form
      }
    }
  }

  private onData(counts: DirectionCounts, fin: boolean, size: number): void {
    counts.octets += size
    if (fin) counts.messages++
  }

  private onControl(direction: Direction, opcode: number, payload: Uint8Array): void {
    if (direction === "sent" && opcode === Opcode.Ping) {
      this.pings ??= new PingPong(maxPings)
      this.pings.onPing(payload, this.clock.unsafeCurrentTimeNanos())
    }
    if (direction === "received" && opcode === Opcode.Pong && this.pings !== undefined) {
      const now = this.clock.unsafeCurrentTimeNanos()
      for (const sentAt of this.pings.onPong(payload)) this.metrics.onRoundTrip(Number(now - sentAt) / nanosInSecond)
    }
  }
}

const countedSink = (sink: InflateSink, counts: DirectionCounts): InflateSink => ({
  room: () => sink.room(),
  onOctets: (octets, start, end) => {
    counts.plain += end - start
    return sink.onOctets(octets, start, end)
  }
})

const countedDeflater = (deflater: Deflater, counts: DirectionCounts): Deflater => ({
  deflate: (octets, step) => {
    const deflated = deflater.deflate(octets, step)
    counts.plain += octets.length
    counts.compressed += deflated.length
    return deflated
  },
  reset: () => deflater.reset()
})

const countedInflater = (inflater: Inflater, counts: DirectionCounts): Inflater => ({
  get isPaused() {
    return inflater.isPaused
  },
  push: (octets, start, end) => {
    counts.compressed += end - start
    return inflater.push(octets, start, end)
  },
  resume: () => inflater.resume(),
  end: () => inflater.end()
})
