import * as fs from "node:fs"
import * as path from "node:path"
import { pathToFileURL } from "node:url"
import { describe, expect, it } from "vitest"
import { root } from "../support/pages.js"

interface Entry {
  readonly version?: string
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

interface Lock {
  readonly missing: (packages: Readonly<Record<string, Entry>>) => ReadonlyArray<readonly [string, unknown]>
}

const { missing }: Lock = await import(pathToFileURL(path.join(root, "packages/docs/commands/lock.js")).href)

describe("package-lock.json", () => {
  it("has the optional packages of all platforms; if not: node packages/docs/commands/lock.js", () => {
    const { packages } = JSON.parse(fs.readFileSync(path.join(root, "package-lock.json"), "utf8"))
    expect(missing(packages).map(([name]) => name)).toEqual([])
  })

  it("an entry that is missing is found, with what its name says of the platform", () => {
    const packages = {
      "node_modules/tool": { optionalDependencies: { "@tool/linux-x64-musl": "1.0.0", "@tool/darwin-arm64": "1.0.0" } },
      "node_modules/@tool/darwin-arm64": { version: "1.0.0" }
    }
    const entry = { version: "1.0.0", cpu: ["x64"], libc: ["musl"], optional: true, os: ["linux"] }
    expect(missing(packages)).toEqual([["node_modules/@tool/linux-x64-musl", entry]])
  })
})
