/**
 * `npm run bench -- micro`: the kernel against its stored baseline. A regression of more than 15 % is a failure.
 *
 * Stored are ratios to the calibration, so that machines can be compared, roughly; a baseline of one's own machine
 * (`--save`) is better. What seems too slow is measured again before it is called a regression.
 */
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { machine } from "../report/machine.js"
import { kernels } from "./kernels.js"

interface Measured {
  /** To the calibration. */
  readonly ratio: number
  /** Of one operation, on this machine. */
  readonly nanos: number
}

interface Baseline {
  readonly machine: { readonly cpu: string; readonly date: string }
  readonly ratios: Readonly<Record<string, number>>
}

const tolerated = 1.15
const attempts = 6

const baselineFile = fileURLToPath(new URL("../../micro-baseline.json", import.meta.url))
const program = fileURLToPath(new URL("one.js", import.meta.url))

const measureOnce = (name: string): Measured =>
  JSON.parse(execFileSync(process.execPath, [program, name], { encoding: "utf8" }))

/** The better of two; of up to six, while it is slower than `limit`. */
const measure = (name: string, limit: number): Measured => {
  let best = measureOnce(name)
  for (let n = 1; n < attempts && (n < 2 || best.ratio > limit); n++) {
    const next = measureOnce(name)
    if (next.ratio < best.ratio) best = next
  }
  return best
}

const load = (): Baseline | undefined =>
  existsSync(baselineFile) ? JSON.parse(readFileSync(baselineFile, "utf8")) : undefined

const report = (name: string, { nanos, ratio }: Measured, before: number | undefined): boolean => {
  const change = before === undefined ? 1 : ratio / before
  const isSlower = change > tolerated
  const verdict = before === undefined ? "new" : `${((change - 1) * 100).toFixed(0).padStart(4)} %`
  console.log(
    `${name.padEnd(26)} ${nanos.toFixed(0).padStart(8)} ns  ${ratio.toPrecision(3).padStart(9)}  ${verdict}${isSlower ? "  SLOWER" : ""}`
  )
  return isSlower
}

const store = (ratios: Readonly<Record<string, number>>): void => {
  const { cpu, date, versions } = machine()
  writeFileSync(
    baselineFile,
    `${JSON.stringify({ machine: { cpu, date, node: versions.node }, ratios }, undefined, 2)}\n`
  )
  console.log(`\nstored as the baseline: packages/bench/micro-baseline.json`)
}

/** The exit code. */
export const micro = (save: boolean): number => {
  const baseline = load()
  console.log(
    `kernel, time per operation, ratio to the calibration${baseline ? `, and to ${baseline.machine.cpu}, ${baseline.machine.date.slice(0, 10)}` : ""}\n`
  )
  const ratios: Record<string, number> = {}
  let slower = 0
  for (const { name } of kernels) {
    const before = baseline?.ratios[name]
    const measured = measure(name, before === undefined || save ? Infinity : before * tolerated)
    ratios[name] = Number(measured.ratio.toPrecision(4))
    if (report(name, measured, before)) slower++
  }
  if (save || baseline === undefined) {
    store(ratios)
    return 0
  }
  if (slower > 0) console.log(`\n${slower} slower than the baseline by more than 15 %`)
  return slower > 0 ? 1 : 0
}
