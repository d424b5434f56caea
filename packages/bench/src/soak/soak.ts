/**
 * Loads a server for some time, and looks at its memory: before, all along, and when everybody has left.
 *
 * Before the first look everybody comes, works and goes once, so that what is made once is there.
 */
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { MeasuredProcess } from "../load/MeasuredProcess.js"
import type { Target } from "../load/RawConnection.js"
import { Busy } from "./Busy.js"
import { kindOf, type Plan } from "./Plan.js"
import { Slow } from "./Slow.js"
import { SoakConnection } from "./SoakConnection.js"
import type { Alive } from "./server.js"
import { Tally } from "./Tally.js"

/** The memory of the server, in octets: of the process, and, where it was looked at after a garbage collection, on the heap. */
export interface Memory {
  readonly rss: number
  readonly heap: number
}

/** A look at the memory, so many seconds after the load was there. */
export interface Point {
  readonly at: number
  readonly rss: number
}

export interface Result {
  readonly plan: Plan
  readonly tally: Tally
  readonly before: Memory
  /** Under load, after a quarter of the time, and at the end of it. */
  readonly early: Memory
  readonly late: Memory
  readonly after: Memory
  readonly points: ReadonlyArray<Point>
  readonly aliveBefore: Alive
  readonly aliveLoaded: Alive
  readonly aliveAfter: Alive
}

const program = {
  command: process.execPath,
  args: ["--expose-gc", fileURLToPath(new URL("server.js", import.meta.url))],
  env: {}
}
const setting = { style: "run", mode: "echo", port: 0, connections: 0 } as const

/** Connections that are opened at a time. */
const atOnce = 50
/** Messages are sent so many times in a second, some each time. */
const ticks = 50

const memory = async (measured: MeasuredProcess): Promise<Memory> => {
  const { rss } = await measured.usage()
  const { heap } = await measured.usage(true)
  return { rss, heap }
}

const inGroups = async <A>(all: ReadonlyArray<A>, each: (one: A) => Promise<unknown>): Promise<void> => {
  for (let at = 0; at < all.length; at += atOnce) await Promise.all(all.slice(at, at + atOnce).map(each))
}

const times = <A>(count: number, make: (n: number) => A): ReadonlyArray<A> =>
  Array.from({ length: count }, (_, n) => make(n))

/** Sends as many messages as the rate says, on one connection after the other. */
const drive = (busy: ReadonlyArray<Busy>, rate: number) => {
  const begin = performance.now()
  let steps = 0
  return setInterval(() => {
    const due = Math.floor(((performance.now() - begin) / 1000) * rate)
    // Who was late does not catch up more than a fifth of a second.
    for (steps = Math.max(steps, due - rate / 5); steps < due; steps++) busy[Math.floor(steps) % busy.length]!.step()
  }, 1000 / ticks)
}

/** Until the server has nothing more of what has left, or for 15 seconds: less than any of its deadlines. */
const settled = async (measured: MeasuredProcess, wanted: Alive | undefined): Promise<Alive> => {
  for (let n = 0; ; n++) {
    const alive = await measured.ask<Alive>("alive")
    const isGone = alive.handlers === 0 && alive.sockets === 0
    if ((isGone && alive.descriptors <= (wanted?.descriptors ?? Infinity)) || n === 150) return alive
    await sleep(100)
  }
}

/** Looks at the memory once in a second, until `seconds` have passed since `begin`. */
const watch = async (
  measured: MeasuredProcess,
  points: Array<Point>,
  begin: number,
  seconds: number
): Promise<void> => {
  while (performance.now() - begin < seconds * 1000) {
    points.push({ at: (performance.now() - begin) / 1000, rss: (await measured.usage()).rss })
    await sleep(1000)
  }
}

/** All who load the server. */
class Fleet {
  private readonly busy: ReadonlyArray<Busy>
  private readonly slow: ReadonlyArray<Slow>
  private readonly idle: Array<SoakConnection> = []
  private timers: ReadonlyArray<NodeJS.Timeout> = []

  constructor(
    private readonly plan: Plan,
    private readonly place: Target,
    private readonly tally: Tally
  ) {
    this.busy = times(plan.busy, () => new Busy(place, tally))
    this.slow = times(plan.slow, (n) => new Slow(place, tally, n % 3 === 0))
  }

  async open(): Promise<void> {
    const receiver = { onMessage: () => this.tally.fail("a message for an idle connection") }
    const openIdle = async () => this.idle.push(await SoakConnection.open(this.place, "/idle", this.tally, receiver))
    await inGroups(
      times(this.plan.idle, () => undefined),
      openIdle
    )
    await inGroups(this.busy, (each) => each.open())
    await inGroups(this.slow, (each) => each.open())
    const beat = () => {
      for (const each of this.slow) each.beat()
    }
    const beating = setInterval(beat, 3000)
    this.timers = [beating, drive(this.busy, this.plan.rate)]
  }

  async stop(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer)
    await inGroups(this.slow, (each) => each.stop())
    await inGroups(this.busy, (each) => each.stop())
    // An idle connection still works.
    await inGroups(this.idle, (each) => each.close())
  }
}

/** All of them come, work and go: what a server makes once for so many is there before it is looked at. */
const warmUp = async (plan: Plan, place: Target, tally: Tally): Promise<void> => {
  const fleet = new Fleet(plan, place, tally)
  await fleet.open()
  await sleep(5000)
  await fleet.stop()
}

export const soak = async (plan: Plan, say: (text: string) => void): Promise<Result> => {
  const tally = new Tally()
  const measured = await MeasuredProcess.start(program, { ...setting, tls: plan.tls, deflate: plan.deflate })
  const place = { port: measured.port, tls: plan.tls, deflate: plan.deflate }
  await warmUp(plan, place, tally)
  const aliveBefore = await settled(measured, undefined)
  const before = await memory(measured)
  const fleet = new Fleet(plan, place, tally)
  await fleet.open()
  say(`${kindOf(plan)}: ${plan.idle} idle, ${plan.busy} busy and ${plan.slow} slow connections for ${plan.seconds} s …`)
  const begin = performance.now()
  const points: Array<Point> = []
  await watch(measured, points, begin, plan.seconds / 4)
  const early = await memory(measured)
  await watch(measured, points, begin, plan.seconds)
  const late = await memory(measured)
  const aliveLoaded = await measured.ask<Alive>("alive")
  await fleet.stop()
  const aliveAfter = await settled(measured, aliveBefore)
  const after = await memory(measured)
  await measured.stop()
  return { plan, tally, before, early, late, after, points, aliveBefore, aliveLoaded, aliveAfter }
}
