/**
 * `npm test`: installs if need be, then runs every check there is and tells at the end which of them failed.
 *
 * Arguments go to Vitest: `npm test -- packages/protocol` runs all checks, but only the tests of one package.
 */
import { spawnSync } from "node:child_process"
import { createRequire } from "node:module"
import { join } from "node:path"
import { install, root } from "./install.js"

install()

/** The file behind a command of a package, so that no shell is needed. */
const command = (name, bin = name) => {
  const require = createRequire(import.meta.url)
  const manifest = require.resolve(`${name}/package.json`)
  const { bin: bins } = require(manifest)
  return join(manifest, "..", typeof bins === "string" ? bins : bins[bin])
}

const steps = [
  { name: "types", run: [command("typescript", "tsc"), "-b"] },
  { name: "lint", run: [command("@biomejs/biome", "biome"), "check"] },
  ...["websocket", "platform", "browser"].map((name) => ({
    name: `type tests of ${name}`,
    run: [command("tstyche"), "--root", `packages/${name}`]
  })),
  { name: "tests", run: [command("vitest"), "run", "--maxWorkers=100%", ...process.argv.slice(2)] }
]

/** A step that takes longer than any should is stuck. */
const longest = 15 * 60 * 1000

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`

const results = steps.map(({ name, run }) => {
  console.log(`\n── ${name} ──`)
  const begin = performance.now()
  const { error, status } = spawnSync(process.execPath, run, { cwd: root, stdio: "inherit", timeout: longest })
  if (error !== undefined) console.error(error.message)
  return { name, passed: status === 0, took: seconds(begin) }
})

console.log("")
for (const { name, passed, took } of results) console.log(`${passed ? "passed" : "FAILED"}  ${name} (${took})`)
process.exitCode = results.every(({ passed }) => passed) ? 0 : 1
