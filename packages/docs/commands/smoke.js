/**
 * `npm run smoke [-- folder]`: a session over each transport on Node.js, and on the Bun and Deno which npm has installed in `folder`
 * (`npm install --prefix folder --ignore-scripts bun deno`). It needs the builds: `npm run build`.
 */
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"
import { join, resolve } from "node:path"
import { root } from "./install.js"

const session = join(root, "packages/conformance/smoke/session.mjs")

/** The program that npm has installed for this platform: `@scope/name-of-platform/…`. */
const programs = (folder, scope, file) => {
  const packages = join(folder, "node_modules", scope)
  if (!existsSync(packages)) return []
  return readdirSync(packages)
    .map((name) => join(packages, name, file))
    .filter(existsSync)
}

/** Deno 2.9 makes no TLS of a server over sockets that came before (`tls.Server` that listens nowhere): see the guide on deployment. */
const runtimes = (folder) => [
  { name: "Node.js", command: [process.execPath, session] },
  ...programs(folder, "@oven", "bin/bun").map((bun) => ({ name: "Bun", command: [bun, "run", session] })),
  ...programs(folder, "@deno", "deno").map((deno) => ({
    name: "Deno",
    command: [deno, "run", "--allow-all", "--no-remote", session, "tls"]
  }))
]

const folder = process.argv[2]
const found = runtimes(folder === undefined ? root : resolve(folder))
if (folder !== undefined && found.length < 3) {
  console.error(`Bun or Deno is not in ${folder}`)
  process.exit(1)
}
const failed = found.filter(({ command: [program, ...args], name }) => {
  console.log(`── ${name} ──`)
  return spawnSync(program, args, { cwd: root, stdio: "inherit", timeout: 120_000 }).status !== 0
})
process.exitCode = failed.length === 0 ? 0 : 1
