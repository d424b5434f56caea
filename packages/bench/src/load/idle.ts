/**
 * What connections cost on which nothing happens, in KiB each: of the whole process (RSS), and of what is alive on its heap.
 *
 * Always in a fresh process. The heap is read after a garbage collection, RSS before it, as an operator would see it.
 */
import { setTimeout as sleep } from "node:timers/promises"
import type { IdleCase, Sample } from "../Case.js"
import { DeflatedContent, PlainContent } from "./Content.js"
import type { Job } from "./Job.js"
import { MeasuredProcess } from "./MeasuredProcess.js"
import { RawConnection } from "./RawConnection.js"
import { Replies } from "./Replies.js"
import { Ring } from "./Ring.js"

const messages = 2
const settle = 1500
const atOnce = 50

const memory = async (measured: MeasuredProcess) => {
  await sleep(settle)
  const { rss } = await measured.usage()
  const { heap } = await measured.usage(true)
  return { rss, heap }
}

const openAll = async (port: number, { connections, deflate }: IdleCase): Promise<ReadonlyArray<RawConnection>> => {
  const all: Array<RawConnection> = []
  while (all.length < connections) {
    const some = Array.from({ length: Math.min(atOnce, connections - all.length) }, () =>
      RawConnection.open({ port, tls: false, deflate })
    )
    all.push(...(await Promise.all(some)))
  }
  return all
}

/** Sends some messages, and waits for their answers. */
const talk = (connection: RawConnection, ring: Ring, { deflate }: IdleCase, isRaw: boolean): Promise<void> =>
  new Promise((resolve, reject) => {
    const content = deflate ? new DeflatedContent(ring.payloads) : new PlainContent(ring.payloads, 1)
    const replies = new Replies({ opcode: deflate ? 0x41 : 1, masked: isRaw }, content)
    let missing = messages
    connection.receive = (chunk, start, end) => {
      try {
        missing -= replies.take(chunk, start, end)
        if (missing === 0) resolve()
      } catch (fault) {
        reject(fault)
      }
    }
    connection.socket.write(ring.slice(0, messages))
  })

export const measureIdle = async (job: Job, idle: IdleCase): Promise<Sample> => {
  const setting = {
    style: job.style,
    mode: "echo",
    tls: false,
    deflate: idle.deflate,
    port: 0,
    connections: 0
  } as const
  const ring = new Ring({ kind: "json", size: 1024, masked: true, deflate: idle.deflate, inFlight: messages })
  const measured = await MeasuredProcess.start(job.program, setting)
  const empty = await memory(measured)
  const begin = performance.now()
  const connections = await openAll(measured.port, idle)
  const opening = (performance.now() - begin) / 1000
  const fresh = await memory(measured)
  for (const connection of connections) await talk(connection, ring, idle, job.isRaw)
  const after = await memory(measured)
  await measured.stop()
  const each = (octets: number) => octets / 1024 / idle.connections
  return {
    fresh: each(fresh.rss - empty.rss),
    after: each(after.rss - empty.rss),
    freshHeap: each(fresh.heap - empty.heap),
    afterHeap: each(after.heap - empty.heap),
    opening
  }
}
