import { describe, expect, it, vi } from "vitest"
import { allocate } from "../../src/frame/SimdMemory.js"
import * as Scratch from "../../src/message/Scratch.js"

const userOf = (left: Array<string>, name: string) => ({ leaveScratch: () => void left.push(name) })

describe("Scratch", () => {
  it("is that of one at a time: who comes sends away who is there", () => {
    const left: Array<string> = []
    const [first, second] = [userOf(left, "first"), userOf(left, "second")]
    const memory = Scratch.enter(first)
    expect(memory.length).toBe(Scratch.scratchSize)
    expect([memory, memory.slice()].map(Scratch.isScratch)).toEqual([true, false])
    expect(Scratch.enter(first)).toBe(memory)
    expect(left).toEqual([])
    expect(Scratch.enter(second)).toBe(memory)
    expect(left).toEqual(["first"])
    Scratch.enter(first)
    expect(left).toEqual(["first", "second"])
  })

  it("takes octets from any memory", () => {
    const memory = Scratch.enter(userOf([], ""))
    memory.fill(0)
    const near = allocate(8)
    near.set([1, 2, 3, 4])
    Scratch.copy(1, near, 1, 3)
    Scratch.copy(4, Uint8Array.of(5, 6, 7), 0, 2)
    expect([...memory.subarray(0, 7)]).toEqual([0, 2, 3, 0, 5, 6, 0])
  })

  it("is plain memory where there is no other, and takes octets from any all the same", async () => {
    vi.resetModules()
    const simd = await import("../../src/frame/SimdMemory.js")
    const near = simd.allocate(320 * 1024)
    const scratch = await import("../../src/message/Scratch.js")
    const memory = scratch.enter(userOf([], ""))
    expect([simd.placeOf(near), simd.placeOf(memory)]).toEqual([0, -1])
    near.set([1, 2, 3])
    scratch.copy(2, near, 1, 3)
    expect([...memory.subarray(0, 5)]).toEqual([0, 0, 2, 3, 0])
    expect([...near.subarray(0, 5)]).toEqual([1, 2, 3, 0, 0])
  })
})
