/** For how long a very large message keeps the server from everything else: the longest delay of its event loop until it is sent back. */
import type { HoldCase, Sample } from "../Case.js"
import { DeflatedContent, PlainContent } from "./Content.js"
import type { Job } from "./Job.js"
import { MeasuredProcess } from "./MeasuredProcess.js"
import { payload } from "./payloads.js"
import { RawConnection } from "./RawConnection.js"
import { Replies } from "./Replies.js"
import { deflated, frame } from "./Ring.js"

const mib = 1024 * 1024

/** One mebibyte again and again: to make a hundred that differ takes long, and is no other work for the server. */
const bodyOf = ({ size }: HoldCase): Buffer => Buffer.alloc(size, payload("json", mib, 0))

export const measureHold = async (job: Job, hold: HoldCase): Promise<Sample> => {
  const { deflate, isText, size } = hold
  const plain = { tls: false, deflate } as const
  const setting = { ...plain, style: job.style, mode: "echo", port: 0, connections: 0, largest: size } as const
  const measured = await MeasuredProcess.start(job.program, setting)
  const connection = await RawConnection.open({ ...plain, port: measured.port })
  const body = bodyOf(hold)
  const opcode = (deflate ? 0x40 : 0) | (isText ? 1 : 2)
  const octets = frame(0x80 | opcode, deflate ? deflated(body, connection.windowBits) : body, true)
  const checked = deflate ? new DeflatedContent(undefined) : new PlainContent([body], Infinity)
  const replies = new Replies({ opcode, masked: job.isRaw }, checked)
  const echoed = () =>
    new Promise<void>((resolve, reject) => {
      connection.socket.on("close", () => reject(new Error("the connection was closed")))
      connection.receive = (chunk, start, end) => {
        if (replies.take(chunk, start, end) === 1) resolve()
      }
      connection.socket.write(octets)
    })
  // The first one meets code that is not compiled yet.
  await echoed()
  await measured.ask("watch")
  const begin = performance.now()
  await echoed()
  const took = performance.now() - begin
  const { held } = await measured.ask<{ readonly held: number }>("held")
  await measured.stop()
  return { held, took }
}
