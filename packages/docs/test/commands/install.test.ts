import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { pathToFileURL } from "node:url"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { root } from "../support/pages.js"

interface Install {
  readonly isOutdated: (folder: string) => boolean
}

/** Plain JavaScript, since it runs before anything is installed: it has no types. */
const { isOutdated }: Install = await import(pathToFileURL(path.join(root, "packages/docs/commands/install.js")).href)

describe("the install step", () => {
  let folder = ""

  const write = (file: string, time: number) => {
    const whole = path.join(folder, file)
    fs.mkdirSync(path.dirname(whole), { recursive: true })
    fs.writeFileSync(whole, "{}")
    fs.utimesSync(whole, time, time)
  }

  beforeEach(() => {
    folder = `${fs.mkdtempSync(path.join(os.tmpdir(), "install-"))}/`
  })

  afterEach(() => fs.rmSync(folder, { recursive: true }))

  it("is needed in a fresh clone", () => {
    write("package-lock.json", 1000)
    expect(isOutdated(folder)).toBe(true)
  })

  it("is needed when the lock file is newer than what is installed", () => {
    write("node_modules/.package-lock.json", 1000)
    write("package-lock.json", 2000)
    expect(isOutdated(folder)).toBe(true)
  })

  it("is not needed otherwise", () => {
    write("package-lock.json", 1000)
    write("node_modules/.package-lock.json", 2000)
    expect(isOutdated(folder)).toBe(false)
  })

  it("does nothing here, where these tests run", () => {
    expect(isOutdated(root)).toBe(false)
  })
})
