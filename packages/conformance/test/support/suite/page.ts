/** The page of the documentation that tells of the suite. */
import type { Case } from "./Case.js"
import { expectedLine } from "./Tester.js"

const groups: Readonly<Record<string, string>> = {
  1: "messages of all lengths",
  2: "Pings and Pongs",
  3: "reserved bits",
  4: "reserved opcodes",
  5: "fragments",
  6: "UTF-8",
  7: "closing",
  8: "masking, lengths and limits",
  9: "long messages, many fragments, many messages",
  10: "odd fragments",
  12: "permessage-deflate: kinds of messages, blocks, faults",
  13: "permessage-deflate: all parameters"
}

const groupOf = ({ id }: Pick<Case, "id">): string => id.split(".")[0]!

const cell = (text: string): string => text.replaceAll("|", "\\|")

/** A table whose cells are as wide as the widest of their column. */
const table = (heads: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const all = [heads, ...rows].map((cells) => cells.map(cell))
  const widths = heads.map((_, at) => Math.max(3, ...all.map((cells) => cells[at]!.length)))
  const line = (cells: ReadonlyArray<string>) => `| ${cells.map((text, at) => text.padEnd(widths[at]!)).join(" | ")} |`
  const [first = [], ...others] = all
  return [line(first), line(widths.map((width) => "-".repeat(width))), ...others.map(line)].join("\n")
}

type Differences = ReadonlyMap<string, ReadonlyMap<string, string>>

const asExpected = "as expected"

const overview = (cases: ReadonlyArray<Case>, differences: Differences): string =>
  table(
    ["group", "cases", "ours, both roles", ...differences.keys()],
    Object.entries(groups).map(([group, name]) => {
      const inGroup = cases.filter((each) => groupOf(each) === group)
      const counts = [...differences.values()].map((other) => inGroup.filter(({ id }) => other.has(id)).length)
      const told = counts.map((count) => (count === 0 ? asExpected : `${count} differ`))
      return [`${group} ${name}`, `${inGroup.length}`, asExpected, ...told]
    })
  )

const details = (cases: ReadonlyArray<Case>, differences: Differences): string => {
  const others = [...differences.values()]
  const rows = cases
    .filter(({ id }) => others.some((other) => other.has(id)))
    .map(({ expect, id, name }) => [
      id,
      name,
      expectedLine(expect),
      ...others.map((other) => other.get(id) ?? asExpected)
    ])
  return table(["case", "what is sent", "expected, and ours", ...differences.keys()], rows)
}

export const page = (cases: ReadonlyArray<Case>, differences: Differences): string => `# Conformance

${cases.length} cases of our own, in the groups of the Autobahn test suite: frames are written by a tester that shares no code with the
library, and what comes back is read by it. Each runs in both roles where it makes sense, as it is written, and short ones octet by octet.
Ours are held to what is expected, without a second best: a fault fails the connection with its code at the octet that tells,
and what came before it is answered first. For comparison the cases run against others, of which what differs
is stored, so that a change of either is seen. This page is written by the run, as is what is stored:
\`npx vitest run --project conformance suite -u\`.

The cases, as code: [cases](../conformance/test/support/suite/cases.ts).

## How many differ

${overview(cases, differences)}

Most differ in lengths that are not the shortest, in text which fails at its end instead of at once, and in compressed messages that are
cut or have garbage behind them. "Not at once": it fails only when more octets have come. Versions: those of the
[package](../conformance/package.json).

## What differs

${details(cases, differences)}
`
