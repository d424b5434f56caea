/** Tests that pages name, `[title](../../packages/…/X.test.ts)`, and whether they are there. */
import { readFileSync } from "node:fs"
import * as path from "node:path"
import ts from "typescript"
import { root } from "./pages.js"

export interface NamedTest {
  readonly title: string
  /** Relative to the root; empty: none is named. */
  readonly file: string
}

const read = (file: string): string => readFileSync(path.join(root, file), "utf8")

/** A page of the documentation. */
export const readPage = (page: string): string => read(`packages/docs/${page}`)

const link = /^\[(.*)\]\(\.\.\/\.\.\/(.*)\)$/

/** The test that a cell of a table names. */
export const linkedTest = (cell: string): NamedTest => {
  const [, title = "", file = ""] = link.exec(cell) ?? []
  return { title: title.replaceAll("\\|", "|"), file }
}

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
export const isThere = ({ file, title }: NamedTest): boolean =>
  stringsOf(file).some((text) => text.includes(title) || (text.length * 3 >= title.length && title.includes(text)))
