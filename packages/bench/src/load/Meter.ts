/**
 * Counts what happens, and divides by it what a process has used for it.
 *
 * Usage is asked for, and the count taken when the answer arrives, in this process: the generator and the meter are one, so
 * that both ends of the interval are the same for both.
 */
import { setTimeout as sleep } from "node:timers/promises"
import type { Sample, Times } from "../Case.js"
import { Latencies } from "./Latencies.js"
import type { MeasuredProcess } from "./MeasuredProcess.js"

const mark = async (measured: MeasuredProcess, meter: Meter) => {
  const usage = await measured.usage()
  return { usage, count: meter.count, at: performance.now(), own: process.cpuUsage() }
}

/** Until the process has worked for so many seconds: on a busy machine that takes longer. Who has nothing to do is not waited for. */
const warmUp = async (measured: MeasuredProcess, seconds: number): Promise<void> => {
  const begin = await measured.usage()
  for (let n = 0; n < 40; n++) {
    await sleep(seconds * 100)
    const { system, user } = await measured.usage()
    if (user + system - begin.user - begin.system >= seconds * 0.8e6) return
  }
}

export class Meter {
  /** Messages, deliveries or handshakes so far. */
  count = 0
  readonly latencies = new Latencies()
  private fault: unknown

  /** Something that must not happen: the measurement fails. */
  readonly fail = (fault: unknown): void => {
    this.fault ??= fault
  }

  /** Measures while others count. Times are in microseconds per count, the rate is per second, `rss` in MiB. */
  async run(measured: MeasuredProcess, times: Times): Promise<Sample> {
    await warmUp(measured, times.warmUp)
    this.latencies.reset()
    const begin = await mark(measured, this)
    await sleep(times.measure * 1000)
    const end = await mark(measured, this)
    if (this.fault !== undefined) throw this.fault
    const count = end.count - begin.count
    if (count === 0) throw new Error("nothing has come back")
    const user = (end.usage.user - begin.usage.user) / count
    const system = (end.usage.system - begin.usage.system) / count
    return {
      cpu: user + system,
      user,
      system,
      rate: count / ((end.at - begin.at) / 1000),
      p50: this.latencies.percentile(0.5),
      p90: this.latencies.percentile(0.9),
      p99: this.latencies.percentile(0.99),
      p999: this.latencies.percentile(0.999),
      rss: end.usage.rss / 1024 / 1024,
      generator: (end.own.user + end.own.system - begin.own.user - begin.own.system) / count,
      count
    }
  }
}
