import { beforeEach, describe, expect, it, vi } from "vitest"

type Slabs = typeof import("../../src/connection/SendSlab.js")

/** A transport that has so many octets of what it was given. */
const keeping = (octets: number) => ({ unsafeBuffered: () => octets })

describe("SendSlab", () => {
  let slabs: Slabs
  let quick: Uint8Array

  beforeEach(async () => {
    vi.resetModules()
    slabs = await import("../../src/connection/SendSlab.js")
    quick = slabs.takeSlab()
  })

  it("is the same until it is written from, and again when it has left", () => {
    expect(quick.length).toBe(slabs.slabSize)
    expect(slabs.takeSlab()).toBe(quick)
    slabs.lendSlab()
    slabs.giveBackSlab(quick)
    expect(slabs.takeSlab()).toBe(quick)
  })

  it("who sends while it is written from gets another one, and it comes back all the same", () => {
    slabs.lendSlab()
    const other = slabs.takeSlab()
    expect(other).not.toBe(quick)
    slabs.giveBackSlab(quick)
    // It is being filled.
    expect(slabs.takeSlab()).toBe(other)
    slabs.lendSlab()
    slabs.giveBackSlab(other)
    expect(slabs.takeSlab()).toBe(quick)
  })

  it("a transport that keeps it has it until nothing of it is left", () => {
    const transport = { left: 5, unsafeBuffered: () => transport.left }
    slabs.lendSlab()
    slabs.leaveSlabTo(quick, transport)
    const other = slabs.takeSlab()
    expect(other).not.toBe(quick)
    slabs.lendSlab()
    slabs.giveBackSlab(other)
    expect(slabs.takeSlab()).toBe(other)
    transport.left = 0
    slabs.lendSlab()
    slabs.giveBackSlab(other)
    expect(slabs.takeSlab()).toBe(quick)
  })

  it("other slabs which are kept are not waited for", () => {
    slabs.lendSlab()
    slabs.leaveSlabTo(quick, keeping(1))
    const other = slabs.takeSlab()
    slabs.lendSlab()
    slabs.leaveSlabTo(other, keeping(0))
    const third = slabs.takeSlab()
    expect(new Set([quick, other, third]).size).toBe(3)
  })
})
