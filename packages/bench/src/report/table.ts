/** Results as Markdown: CPU time first, then ratios, rates, latencies and memory. */
import { figuresOf, type Sample, type Situation } from "../Case.js"
import { peerOf, peers } from "../Peer.js"
import type { Column, Row } from "../Runner.js"
import type { Machine } from "./machine.js"
import { format, ratio, summary } from "./Statistics.js"

type Cell = (row: Row, column: Column) => string

const valuesOf = (column: Column, figure: string): ReadonlyArray<number> =>
  column.samples.flatMap((sample: Sample) => (sample[figure] === undefined ? [] : [sample[figure]]))

const spread = (values: ReadonlyArray<number>): string => {
  const { greatest, least, median } = summary(values)
  return values.length === 1 ? format(median) : `${format(median)} (${format(least)}–${format(greatest)})`
}

const figure =
  (...names: ReadonlyArray<string>): Cell =>
  (_, column) =>
    names.map((name) => spread(valuesOf(column, name))).join(" / ")

const medians =
  (...names: ReadonlyArray<string>): Cell =>
  (_, column) =>
    names.map((name) => format(summary(valuesOf(column, name)).median)).join(" / ")

/** How a peer compares with another one, by its main figure. */
const against = (row: Row, column: Column, base: string): string => {
  const [main] = figuresOf(row.case.situation)
  const other = row.columns.find(({ peer }) => peer === base)
  if (other === undefined || other.samples.length === 0) return "–"
  return ratio(valuesOf(column, main!), valuesOf(other, main!)).toFixed(2)
}

const ratios: Cell = (row, column) => `${against(row, column, "ws")} / ${against(row, column, "net")}`

const table = (rows: ReadonlyArray<Row>, cell: Cell): string => {
  const names = peers
    .map(({ name }) => name)
    .filter((name) => rows.some((row) => row.columns.some((c) => c.peer === name)))
  const cellOf = (row: Row, name: string): string => {
    const column = row.columns.find(({ peer }) => peer === name)
    if (column === undefined) return ""
    return column.samples.length === 0 ? `_${column.missing?.split("\n")[0]}_` : cell(row, column)
  }
  return [
    ["case", ...names.map((name) => peerOf(name).title)],
    ["---", ...names.map(() => "---:")],
    ...rows.map((row) => [row.case.title, ...names.map((name) => cellOf(row, name))])
  ]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n")
}

const section = (title: string, rows: ReadonlyArray<Row>, cell: Cell): ReadonlyArray<string> =>
  rows.length === 0 ? [] : [`## ${title}`, table(rows, cell)]

/** Rows of these kinds of cases. */
const ofKind = (rows: ReadonlyArray<Row>, ...kinds: ReadonlyArray<Situation["kind"]>): ReadonlyArray<Row> =>
  rows.filter(({ case: { situation } }) => kinds.includes(situation.kind))

/** One line for the console: the main figures. */
export const line = (row: Row): string => {
  const figures = figuresOf(row.case.situation)
  const of = (column: Column): string =>
    column.samples.length === 0 ? `${column.peer} –` : `${column.peer} ${medians(...figures)(row, column)}`
  return `${row.case.name.padEnd(24)} ${row.columns.map(of).join("  ")}`
}

const about = ({ cores, cpu, date, load, memory, system, versions }: Machine): string =>
  `${date.slice(0, 16).replace("T", " ")} UTC · ${cpu}, ${cores} cores, ${memory} · ${system} · load ${load.toFixed(1)} · ` +
  Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ")

/** The whole document. */
export const markdown = (rows: ReadonlyArray<Row>, machine: Machine): string => {
  const [busy, idle] = [ofKind(rows, "echo", "broadcast", "handshakes"), ofKind(rows, "idle")]
  return [
    "# Results of `npm run bench`",
    about(machine),
    ...section("CPU of the measured process, µs per message: median (least–greatest)", busy, figure("cpu")),
    ...section("Ratio of CPU to `ws` / to raw `net`, paired by rounds; below 1 is better", busy, ratios),
    ...section("Messages per second", busy, medians("rate")),
    ...section("Latency, µs: p50 / p99 / p99.9", busy, medians("p50", "p99", "p999")),
    ...section("Memory of the process at the end, MiB (RSS)", busy, medians("rss")),
    ...section("Idle connections, KiB of RSS each: fresh / after traffic", idle, medians("fresh", "after")),
    ...section(
      "Idle connections, KiB alive on the heap each: fresh / after traffic",
      idle,
      medians("freshHeap", "afterHeap")
    ),
    ...section(
      "Latency of 100 connections, µs: p99 before / while another one floods the server",
      ofKind(rows, "fairness"),
      medians("quiet", "flooded")
    ),
    ...section("Longest time for which the event loop was held, ms", ofKind(rows, "hold"), figure("held")),
    ...section("CPU of the generator, µs per message", busy, medians("generator")),
    ""
  ].join("\n\n")
}
