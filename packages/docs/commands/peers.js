/**
 * `npm run peers`: installs Bun and Deno into a temporary directory, since they are large, and runs the tests with them.
 *
 * PEERS names a directory where they are already, such as one of an earlier run: then nothing is installed.
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { install, root } from "./install.js"

/** What is installed; the page on peers names the same versions. */
const packages = ["bun@1.4.5", "deno@2.9.6"]

/** They put the programs in their places; not every npm runs them. */
const scripts = ["bun/install.js", "deno/install.cjs"]

const run = (command, args, env = process.env) => {
  const { error, status } = spawnSync(command, args, { cwd: root, stdio: "inherit", env })
  if (error !== undefined) console.error(error.message)
  if (status !== 0) process.exitCode = 1
  return status === 0
}

const test = (folder) => {
  const config = "packages/conformance/peers/vitest.config.ts"
  run("npm", ["exec", "--", "vitest", "run", "--config", config], { ...process.env, PEERS: folder })
}

const installed = () => {
  const folder = mkdtempSync(join(tmpdir(), "peers-"))
  try {
    const done = run("npm", ["install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", ...packages])
    if (done && scripts.every((script) => run(process.execPath, [join(folder, "node_modules", script)]))) test(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  install()
  if (process.env.PEERS === undefined) installed()
  else test(process.env.PEERS)
}
