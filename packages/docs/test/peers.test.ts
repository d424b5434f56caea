import { existsSync, readdirSync, readFileSync } from "node:fs"
import * as path from "node:path"
import { pathToFileURL } from "node:url"
import { describe, expect, it } from "vitest"
import { root } from "./support/pages.js"

interface Kind {
  readonly peer: string
  readonly role: string
  readonly deflated: string
}

interface Table {
  readonly kindOf: (name: string) => Kind
}

const { kindOf }: Table = await import(pathToFileURL(path.join(root, "packages/docs/commands/peersTable.js")).href)

const read = (file: string): string => readFileSync(path.join(root, file), "utf8")

const row =
  /^\| (.+?) +\| (.+?) +\| (server|client|both|reverse proxy) +\| (yes|no) +\| (\d+ of \d+) +\| \[.+\]\(\.\.\/(\S+)\) *\|$/gm

const rows = [...read("packages/docs/peers.md").matchAll(row)].map(
  ([, peer = "", version = "", role = "", deflated = "", passed = "", file = ""]) => ({
    peer,
    version,
    role,
    deflated,
    passed: passed.split(" of ").map(Number),
    file: `packages/${file}`
  })
)

/** The tests with other implementations. */
const files = [
  "packages/conformance/test/browser/chromium.test.ts",
  ...["test/interop", "peers"].flatMap((folder) =>
    readdirSync(path.join(root, "packages/conformance", folder))
      .filter((file) => file.endsWith(".test.ts"))
      .map((file) => `packages/conformance/${folder}/${file}`)
  )
]

const { devDependencies } = JSON.parse(read("packages/conformance/package.json"))

const installed = Object.fromEntries(
  [...read("packages/docs/commands/peers.js").matchAll(/"(\w+)@([\d.]+)"/g)].map(([, name, version]) => [name, version])
)

/** The versions that are pinned; others are those of Debian. */
const versions: Readonly<Record<string, string | undefined>> = {
  ws: devDependencies.ws,
  undici: devDependencies.undici,
  Bun: installed.bun,
  Deno: installed.deno
}

describe("the page on peers, which `npm run peers` writes", () => {
  it("has rows of tests which are there, and all of which have passed", () => {
    expect(rows.length).toBeGreaterThan(20)
    expect(rows.filter(({ file }) => !existsSync(path.join(root, file)))).toEqual([])
    for (const { passed } of rows) expect(passed[0]).toBe(passed[1])
  })

  it("has a row for each file with another implementation, and each pair that is tested", () => {
    expect(files.filter((file) => !rows.some((each) => each.file === file))).toEqual([])
    const titles = files.flatMap((file) =>
      [...read(file).matchAll(/(?:interop\(|\[)"((?:our client|our server) and [^"]*)"/g)].map((match) => match[1]!)
    )
    expect(titles.length).toBeGreaterThanOrEqual(12)
    const written = new Set(rows.map(({ deflated, peer, role }) => JSON.stringify({ peer, role, deflated })))
    expect(titles.filter((title) => !written.has(JSON.stringify(kindOf(title))))).toEqual([])
  })

  it("has the versions that are pinned", () => {
    for (const { peer, version } of rows) expect(`${peer} ${version}`).toBe(`${peer} ${versions[peer] ?? version}`)
  })
})
