import { beforeEach, describe, expect, it, vi } from "vitest"

const KiB = 1024

describe("Spares", () => {
  let spares: typeof import("../../src/message/Spares.js")

  beforeEach(async () => {
    vi.resetModules()
    spares = await import("../../src/message/Spares.js")
  })

  it("memory that was left is taken again, by who can use all of it", () => {
    const memory = new Uint8Array(100 * KiB)
    spares.leave(memory)
    expect(spares.take(101 * KiB, 120 * KiB)).not.toBe(memory)
    expect(spares.take(10 * KiB, 99 * KiB)).not.toBe(memory)
    expect(spares.take(10 * KiB, 134 * KiB)).not.toBe(memory)
    expect(spares.take(10 * KiB, 133 * KiB)).toBe(memory)
    expect(spares.take(10 * KiB, 133 * KiB)).not.toBe(memory)
  })

  it("where there is none it is new, and as large as it may be", () => {
    expect(spares.take(10, 20)).toEqual(new Uint8Array(20))
  })

  it("holds at most eight, of half a MiB at most, the youngest", () => {
    const some: Array<Uint8Array> = Array.from({ length: 10 }, () => new Uint8Array(64 * KiB))
    for (const memory of some) spares.leave(memory)
    for (const size of [1, 16 * KiB - 1, 512 * KiB + 1]) spares.leave(new Uint8Array(size))
    const taken = Array.from({ length: 9 }, () => spares.take(1, 80 * KiB))
    expect(taken.slice(0, 8).map((memory) => some.indexOf(memory))).toEqual([2, 3, 4, 5, 6, 7, 8, 9])
    expect(taken[8].length).toBe(80 * KiB)
  })
})
