/** Results as a picture: for the most telling cases, the CPU time of each peer relative to `ws`, on a logarithmic axis. */
import { type Peer, peers } from "../Peer.js"
import type { Row } from "../Runner.js"
import type { Machine } from "./machine.js"
import { format, median, ratio } from "./Statistics.js"

const colours: Readonly<Record<string, string>> = {
  net: "#9e9e9e",
  pull: "#1b5e20",
  run: "#43a047",
  messages: "#9ccc65",
  ws: "#1565c0",
  "ws+bufferutil": "#64b5f6",
  undici: "#6a1b9a",
  route: "#ef6c00",
  socket: "#ffb74d",
  beast: "#6d4c41"
}

const [left, width, bar, gap, top] = [380, 640, 13, 16, 70]
/** The axis goes from a fiftieth of ws to sixteen times of it. */
const [from, to] = [1 / 50, 16]

const place = (value: number): number =>
  left + (width * Math.log(Math.min(Math.max(value, from), to) / from)) / Math.log(to / from)

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")

interface Bar {
  readonly peer: Peer
  readonly ratio: number
  readonly cpu: number
}

const cpusOf = (row: Row, name: string): ReadonlyArray<number> =>
  row.columns.find(({ peer }) => peer === name)?.samples.flatMap(({ cpu }) => (cpu === undefined ? [] : [cpu])) ?? []

const barsOf = (row: Row): ReadonlyArray<Bar> => {
  const base = cpusOf(row, "ws")
  if (base.length === 0) return []
  return peers.flatMap((peer) => {
    const cpus = cpusOf(row, peer.name)
    const isShown = peer.name in colours && cpus.length > 0
    return isShown ? [{ peer, ratio: ratio(cpus, base), cpu: median(cpus) }] : []
  })
}

const drawBar = ({ cpu, peer, ratio: value }: Bar, y: number): string => {
  const end = place(value)
  return (
    `<rect x="${left}" y="${y}" width="${(end - left).toFixed(1)}" height="${bar - 2}" fill="${colours[peer.name]}"/>` +
    `<text x="${(end + 5).toFixed(1)}" y="${y + bar - 4}" font-size="10" stroke="#fff" stroke-width="3" paint-order="stroke">${escaped(peer.title)} ${value.toFixed(2)} ` +
    `<tspan fill="#777">(${format(cpu)} µs)</tspan></text>`
  )
}

const grid = (height: number): string =>
  [1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8, 16]
    .map((value) => {
      const x = place(value).toFixed(1)
      const label = value >= 1 ? `${value}` : `1/${1 / value}`
      return (
        `<line x1="${x}" x2="${x}" y1="${top - 8}" y2="${height - 10}" stroke="${value === 1 ? "#1565c0" : "#ddd"}"/>` +
        `<text x="${x}" y="${top - 12}" font-size="11" text-anchor="middle">${label}</text>`
      )
    })
    .join("")

/** An SVG document. Only rows of `--quick` are drawn, so that it stays readable. */
export const plot = (rows: ReadonlyArray<Row>, machine: Machine): string => {
  const groups = rows.filter((row) => row.case.quick.length > 0).map((row) => ({ row, bars: barsOf(row) }))
  let y = top
  const drawn = groups
    .filter(({ bars }) => bars.length > 0)
    .map(({ bars, row }) => {
      const begin = y
      y += bars.length * bar + gap
      const title = `<text x="${left - 10}" y="${begin + bar - 4}" font-size="12" text-anchor="end">${escaped(row.case.title)}</text>`
      return title + bars.map((one, n) => drawBar(one, begin + n * bar)).join("")
    })
  const about = `${machine.cpu}, Node.js ${machine.versions.node}, ${machine.date.slice(0, 10)}`
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${left + width + 190}" height="${y}" font-family="sans-serif">` +
    `<rect width="100%" height="100%" fill="#fff"/>` +
    `<text x="10" y="22" font-size="16">CPU per message relative to ws (logarithmic; shorter is better)</text>` +
    `<text x="10" y="40" font-size="11" fill="#777">${escaped(about)}</text>${grid(y)}${drawn.join("\n")}</svg>\n`
  )
}
