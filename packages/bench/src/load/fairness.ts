/**
 * How long others wait while one connection floods the server: the same connections, each with a message now and then, measured
 * without the flood and with it.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import type { FairnessCase, Sample } from "../Case.js"
import { PlainContent } from "./Content.js"
import type { Flood } from "./flooder.js"
import type { Job } from "./Job.js"
import { Latencies } from "./Latencies.js"
import { MeasuredProcess } from "./MeasuredProcess.js"
import { RawConnection } from "./RawConnection.js"
import { Replies } from "./Replies.js"
import { Ring } from "./Ring.js"

const plain = { tls: false, deflate: false } as const

/** Between an answer and the next message of a connection, in milliseconds: 100 of them send 2500 messages a second. */
const pause = 40

/** A connection that sends a message, waits for the answer, and pauses. */
const converse = (connection: RawConnection, ring: Ring, isRaw: boolean, latencies: Latencies): void => {
  const replies = new Replies({ opcode: 2, masked: isRaw }, new PlainContent(ring.payloads, 1))
  let [sent, since] = [0, 0]
  const send = () => {
    since = performance.now()
    connection.socket.write(ring.slice(sent++, 1))
  }
  connection.receive = (chunk, start, end) => {
    if (replies.take(chunk, start, end) === 0) return
    latencies.add((performance.now() - since) * 1000, 1)
    setTimeout(send, pause)
  }
  setTimeout(send, pause * Math.random())
}

const startFlood = async (flood: Flood): Promise<ChildProcess> => {
  const file = fileURLToPath(new URL("flooder.js", import.meta.url))
  const child = spawn(process.execPath, [file, JSON.stringify(flood)], { stdio: ["ignore", "pipe", "inherit"] })
  await once(child.stdout, "data")
  return child
}

export const measureFairness = async (job: Job, { others, flood }: FairnessCase): Promise<Sample> => {
  const setting = { ...plain, style: job.style, mode: "echo", port: 0, connections: 0 } as const
  const measured = await MeasuredProcess.start(job.program, setting)
  const latencies = new Latencies()
  const ring = new Ring({ ...plain, kind: "binary", size: 125, masked: true, inFlight: 1 })
  for (let n = 0; n < others; n++) {
    converse(await RawConnection.open({ ...plain, port: measured.port }), ring, job.isRaw, latencies)
  }
  const look = async () => {
    await sleep(job.times.warmUp * 1000)
    latencies.reset()
    await sleep(job.times.measure * 1000)
    return { p50: latencies.percentile(0.5), p99: latencies.percentile(0.99) }
  }
  const quiet = await look()
  const flooding = await startFlood({ port: measured.port, size: flood })
  const gone = once(flooding, "close")
  const flooded = await look()
  await measured.stop()
  await gone
  return { quiet: quiet.p99, flooded: flooded.p99, quietMedian: quiet.p50, floodedMedian: flooded.p50 }
}
