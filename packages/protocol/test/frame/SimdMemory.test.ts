import * as fc from "fast-check"
import { afterEach, describe, expect, it, vi } from "vitest"
import { allocate, copyMemory, placeOf } from "../../src/frame/SimdMemory.js"

/** Both modules anew, as a host has them that is as described. */
const withHost = async (webAssembly: unknown) => {
  vi.resetModules()
  vi.stubGlobal("WebAssembly", webAssembly)
  const { mask } = await import("../../src/frame/Masking.js")
  return { mask, ...(await import("../../src/frame/SimdMemory.js")) }
}

const forbidden = {
  Module: class {
    constructor() {
      throw new Error("violates the Content Security Policy")
    }
  }
}

describe("SimdMemory", () => {
  afterEach(() => {
    vi.unstubAllGlobals()
  })

  it("has as much as a process needs, and memory of its own for more", async () => {
    const { allocate, placeOf } = await withHost(Reflect.get(globalThis, "WebAssembly"))
    const sizes = [64 * 1024, 128 * 1024, 128 * 1024, 1]
    const [read, sent, others, more] = sizes.map(allocate)
    expect([read, sent, others, more].map(({ length }) => length)).toEqual(sizes)
    expect([read, sent, others, more].map(placeOf)).toEqual([0, 64 * 1024, 192 * 1024, -1])
    read.fill(1)
    expect(sent.every((octet) => octet === 0)).toBe(true)
    expect(placeOf(sent.subarray(5, 6))).toBe(64 * 1024 + 5)
  })

  it("is zero at first, and other octets do not lie in it", () => {
    expect(allocate(16).every((octet) => octet === 0)).toBe(true)
    expect(placeOf(new Uint8Array(16))).toBe(-1)
  })

  it("law: octets are copied to where they belong and nowhere else, also when the two overlap", () => {
    const octets = allocate(200)
    const index = fc.nat(100)
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 200, maxLength: 200 }), index, index, index, (before, to, from, size) => {
        octets.set(before)
        copyMemory(placeOf(octets) + to, placeOf(octets) + from, size)
        expect(octets).toEqual(before.copyWithin(to, from, from + size))
      })
    )
  })

  for (const [host, webAssembly] of Object.entries({ "has no WebAssembly": undefined, "forbids it": forbidden })) {
    it(`where the host ${host}, it is memory like any other`, async () => {
      const { allocate, mask, placeOf } = await withHost(webAssembly)
      const octets = allocate(100)
      expect(octets.length).toBe(100)
      expect(placeOf(octets)).toBe(-1)
      mask(octets, 1, 100, 0x01020304, 0)
      expect([...octets.subarray(0, 6)]).toEqual([0, 1, 2, 3, 4, 1])
      expect(octets[99]).toBe(3)
    })
  }
})
