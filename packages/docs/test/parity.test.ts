import { readFileSync } from "node:fs"
import * as path from "node:path"
import ts from "typescript"
import { describe, expect, it } from "vitest"
import { root } from "./support/pages.js"

/** A row of the page. */
interface Row {
  readonly id: string
  readonly status: string
  readonly here: string
  readonly title: string
  readonly file: string
}

const read = (file: string): string => readFileSync(path.join(root, file), "utf8")

const row = /^\| ([A-Z]+-?\d+) +\| ([a-z ]+?) +\| (.*?) +\| (.*?) *\|$/gm
const link = /^\[(.*)\]\(\.\.\/\.\.\/(.*)\)$/

const rows: ReadonlyArray<Row> = [...read("packages/docs/parity.md").matchAll(row)].map(
  ([, id = "", status = "", here = "", test = ""]) => {
    const [, title = "", file = ""] = link.exec(test) ?? []
    return { id, status, here, title: title.replaceAll("\\|", "|"), file }
  }
)

const known = new Map<string, ReadonlyArray<string>>()

/** What is said in code: strings, and the fixed parts of templates and of titles with placeholders. */
const stringsOf = (file: string): ReadonlyArray<string> => {
  const before = known.get(file)
  if (before !== undefined) return before
  const found: Array<string> = []
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
      found.push(...node.text.split(/%[a-z]|\$\w+/))
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(file, read(file), ts.ScriptTarget.ES2022, true))
  const texts = found.map((text) => text.trim())
  known.set(file, texts)
  return texts
}

/** Whether the file has a test of this title: the whole, or the part of it that is not filled in. */
const isThere = ({ file, title }: Row): boolean =>
  stringsOf(file).some((text) => text.includes(title) || (text.length * 3 >= title.length && title.includes(text)))

describe("the page on parity with Boost.Beast", () => {
  it("has each row once, with its status, and what is here", () => {
    expect(rows.length).toBeGreaterThanOrEqual(95)
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length)
    expect(rows.filter(({ status }) => !["done", "better", "not applicable"].includes(status))).toEqual([])
    expect(rows.filter(({ here }) => here === "")).toEqual([])
  })

  it("names a test for each row that is here", () => {
    expect(rows.filter(({ status, file }) => status !== "not applicable" && file === "")).toEqual([])
  })

  it("names tests that exist", () => {
    expect(rows.filter((each) => each.file !== "" && !isThere(each)).map(({ id, title }) => `${id} ${title}`)).toEqual(
      []
    )
  })
})
