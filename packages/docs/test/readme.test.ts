import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import ts from "typescript"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { blocks, deadLinks, pages, root, writeBlocks } from "./support/pages.js"
import { ended, start } from "./support/program.js"

/** The options of the repository, for a program that is checked only. */
const options = (): ts.CompilerOptions => {
  const { config } = ts.readConfigFile(path.join(root, "tsconfig.base.json"), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  return { ...options, composite: false, declaration: false, declarationMap: false, noEmit: true, types: ["node"] }
}

const messagesOf = (program: ts.Program, file: string): ReadonlyArray<string> =>
  ts
    .getPreEmitDiagnostics(program, program.getSourceFile(file))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"))

/** Where the blocks run: with the certificates of the tests, as `ca.pem`, `server.pem`, `server-key.pem` and those of a client. */
const workplace = (): string => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "docs-"))
  for (const name of ["ca.pem", "server.pem", "server-key.pem", "client.pem", "client-key.pem"]) {
    fs.copyFileSync(path.join(root, "packages/node/test/fixtures/tls", name), path.join(folder, name))
  }
  return folder
}

describe("the pages of the documentation", () => {
  for (const page of pages) {
    it(`${page}: every link leads to a file that exists`, () => {
      expect(deadLinks(page)).toEqual([])
    })
  }
})

describe("the code in the documentation", () => {
  let folder = ""
  let program: ts.Program

  beforeAll(() => {
    writeBlocks()
    folder = workplace()
    const host = ts.createCompilerHost(options())
    host.getCurrentDirectory = () => root
    const files = blocks.map(({ file }) => file)
    program = ts.createProgram({ rootNames: files, options: options(), host })
  }, 60_000)

  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

  it("is there", () => {
    expect(blocks.filter(({ page }) => page === "README.md").length).toBeGreaterThanOrEqual(5)
  })

  for (const { file, line, page, prints } of blocks) {
    it(`${page}:${line} compiles`, () => {
      expect(messagesOf(program, file)).toEqual([])
    })

    it(`${page}:${line} runs, prints what it says, and ends by itself`, async () => {
      const { code, stderr, stdout } = await ended(start(file, [], folder))
      const lines = stdout.split("\n").slice(0, -1)
      expect({ code, stderr, lines }).toEqual({ code: 0, stderr: "", lines: prints })
    })
  }
})
