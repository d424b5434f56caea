/** A run as a table, and its memory as a picture. */
import type { Machine } from "../report/machine.js"
import { type Bound, boundsOf } from "./bounds.js"
import { kindOf } from "./Plan.js"
import type { Result } from "./soak.js"

const mebi = 1024 * 1024

const row = ({ holds, limit, name, value }: Bound): string =>
  `| ${name} | ${value} | ${limit} | ${holds ? "holds" : "**broken**"} |`

/** What was going on, so that the figures can be judged. */
const activity = ({ plan, tally }: Result): string =>
  `${tally.sent} messages sent and ${tally.received} received back, ${tally.flooded} received by slow readers, ${tally.opened} connections opened, ` +
  `${tally.closed} closed in order, ${tally.destroyed} destroyed, ${tally.pings} Pings answered` +
  `${plan.deflate ? `, ${tally.inflated} messages inflated` : ""}.`

export const table = (result: Result): string =>
  [
    "| what | found | bound | |",
    "| --- | ---: | ---: | --- |",
    ...boundsOf(result).map(row),
    "",
    activity(result),
    ...result.tally.examples.map((fault) => `- ${fault}`)
  ].join("\n")

export const markdown = (
  result: Result,
  plot: string,
  { cores, cpu, date, memory, system, versions }: Machine
): string => {
  const { busy, idle, rate, seconds, slow } = result.plan
  return [
    `# Results of \`npm run soak\`: ${kindOf(result.plan)}`,
    "",
    `${date.slice(0, 16).replace("T", " ")} UTC · ${cpu}, ${cores} cores, ${memory} · ${system} · node ${versions.node}`,
    "",
    `${idle} idle connections, ${busy} busy ones with ${rate} messages in a second, and ${slow} slow readers, for ${seconds} s.`,
    "",
    table(result),
    "",
    `![Memory of the server](${plot})`,
    ""
  ].join("\n")
}

const [left, top, width, height] = [60, 50, 800, 320]

const place = (result: Result) => {
  const most = Math.max(...result.points.map(({ rss }) => rss)) * 1.1
  const x = (seconds: number) => (left + (seconds / result.plan.seconds) * width).toFixed(1)
  const y = (octets: number) => (top + height - (octets / most) * height).toFixed(1)
  return { most, x, y }
}

const line = (path: string, colour: string): string =>
  `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`

/** RSS once in a second, and the heap where it was looked at. */
export const picture = (result: Result): string => {
  const { most, x, y } = place(result)
  const { early, late, plan, points } = result
  const grid = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const at = y(share * most)
    const label = `<text x="${left - 6}" y="${at}" font-size="11" text-anchor="end">${Math.round((share * most) / mebi)}</text>`
    const time = `<text x="${x(share * plan.seconds)}" y="${top + height + 18}" font-size="11" text-anchor="middle">${share * plan.seconds} s</text>`
    return `<line x1="${left}" x2="${left + width}" y1="${at}" y2="${at}" stroke="#ddd"/>${label}${time}`
  })
  const rss = points.map(({ at, rss }) => `${x(at)},${y(rss)}`).join(" ")
  const heap = `${x(plan.seconds / 4)},${y(early.heap)} ${x(plan.seconds)},${y(late.heap)}`
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${left + width + 40}" height="${top + height + 40}" font-family="sans-serif">` +
    `<rect width="100%" height="100%" fill="#fff"/>` +
    `<text x="10" y="22" font-size="16">Memory of the server under load, MiB</text>` +
    `<text x="10" y="40" font-size="11"><tspan fill="#1565c0">RSS</tspan> <tspan fill="#43a047">heap after a garbage collection</tspan></text>` +
    `${grid.join("")}${line(rss, "#1565c0")}${line(heap, "#43a047")}</svg>\n`
  )
}
