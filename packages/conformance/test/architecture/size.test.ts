import ts from "typescript"
import { describe, expect, it } from "vitest"
import { read, sources } from "../support/workspace.js"

const maxFile = 250
const maxFunction = 60
const maxMedian = 8

/** Longer files, with their reasons. The number is the limit in their case. */
const longer: Readonly<Record<string, { readonly lines: number; readonly reason: string }>> = {}

const linesOf = (file: string): number => read(file).trimEnd().split("\n").length

interface Sized {
  readonly place: string
  readonly lines: number
}

const isFunction = (node: ts.Node): boolean =>
  ts.isFunctionDeclaration(node) ||
  ts.isFunctionExpression(node) ||
  ts.isArrowFunction(node) ||
  ts.isMethodDeclaration(node) ||
  ts.isConstructorDeclaration(node) ||
  ts.isAccessor(node)

const functionsOf = (file: string): ReadonlyArray<Sized> => {
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.ES2022, true)
  const found: Array<Sized> = []
  const visit = (node: ts.Node): void => {
    if (isFunction(node)) {
      const first = source.getLineAndCharacterOfPosition(node.getStart()).line
      const last = source.getLineAndCharacterOfPosition(node.getEnd()).line
      found.push({ place: `${file}:${first + 1}`, lines: last - first + 1 })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

const functions = sources().flatMap(functionsOf)

describe("sizes", () => {
  it(`a file has at most ${maxFile} lines`, () => {
    const tooLong = sources().filter((file) => linesOf(file) > (longer[file]?.lines ?? maxFile))
    expect(tooLong.map((file) => `${file}: ${linesOf(file)}`)).toEqual([])
  })

  it("no exception is out of date", () => {
    expect(Object.keys(longer).filter((file) => linesOf(file) <= maxFile)).toEqual([])
  })

  it(`a function has at most ${maxFunction} lines`, () => {
    expect(functions.filter(({ lines }) => lines > maxFunction)).toEqual([])
  })

  it(`the median function has at most ${maxMedian} lines`, () => {
    const sorted = functions.map(({ lines }) => lines).sort((a, b) => a - b)
    expect(sorted[sorted.length >> 1]).toBeLessThanOrEqual(maxMedian)
  })
})
