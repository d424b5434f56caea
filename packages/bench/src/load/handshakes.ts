/** Connections which are opened, used for nothing, and closed by a closing handshake (RFC 6455 §7.1.2). */
import { once } from "node:events"
import type { HandshakeCase, Sample } from "../Case.js"
import type { Job } from "./Job.js"
import { MeasuredProcess } from "./MeasuredProcess.js"
import { Meter } from "./Meter.js"
import { RawConnection } from "./RawConnection.js"
import { frame } from "./Ring.js"

/** Code 1000. */
const close = frame(0x88, Uint8Array.of(0x03, 0xe8), true)

const isClose = (octets: Buffer, isRaw: boolean): boolean =>
  isRaw ? octets.equals(close) : octets.length >= 4 && octets[0] === 0x88 && octets.readUInt16BE(2) === 1000

/** A connection from its begin to its end. A server closes it (§7.1.1), except for one that knows nothing of it. */
const visit = async (port: number, isRaw: boolean): Promise<void> => {
  const connection = await RawConnection.open({ port, tls: false, deflate: false })
  const { socket } = connection
  const ended = once(socket, "close")
  let answer = Buffer.alloc(0)
  connection.receive = (chunk, start, end) => {
    answer = Buffer.concat([answer, chunk.subarray(start, end)])
    if (isRaw) socket.end()
  }
  socket.write(close)
  await ended
  if (!isClose(answer, isRaw)) throw new Error(`a Close was answered with ${answer.toString("hex")}`)
}

const visitAgain = async (port: number, isRaw: boolean, meter: Meter): Promise<void> => {
  while (true) {
    const begin = performance.now()
    await visit(port, isRaw)
    meter.latencies.add((performance.now() - begin) * 1000, 1)
    meter.count++
  }
}

export const measureHandshakes = async (job: Job, { parallel }: HandshakeCase): Promise<Sample> => {
  const meter = new Meter()
  const setting = { style: job.style, mode: "echo", tls: false, deflate: false, port: 0, connections: 0 } as const
  const measured = await MeasuredProcess.start(job.program, setting)
  for (let n = 0; n < parallel; n++) visitAgain(measured.port, job.isRaw, meter).catch(meter.fail)
  const sample = await meter.run(measured, job.times)
  await measured.stop()
  return sample
}
