import type ts from "typescript"
import { beforeAll, describe, expect, it } from "vitest"
import {
  type Example,
  messagesOf,
  programOf,
  publicExports,
  publicModules,
  writeExamples
} from "./support/docstrings.js"

/** Modules without an example, with the place where they are shown. */
const shownElsewhere: ReadonlyMap<string, string> = new Map([
  ["packages/node/src/NodeDuplex.ts", "the README of the package, and the guide on layers"]
])

describe("the docstrings of the public API", () => {
  let examples: ReadonlyArray<Example> = []
  let program: ts.Program

  beforeAll(() => {
    examples = writeExamples()
    program = programOf(examples)
  }, 60_000)

  it("every export has one", () => {
    const exports = publicExports(program, examples)
    expect(exports.length).toBeGreaterThan(500)
    expect(exports.filter(({ isDocumented }) => !isDocumented).map(({ place }) => place)).toEqual([])
  })

  it("whatever an application can call is shown in code: of a docstring, or of a page", () => {
    const values = publicExports(program, examples).filter(
      ({ isConstantOfKernel, isValue }) => isValue && !isConstantOfKernel
    )
    expect(values.length).toBeGreaterThan(250)
    expect(values.filter(({ isShown }) => !isShown).map(({ place }) => place)).toEqual([])
  })

  it("every module has an example", () => {
    const modules = publicModules(program)
    expect(modules.length).toBeGreaterThan(80)
    const shown = new Set(examples.map(({ place }) => place))
    expect(modules.filter((module) => !shown.has(module) && !shownElsewhere.has(module))).toEqual([])
    expect([...shownElsewhere.keys()].filter((module) => shown.has(module))).toEqual([])
  })

  it("every example compiles", () => {
    expect(examples.flatMap((example) => messagesOf(program, example))).toEqual([])
  }, 60_000)
})
