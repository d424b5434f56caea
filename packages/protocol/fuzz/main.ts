/**
 * `npm run fuzz`: runs the decoders of the kernel over octets that nobody has thought of, guided by the branches they take. Ends
 * with a failure, and the octets, when a law does not hold.
 *
 * The sources are instrumented and run from packages/protocol/.tsbuildinfo/fuzz. It starts from the inputs in corpus/.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { parseArgs } from "node:util"
import * as Corpus from "./Corpus.js"
import { type Finding, Fuzzer } from "./Fuzzer.js"
import { instrument } from "./instrument.js"
import { Random } from "./Random.js"
import { type Target, textOf } from "./Target.js"

const help = `npm run fuzz -- [options]
  --seconds <n>      for how long, all targets together (60)
  --target <name>    only this one; may be repeated
  --seed <n>         another seed gives other inputs (from the time, and told)
  --save             keeps the inputs that reach something new in the corpus
  --input <text>     runs this one input (a JSON string, as findings are told)`

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    target: { type: "string", multiple: true },
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    save: { type: "boolean", default: false },
    input: { type: "string" },
    help: { type: "boolean", default: false }
  }
})

const root = new URL("../", import.meta.url)
const built = new URL(".tsbuildinfo/fuzz/", root)
const corpus = new URL("fuzz/corpus/", root)

/** Writes everything as JavaScript; what stands in `src` counts its branches. The number of them. */
const build = (): number => {
  let branches = 0
  rmSync(built, { recursive: true, force: true })
  for (const folder of ["src", "test/support", "fuzz"]) {
    for (const file of readdirSync(new URL(folder, root), { recursive: true, encoding: "utf8" })) {
      if (!file.endsWith(".ts") || file.endsWith(".d.ts")) continue
      const source = readFileSync(new URL(`${folder}/${file}`, root), "utf8")
      const isCounted = folder === "src"
      const output = instrument(source, isCounted ? branches : undefined)
      if (isCounted) branches += output.branches
      const target = new URL(`${folder}/${file.replace(/\.ts$/, ".js")}`, built)
      mkdirSync(dirname(target.pathname), { recursive: true })
      writeFileSync(target, output.code)
    }
  }
  return branches
}

const tell = ({ error, octets, target }: Finding): void => {
  console.error(`\n${target}: a law does not hold for ${JSON.stringify(textOf(octets))}`)
  console.error(error)
  process.exitCode = 1
}

/** Fuzzes one target; the corpus is run first, so that what it has found once is never lost. */
const fuzz = (target: Target, branches: Uint8Array, seconds: number): Finding | undefined => {
  const fuzzer = new Fuzzer(target, branches, new Random(Number(values.seed)))
  const begin = performance.now()
  for (const octets of Corpus.load(corpus, target.name)) {
    const finding = fuzzer.try(octets)
    if (finding !== undefined) return finding
  }
  const known = fuzzer.corpus.length
  while (performance.now() - begin < seconds * 1000) {
    const finding = fuzzer.step()
    if (finding !== undefined) return finding
  }
  const speed = Math.round(fuzzer.runs / ((performance.now() - begin) / 1000))
  const [runs, fresh] = [String(fuzzer.runs).padStart(9), String(fuzzer.corpus.length - known).padStart(4)]
  console.log(
    `${target.name.padEnd(18)} ${runs} runs, ${String(speed).padStart(6)}/s, ${String(fuzzer.reached).padStart(4)} branches, ${fresh} new inputs`
  )
  if (values.save) Corpus.save(corpus, target.name, fuzzer.minimal())
  return undefined
}

const main = async (): Promise<void> => {
  const branches = new Uint8Array(build())
  Object.assign(globalThis, { branches })
  const { targets }: { targets: ReadonlyArray<Target> } = await import(new URL("fuzz/targets.js", built).href)
  const chosen = targets.filter(({ name }) => values.target?.includes(name) ?? true)
  if (chosen.length === 0) throw new Error(`targets are: ${targets.map(({ name }) => name).join(", ")}`)
  if (values.input !== undefined) {
    const octets = new Uint8Array(Buffer.from(JSON.parse(values.input), "latin1"))
    for (const target of chosen) target.check(octets)
    return
  }
  console.log(`seed ${values.seed}, ${branches.length} branches`)
  for (const target of chosen) {
    const finding = fuzz(target, branches, Number(values.seconds) / chosen.length)
    if (finding !== undefined) tell(finding)
  }
}

if (values.help) console.log(help)
else await main()
