/** `npm run soak`: exit code 1 when a bound is broken. */
import { mkdirSync, writeFileSync } from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { machine } from "../report/machine.js"
import { boundsOf } from "./bounds.js"
import { help, kindOf, parse } from "./Plan.js"
import { markdown, picture, table } from "./report.js"
import { type Result, soak } from "./soak.js"

const folder = fileURLToPath(new URL("../../results/", import.meta.url))

const write = (result: Result): void => {
  mkdirSync(folder, { recursive: true })
  const kind = kindOf(result.plan)
  const name = kind === "plain" ? "soak" : `soak-${kind}`
  writeFileSync(path.join(folder, `${name}.md`), markdown(result, `${name}.svg`, machine()))
  writeFileSync(path.join(folder, `${name}.svg`), picture(result))
  console.log(`wrote ${path.relative(process.cwd(), folder)}/${name}.md and ${name}.svg`)
}

const main = async (): Promise<void> => {
  const plan = parse(process.argv.slice(2))
  if (plan === undefined) return console.log(help)
  const result = await soak(plan, console.log)
  console.log(table(result))
  if (!plan.quick) write(result)
  process.exitCode = boundsOf(result).every(({ holds }) => holds) ? 0 : 1
}

main().catch((cause: unknown) => {
  console.error(cause instanceof Error ? cause.message : cause)
  process.exitCode = 1
})
