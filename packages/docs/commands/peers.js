/**
 * `npm run peers [-- folder]`: runs the tests with other implementations, and writes what came of it, with the versions they had,
 * into the table of packages/docs/peers.md.
 *
 * Bun and Deno are those which npm has installed in `folder` (`npm install --prefix folder --ignore-scripts bun deno`); else they
 * are installed into a temporary directory, since they are large.
 */
import { execFileSync, spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join, relative, resolve } from "node:path"
import { startVitest } from "vitest/node"
import { install, root } from "./install.js"
import { format, replaceIn, rowsOf } from "./peersTable.js"

/** What CI installs has the same versions. */
const packages = ["bun@1.4.5", "deno@2.9.6"]

const page = join(root, "packages/docs/peers.md")

const ofPackage = (file) => JSON.parse(readFileSync(file, "utf8")).version

/** The first number with points of what a program says. */
const ofProgram = (command, ...args) => {
  const { stderr, stdout } = spawnSync(command, args, { encoding: "utf8" })
  return /\d+(\.\d+)+/.exec(stdout + stderr)?.[0]
}

/** What the peers say they are. */
const versionsIn = (folder) => {
  const require = createRequire(join(root, "packages/conformance/package.json"))
  const boost = readFileSync("/usr/include/boost/version.hpp", "utf8")
  return {
    ws: ofPackage(require.resolve("ws/package.json")),
    undici: ofPackage(require.resolve("undici/package.json")),
    "Boost.Beast": `Boost ${/BOOST_LIB_VERSION "(\w+)"/.exec(boost)[1].replace("_", ".")}`,
    Chromium: ofProgram("/usr/bin/chromium", "--version"),
    "Python's websockets": ofProgram(
      "/usr/bin/python3",
      "-c",
      "from websockets.version import version; print(version)"
    ),
    nginx: ofProgram("/usr/sbin/nginx", "-v"),
    Bun: ofPackage(join(folder, "node_modules/bun/package.json")),
    Deno: ofPackage(join(folder, "node_modules/deno/package.json"))
  }
}

const test = async (folder) => {
  process.env.PEERS = folder
  const vitest = await startVitest("test", [], { run: true, config: "packages/conformance/peers/vitest.config.ts" })
  const tests = vitest.state.getTestModules().flatMap((module) =>
    [...module.children.allTests()].map((each) => ({
      name: each.fullName,
      file: relative(root, module.moduleId),
      passed: each.result().state === "passed"
    }))
  )
  await vitest.close()
  const written = format(rowsOf(tests), versionsIn(folder))
  const day = `${new Date().toISOString().slice(0, 10)}, on Node.js ${process.versions.node}`
  writeFileSync(page, replaceIn(readFileSync(page, "utf8"), written, day))
  console.log(`\n${written}\n\nwrote ${relative(process.cwd(), page)}`)
}

const installed = async () => {
  const folder = mkdtempSync(join(tmpdir(), "peers-"))
  try {
    const args = ["install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", ...packages]
    execFileSync("npm", args, { stdio: "inherit" })
    await test(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

install()
const [folder] = process.argv.slice(2)
await (folder === undefined ? installed() : test(resolve(folder)))
