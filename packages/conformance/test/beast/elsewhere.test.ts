import ts from "typescript"
import { describe, expect, it } from "vitest"
import { read, typeScriptFiles } from "../support/workspace.js"
import { deviations } from "./deviations.js"
import { elsewhere } from "./elsewhere.js"

const known = new Map<string, ReadonlyArray<string>>()

/** The texts of the strings and templates of a file. */
const stringsOf = (file: string): ReadonlyArray<string> => {
  const before = known.get(file)
  if (before !== undefined) return before
  const found: Array<string> = []
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
      found.push(node.text)
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(file, read(file), ts.ScriptTarget.ES2022, true))
  known.set(file, found)
  return found
}

describe("Beast's cases that are tests of ours already", () => {
  for (const [beast, cases] of Object.entries(elsewhere)) {
    it(`${beast}: each is in the file that is named, under the title that is named`, () => {
      const lost = cases.filter(([, file, title]) => !stringsOf(file).some((text) => text.includes(title)))
      expect(lost).toEqual([])
    })
  }
})

describe("the page on where we leave Beast", () => {
  it("says of each row what is here, and why", () => {
    expect(deviations.filter(({ beast, here, why }) => beast === "" || here === "" || why === "")).toEqual([])
    expect(new Set(deviations.map(({ beast }) => beast)).size).toBe(deviations.length)
  })

  it("has a test for each row", () => {
    const folder = "packages/conformance/test/beast"
    const named = typeScriptFiles(folder).flatMap((file) => stringsOf(`${folder}/${file}`))
    expect(deviations.map(({ beast }) => beast).filter((beast) => !named.includes(beast))).toEqual([])
  })
})
