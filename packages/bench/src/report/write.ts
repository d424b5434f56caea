/** Writes results into packages/bench/results: as JSON with every sample, as Markdown, and as a picture. */
import { mkdirSync, writeFileSync } from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import type { Plan, Row } from "../Runner.js"
import { machine } from "./machine.js"
import { plot } from "./plot.js"
import { markdown } from "./table.js"

const folder = fileURLToPath(new URL("../../results/", import.meta.url))

/** The files that were written, relative to where we are. */
export const write = (name: string, rows: ReadonlyArray<Row>, { rounds, times }: Plan): ReadonlyArray<string> => {
  const about = machine()
  const files = {
    [`${name}.json`]: `${JSON.stringify({ machine: about, rounds, times, rows }, undefined, 1)}\n`,
    [`${name}.md`]: markdown(rows, about),
    [`${name}.svg`]: plot(rows, about)
  }
  mkdirSync(folder, { recursive: true })
  return Object.entries(files).map(([file, text]) => {
    writeFileSync(path.join(folder, file), text)
    return path.relative(process.cwd(), path.join(folder, file))
  })
}
