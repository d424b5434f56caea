import { execFile, execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { root } from "../support/pages.js"

interface Run {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const command = path.join(root, "packages/docs/commands/native.js")

/** Knows versions, notes what it compiles, and makes a program of it unless the source says "wrong". */
const compiler = `#!/bin/sh
case "$*" in *-E*) echo '"12.2"'; echo '"1_74"'; exit ;; esac
echo "$*" >> "$(dirname "$0")/log"
sleep 0.2
! grep -q wrong "$(dirname "$0")/native/peer.cpp" || exit 1
while [ "$1" != -o ]; do shift; done
cp "$0" "$2"
`

describe("the compilation of C++ programs", () => {
  let folder = ""
  let source = ""

  const run = (args: ReadonlyArray<string>, cxx = path.join(folder, "cxx")) =>
    new Promise<Run>((resolve) => {
      const options = { env: { ...process.env, CXX: cxx } }
      execFile(process.execPath, [command, ...args], options, (error, stdout, stderr) =>
        resolve({ code: Number(error?.code ?? 0), stdout: stdout.trim(), stderr })
      )
    })

  /** Copied by another process: a child that is forked while this one writes would have the file open, and it could not be run. */
  const script = (name: string, text: string) => {
    const file = path.join(folder, name)
    fs.writeFileSync(`${file}.text`, text, { mode: 0o755 })
    execFileSync("cp", [`${file}.text`, file])
  }

  const compilations = () => fs.readFileSync(path.join(folder, "log"), "utf8").trim().split("\n").length

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "native-"))
    source = path.join(folder, "native/peer.cpp")
    fs.mkdirSync(path.dirname(source))
    fs.writeFileSync(source, "int main() {}")
    script("cxx", compiler)
  })

  afterEach(() => fs.rmSync(folder, { recursive: true }))

  it("is made once for all who ask, also at the same time", async () => {
    const [first, second] = await Promise.all([run([source]), run([source])])
    expect([first.code, second]).toEqual([0, first])
    expect(await run([source])).toEqual(first)
    expect(path.dirname(first.stdout)).toBe(path.join(folder, "dist/native"))
    expect(fs.statSync(first.stdout).mode & 0o111).not.toBe(0)
    expect(compilations()).toBe(1)
  })

  it("is made again for another source, and for other flags", async () => {
    const { stdout: before } = await run([source])
    const { stdout: faster } = await run([source, "-O2"])
    fs.appendFileSync(source, "// changed")
    const { stdout: after } = await run([source])
    expect(new Set([before, faster, after]).size).toBe(3)
    expect(compilations()).toBe(3)
  })

  it("fails when the source is wrong, and tries again", async () => {
    fs.writeFileSync(source, "wrong")
    for (const _ of [1, 2]) expect(await run([source])).toMatchObject({ code: 1, stdout: "" })
    expect(compilations()).toBe(2)
  })

  it("tells the version of Boost", async () => {
    expect(await run(["--boost"])).toMatchObject({ code: 0, stdout: "1.74" })
  })

  it("names the package of Debian that is missing", async () => {
    script("without-boost", "#!/bin/sh\nexit 1\n")
    const noCompiler = await run([source], path.join(folder, "none"))
    const noBoost = await run([source], path.join(folder, "without-boost"))
    expect([noCompiler.code, noBoost.code]).toEqual([1, 1])
    expect(noCompiler.stderr).toContain("install Debian's package g++")
    expect(noBoost.stderr).toContain("install Debian's package libboost-dev")
  })
})
