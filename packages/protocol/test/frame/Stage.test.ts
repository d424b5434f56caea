import { afterEach, describe, expect, it, vi } from "vitest"
import { allocate } from "../../src/frame/SimdMemory.js"
import { bring, stage } from "../../src/frame/Stage.js"

const octets = Uint8Array.from({ length: 100_000 }, (_, index) => index * 7)

describe("Stage", () => {
  afterEach(() => {
    vi.unstubAllGlobals()
  })

  it("has what was brought, and no more of it than it holds", () => {
    expect(bring(octets, 10, 5000)).toBe(4990)
    expect(stage().subarray(0, 4990)).toEqual(octets.subarray(10, 5000))
    expect(bring(octets, 1, octets.length)).toBe(stage().length)
    expect(stage()).toEqual(octets.subarray(1, 1 + stage().length))
  })

  it("few octets, and those which are in such memory already, are not brought", () => {
    expect(bring(octets, 0, 2048)).toBe(0)
    expect(bring(allocate(4096), 0, 4096)).toBe(0)
  })

  it("nothing is brought where there is no WebAssembly", async () => {
    vi.resetModules()
    vi.stubGlobal("WebAssembly", undefined)
    const { bring } = await import("../../src/frame/Stage.js")
    expect(bring(octets, 0, octets.length)).toBe(0)
  })
})
