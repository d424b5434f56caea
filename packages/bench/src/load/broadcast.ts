/** One sender whose messages go to everybody, the sender included. What is counted are deliveries. */
import type { BroadcastCase, Sample } from "../Case.js"
import { PlainContent } from "./Content.js"
import type { Job } from "./Job.js"
import { MeasuredProcess } from "./MeasuredProcess.js"
import { Meter } from "./Meter.js"
import { RawConnection } from "./RawConnection.js"
import { Replies } from "./Replies.js"
import { Ring } from "./Ring.js"

/** Sends the next burst when the last one has arrived everywhere. */
class Bursts {
  private sent = 0
  private missing = 0
  private since = 0

  constructor(
    private readonly sender: RawConnection,
    private readonly ring: Ring,
    private readonly broadcast: BroadcastCase,
    private readonly meter: Meter
  ) {}

  send(): void {
    const { burst, receivers } = this.broadcast
    this.since = performance.now()
    this.missing = receivers * burst
    this.sender.socket.write(this.ring.slice(this.sent, burst))
    this.sent += burst
  }

  arrived(count: number): void {
    this.meter.count += count
    this.meter.latencies.add((performance.now() - this.since) * 1000, count)
    this.missing -= count
    if (this.missing === 0) this.send()
  }
}

const listenTo = (connection: RawConnection, replies: Replies, bursts: Bursts, meter: Meter): void => {
  connection.receive = (chunk, start, end) => {
    try {
      const count = replies.take(chunk, start, end)
      if (count > 0) bursts.arrived(count)
    } catch (fault) {
      meter.fail(fault)
    }
  }
  connection.socket.on("close", () => meter.fail(new Error("a connection was closed")))
}

export const measureBroadcast = async (job: Job, broadcast: BroadcastCase): Promise<Sample> => {
  const { burst, receivers, size } = broadcast
  const [meter, plain] = [new Meter(), { tls: false, deflate: false }]
  const ring = new Ring({ kind: "binary", size, masked: true, deflate: false, inFlight: burst })
  const setting = { ...plain, style: job.style, mode: "broadcast", port: 0, connections: 0 } as const
  const measured = await MeasuredProcess.start(job.program, setting)
  const connections: Array<RawConnection> = []
  while (connections.length < receivers) connections.push(await RawConnection.open({ ...plain, port: measured.port }))
  const bursts = new Bursts(connections[0]!, ring, broadcast, meter)
  for (const connection of connections) {
    const content = new PlainContent(ring.payloads, 61)
    listenTo(connection, new Replies({ opcode: 2, masked: job.isRaw }, content), bursts, meter)
  }
  bursts.send()
  const sample = await meter.run(measured, job.times)
  await measured.stop()
  return sample
}
