/** `npm run bench`: measures what was asked for, prints it, and writes the results. */
import * as Arguments from "./Arguments.js"
import type { Case } from "./Case.js"
import { cases } from "./cases.js"
import { micro } from "./micro/micro.js"
import { peers } from "./Peer.js"
import { duration, type Plan, run, times } from "./Runner.js"
import { line } from "./report/table.js"
import { write } from "./report/write.js"

const chosen = ({ cases: prefixes, quick }: Arguments.Arguments): ReadonlyArray<Case> => {
  const named = cases.filter(({ name }) => prefixes.length === 0 || prefixes.some((prefix) => name.startsWith(prefix)))
  if (!quick || prefixes.length > 0) return named
  return named.filter((one) => one.quick.length > 0).map((one) => ({ ...one, peers: one.quick }))
}

const planOf = (asked: Arguments.Arguments): Plan => ({
  cases: chosen(asked),
  peers: asked.peers,
  rounds: asked.rounds ?? (asked.quick ? 1 : 3),
  times: asked.profile !== undefined ? times.long : asked.quick ? times.quick : times.full,
  profile: asked.profile
})

/** Which results these are: a selection does not replace those of a whole run. */
const nameOf = ({ cases: prefixes, peers: names, quick }: Arguments.Arguments): string =>
  prefixes.length > 0 || names.length > 0 ? "selection" : quick ? "quick" : "full"

const list = (): void => {
  for (const { name, title } of cases) console.log(`${name.padEnd(28)} ${title}`)
  console.log(`\npeers: ${peers.map(({ name }) => name).join(", ")}`)
}

const measure = async (asked: Arguments.Arguments): Promise<void> => {
  const plan = planOf(asked)
  if (plan.cases.length === 0) throw new Error("no case of that name; --list tells them")
  console.log(`${plan.cases.length} cases, about ${Math.ceil(duration(plan) / 60)} min; µs of CPU per message\n`)
  const rows = await run(plan, (row) => console.log(line(row)))
  for (const file of write(nameOf(asked), rows, plan)) console.log(`wrote ${file}`)
}

const main = async (): Promise<void> => {
  const asked = Arguments.parse(process.argv.slice(2))
  if (asked.command === "help") return console.log(Arguments.help)
  if (asked.command === "list") return list()
  if (asked.command === "micro") process.exitCode = micro(asked.save)
  else await measure(asked)
}

main().catch((cause: unknown) => {
  console.error(cause instanceof Error ? cause.message : cause)
  process.exitCode = 1
})
