import { beforeEach, describe, expect, it, vi } from "vitest"

type Slabs = typeof import("../../src/connection/SendSlab.js")

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
    expect(slabs.lendSlab(1, false)).toBe(quick)
    slabs.giveBackSlab(quick)
    expect(slabs.takeSlab()).toBe(quick)
  })

  it("who sends while it is written from gets another one, and it comes back all the same", () => {
    slabs.lendSlab(1, false)
    const other = slabs.takeSlab()
    expect(other).not.toBe(quick)
    slabs.giveBackSlab(quick)
    // It is being filled.
    expect(slabs.takeSlab()).toBe(other)
    slabs.lendSlab(1, false)
    slabs.giveBackSlab(other)
    expect(slabs.takeSlab()).toBe(quick)
  })

  it("a transport that keeps it has it until nothing of it is left", () => {
    const transport = { left: 5, unsafeBuffered: () => transport.left }
    slabs.leaveSlabTo(slabs.lendSlab(1, false), transport)
    const other = slabs.takeSlab()
    expect(other).not.toBe(quick)
    slabs.giveBackSlab(slabs.lendSlab(1, false))
    expect(slabs.takeSlab()).toBe(other)
    transport.left = 0
    slabs.giveBackSlab(slabs.lendSlab(1, false))
    expect(slabs.takeSlab()).toBe(quick)
  })

  it("a transport that keeps all that it is given gets a copy of a few octets, and the slab with many", () => {
    quick.fill(7, 0, 10_000)
    expect(slabs.lendSlab(100, true)).toEqual(new Uint8Array(100).fill(7))
    expect(slabs.takeSlab()).toBe(quick)
    expect(slabs.lendSlab(10_000, true)).toBe(quick)
    expect(slabs.takeSlab()).not.toBe(quick)
  })

  it("copies are nobody's slab", () => {
    const copy = slabs.lendSlab(100, true)
    slabs.giveBackSlab(copy)
    slabs.leaveSlabTo(copy, { unsafeBuffered: () => 0 })
    slabs.leaveSlabTo(slabs.lendSlab(10_000, true), { unsafeBuffered: () => 1 })
    expect(slabs.takeSlab().length).toBe(slabs.slabSize)
  })

  it("at most a MiB of them is lent: then all are copies", () => {
    const sizes = Array.from({ length: 10 }, () => {
      const written = slabs.lendSlab(9000, true)
      slabs.leaveSlabTo(written, { unsafeBuffered: () => 1 })
      return written.length
    })
    expect(sizes).toEqual([...Array(8).fill(slabs.slabSize), 9000, 9000])
  })

  it("once all that are lent have been passed on, they are lent again: also where every transport keeps what it is given", () => {
    const transport = { left: 1, unsafeBuffered: () => transport.left }
    const write = () => {
      const written = slabs.lendSlab(9000, true)
      slabs.leaveSlabTo(written, transport)
      return written.length
    }
    const sizes = Array.from({ length: 9 }, write)
    transport.left = 0
    expect([sizes.at(-1), write()]).toEqual([9000, slabs.slabSize])
  })

  it("while there is another one, who keeps one is asked at most once for a write", () => {
    let asked = 0
    const slow = {
      unsafeBuffered: () => {
        asked++
        return 1
      }
    }
    for (let n = 0; n < 4; n++) slabs.leaveSlabTo(slabs.lendSlab(9000, true), slow)
    slabs.giveBackSlab(slabs.lendSlab(1, false))
    asked = 0
    slabs.giveBackSlab(slabs.lendSlab(1, false))
    expect(asked).toBeLessThanOrEqual(1)
  })
})
