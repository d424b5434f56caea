/**
 * Runs cases: in each round every peer once, so that what disturbs the machine disturbs all of them alike.
 *
 * Each measurement has a server process and a generator process of its own. A single connection is measured with both on the
 * same core, where `taskset` exists: between two cores the wake-ups of the kernel would be most of what is seen.
 */
import { spawn, spawnSync } from "node:child_process"
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import type { Case, Sample, Times } from "./Case.js"
import type { Job } from "./load/Job.js"
import { type Peer, peerOf, programOf } from "./Peer.js"

export interface Plan {
  readonly cases: ReadonlyArray<Case>
  /** Only these, when there are any. */
  readonly peers: ReadonlyArray<string>
  readonly rounds: number
  readonly times: Times
  /** Where Node.js writes CPU profiles of the measured processes. */
  readonly profile: string | undefined
}

/** What came out for one peer. */
export interface Column {
  readonly peer: string
  /** One for each round; none, when there is a reason for that. */
  readonly samples: ReadonlyArray<Sample>
  readonly missing: string | undefined
}

export interface Row {
  readonly case: Case
  readonly columns: ReadonlyArray<Column>
}

/** Long enough that a function has been compiled; a whole run still ends in forty minutes, a quick one in two. */
export const times = {
  quick: { warmUp: 0.6, measure: 0.4 },
  full: { warmUp: 0.6, measure: 0.6 },
  /** For profiles, in which the start shall be the smaller part. */
  long: { warmUp: 1, measure: 4 }
} satisfies Record<string, Times>

const generator = fileURLToPath(new URL("load/main.js", import.meta.url))
const hasTaskset = spawnSync("taskset", ["--version"]).status === 0
/** A generator that has not come to an end by then never will. */
const deadline = 120_000

const isOnOneCore = ({ situation }: Case): boolean =>
  hasTaskset && situation.kind === "echo" && situation.connections === 1

const commandOf = (job: Job, onOneCore: boolean): readonly [string, ReadonlyArray<string>] => {
  const args = [generator, JSON.stringify(job)]
  const core = `${availableParallelism() - 1}`
  return onOneCore ? ["taskset", ["-c", core, process.execPath, ...args]] : [process.execPath, args]
}

const perform = (job: Job, onOneCore: boolean): Promise<Sample> =>
  new Promise((resolve, reject) => {
    const [command, args] = commandOf(job, onOneCore)
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], timeout: deadline })
    let output = ""
    let errors = ""
    child.stdout.on("data", (text) => {
      output += text
    })
    child.stderr.on("data", (text) => {
      errors += text
    })
    child.on("error", reject)
    child.on("close", (code) => {
      if (code === 0) resolve(JSON.parse(output))
      else reject(new Error(errors.trim() || `the generator ended with ${code}`))
    })
  })

const profiling = (folder: string | undefined, { name }: Case, peer: Peer): ReadonlyArray<string> =>
  folder === undefined
    ? []
    : ["--cpu-prof", `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${name}.${peer.name}.cpuprofile`]

interface Attempt {
  readonly peer: Peer
  readonly job: Job | undefined
  readonly samples: Array<Sample>
  missing: string | undefined
}

const attemptOf = (plan: Plan, one: Case, name: string): Attempt => {
  const peer = peerOf(name)
  const program = programOf(peer, one.situation, profiling(plan.profile, one, peer))
  if (typeof program === "string") return { peer, job: undefined, samples: [], missing: program }
  const { isRaw = false, style } = peer
  const times = { ...plan.times, warmUp: plan.times.warmUp * one.patience }
  const job = { situation: one.situation, program, style, isRaw, times }
  return { peer, job, samples: [], missing: undefined }
}

const round = async (one: Case, attempts: ReadonlyArray<Attempt>): Promise<void> => {
  for (const attempt of attempts) {
    if (attempt.job === undefined || attempt.missing !== undefined) continue
    try {
      attempt.samples.push(await perform(attempt.job, isOnOneCore(one)))
    } catch (cause) {
      attempt.missing = `failed: ${cause instanceof Error ? cause.message : cause}`
      console.error(`${one.name}, ${attempt.peer.name} ${attempt.missing}`)
    }
  }
}

const namesOf = (plan: Plan, one: Case): ReadonlyArray<string> =>
  one.peers.filter((name) => plan.peers.length === 0 || plan.peers.includes(name))

const runCase = async (plan: Plan, one: Case): Promise<Row> => {
  const attempts = namesOf(plan, one).map((name) => attemptOf(plan, one, name))
  // The memory of a process that is fresh hardly varies, and 10 000 connections take their time.
  const rounds = one.situation.kind === "idle" ? 1 : plan.rounds
  for (let n = 0; n < rounds; n++) await round(one, attempts)
  const columns = attempts.map(({ missing, peer, samples }) => ({ peer: peer.name, samples, missing }))
  return { case: one, columns }
}

/** How long a plan takes, in seconds, as experience has it. */
export const duration = (plan: Plan): number => {
  const overhead = 0.8
  const ofCase = (one: Case): number => {
    const count = namesOf(plan, one).length
    if (one.situation.kind === "idle") return count * (5 + one.situation.connections / 1000)
    if (one.situation.kind === "hold") return count * plan.rounds * 4
    if (one.situation.kind === "fairness") return 2 * count * plan.rounds * (plan.times.warmUp + plan.times.measure)
    const opening = one.situation.kind === "echo" ? one.situation.connections / 2000 : 0
    return count * plan.rounds * (plan.times.warmUp * one.patience + plan.times.measure + overhead + opening)
  }
  return plan.cases.reduce((sum, one) => sum + ofCase(one), 0)
}

/** Runs all cases; `done` is told of each. */
export const run = async (plan: Plan, done: (row: Row) => void): Promise<ReadonlyArray<Row>> => {
  const rows: Array<Row> = []
  for (const one of plan.cases) {
    const row = await runCase(plan, one)
    rows.push(row)
    done(row)
  }
  return rows
}
