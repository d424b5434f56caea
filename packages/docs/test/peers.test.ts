import { existsSync, readdirSync, readFileSync } from "node:fs"
import * as path from "node:path"
import { describe, expect, it } from "vitest"
import { root } from "./support/pages.js"

const read = (file: string): string => readFileSync(path.join(root, file), "utf8")

const row = /^\| (.+?) +\| (\S+) +\| (server|client|both|reverse proxy) +\| (yes|no) +\| \[(.+)\]\(\.\.\/(\S+)\) *\|$/gm

const rows = [...read("packages/docs/peers.md").matchAll(row)].map(
  ([, peer = "", version = "", role = "", deflated = "", title = "", file = ""]) => ({
    peer,
    version,
    role,
    deflated,
    title,
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

describe("the page on peers", () => {
  it("names tests that exist, and says whether they are deflated", () => {
    expect(rows.filter(({ file }) => !existsSync(path.join(root, file)))).toEqual([])
    const missing = rows.filter(({ file, title }) => !read(file).includes(title))
    expect(missing.map(({ file, title }) => `${file}: ${title}`)).toEqual([])
    expect(rows.filter(({ deflated, file }) => deflated === "yes" && !/deflate|compress/i.test(read(file)))).toEqual([])
  })

  it("has a row for each file with another implementation, and each pair that is tested", () => {
    expect(files.filter((file) => !rows.some((each) => each.file === file))).toEqual([])
    const titles = files.flatMap((file) =>
      [...read(file).matchAll(/(?:interop\(|\[)"((?:our client|our server) and [^"]*)"/g)].map((match) => match[1]!)
    )
    expect(titles.length).toBeGreaterThanOrEqual(12)
    const written = new Set(rows.map(({ title }) => title))
    expect(titles.filter((title) => !written.has(title) && !written.has(title.replace(", deflated", "")))).toEqual([])
  })

  it("names the versions that are used", () => {
    for (const { peer, version } of rows) expect(`${peer} ${version}`).toBe(`${peer} ${versions[peer] ?? "Debian"}`)
  })
})
