/**
 * How a measured process is controlled: commands are lines on its standard input, answers lines of JSON on its output.
 *
 * `usage` tells the CPU time and the memory of the process, `collect` does the same after a garbage collection, `exit` ends
 * it, as does the end of the input: no process outlives the one that measures it. Costs nothing between two commands. A program
 * may have commands of its own.
 */

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

/** What a program answers to commands of its own. */
export type Commands = Readonly<Record<string, () => unknown>>

const obey = (command: string, own: Commands): void => {
  if (command === "exit") process.exit(0)
  if (Object.hasOwn(own, command)) tell(own[command]!())
  if (command === "collect") globalThis.gc?.()
  if (command === "usage" || command === "collect") tell(usage())
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
