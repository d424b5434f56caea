/**
 * `npm run coverage`: the branches which the tests of the published packages take; fails when they are too few. Names of
 * packages may be given: `npm run coverage -- protocol`.
 *
 * A module of the kernel counts what its own mirror test takes, one of another package what the tests of that package take: that
 * something far away happens to run a branch says nothing about it.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { startVitest } from "vitest/node"
import { root } from "./install.js"

const isPublished = (name) =>
  JSON.parse(readFileSync(join(root, "packages", name, "package.json"), "utf8")).private !== true

const projects =
  process.argv.length > 2 ? process.argv.slice(2) : readdirSync(join(root, "packages")).filter(isPublished)

/** In percent. A branch of the kernel is a rule of an RFC, or one of ours. */
const least = (name) => (name === "protocol" ? 100 : 95)

const vitest = await startVitest("test", [], {
  root,
  run: true,
  project: projects,
  reporters: ["dot"],
  maxWorkers: "100%",
  coverage: {
    enabled: true,
    provider: "custom",
    customProviderModule: fileURLToPath(new URL("coverageProvider.js", import.meta.url)),
    include: projects.map((name) => `packages/${name}/src/**/*.ts`),
    // Types and names alone: nothing runs in them.
    exclude: ["**/*.d.ts", "**/index.ts"],
    reporter: [["text", { skipFull: true }]],
    experimentalAstAwareRemapping: true,
    thresholds: Object.fromEntries(projects.map((name) => [`packages/${name}/src/**`, { branches: least(name) }]))
  }
})
await vitest.close()
