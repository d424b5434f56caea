import * as Data from "effect/Data"
import { describe, expect, it } from "vitest"
import { traceless } from "../src/traceless.js"

class Plain extends Data.TaggedError("Plain")<{ readonly code: number }> {}
class Quiet extends traceless(Data.TaggedError("Quiet"))<{ readonly code: number }> {}

describe("traceless", () => {
  it("an error has its tag and fields, and no frames of a stack", () => {
    const error = new Quiet({ code: 1 })
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ _tag: "Quiet", code: 1 })
    expect(error.stack).not.toContain("\n    at ")
  })

  it("others have theirs, before and after", () => {
    const { stackTraceLimit } = Error
    expect(new Plain({ code: 1 }).stack).toContain("\n    at ")
    new Quiet({ code: 1 })
    expect(Error.stackTraceLimit).toBe(stackTraceLimit)
    expect(new Plain({ code: 1 }).stack).toContain("\n    at ")
  })
})
