/**
 * How a measured process is controlled: commands are lines on its standard input, answers lines of JSON on its output.
 *
 * `usage` tells the CPU time and the memory of the process, `collect` does the same after a garbage collection, `exit` ends
 * it, as does the end of the input: no process outlives the one that measures it. Costs nothing between two commands. `watch`
 * begins to look how late the event loop is, and `held` tells the longest time, in milliseconds. A program may have commands of
 * its own.
 */
import { monitorEventLoopDelay } from "node:perf_hooks"

/** What a process has used: microseconds of all its threads, octets. */
export interface Usage {
  readonly user: number
  readonly system: number
  readonly rss: number
  /** Objects and the memory outside of the heap that they hold. */
  readonly heap: number
}

const tell = (answer: unknown): void => {
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}

const usage = (): Usage => {
  const { system, user } = process.cpuUsage()
  const { external, heapUsed, rss } = process.memoryUsage()
  return { user, system, rss, heap: heapUsed + external }
}

/** Of a timer: it is late by what holds the event loop. */
const resolution = 1

const delays = monitorEventLoopDelay({ resolution })

/** What all programs answer. */
const common: Commands = {
  usage,
  collect: () => {
    globalThis.gc?.()
    return usage()
  },
  watch: () => delays.enable(),
  held: () => ({ held: delays.max / 1e6 - resolution })
}

/** What a program answers to commands of its own. */
export type Commands = Readonly<Record<string, () => unknown>>

const obey = (command: string, own: Commands): void => {
  if (command === "exit") process.exit(0)
  const commands = { ...common, ...own }
  if (Object.hasOwn(commands, command)) tell(commands[command]!())
}

/** Obeys from now on, and tells that the program is ready: a server at `port`, a client at 0. */
export const ready = (port: number, own: Commands = {}): void => {
  process.stdin.setEncoding("utf8")
  process.stdin.on("data", (lines: string) => {
    for (const line of lines.trim().split("\n")) obey(line, own)
  })
  process.stdin.on("end", () => process.exit(0))
  tell({ port })
}
