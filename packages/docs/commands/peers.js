/**
 * `npm run peers [-- folder]`: runs the tests with Bun and Deno, which npm has installed in `folder`
 * (`npm install --prefix folder --ignore-scripts bun deno`); else it installs them into a temporary directory, since they are large.
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { install, root } from "./install.js"

/** The page on peers, and what CI installs, have the same versions. */
const packages = ["bun@1.4.5", "deno@2.9.6"]

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
  const args = ["install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", ...packages]
  try {
    if (run("npm", args)) test(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

install()
const [folder] = process.argv.slice(2)
if (folder === undefined) installed()
else test(resolve(folder))
