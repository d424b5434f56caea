import { afterEach, describe, expect, it, vi } from "vitest"
import { allocate, holds } from "../../src/frame/SimdMemory.js"

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
    const { allocate, holds } = await withHost(Reflect.get(globalThis, "WebAssembly"))
    const [read, sent, more] = [allocate(64 * 1024), allocate(128 * 1024), allocate(1)]
    expect([read.length, sent.length, more.length]).toEqual([64 * 1024, 128 * 1024, 1])
    expect([holds(read), holds(sent), holds(more)]).toEqual([true, true, false])
    read.fill(1)
    expect(sent.every((octet) => octet === 0)).toBe(true)
    expect(holds(read.subarray(5, 6))).toBe(true)
  })

  it("is zero at first, and not what holds other octets", () => {
    expect(allocate(16).every((octet) => octet === 0)).toBe(true)
    expect(holds(new Uint8Array(16))).toBe(false)
  })

  for (const [host, webAssembly] of Object.entries({ "has no WebAssembly": undefined, "forbids it": forbidden })) {
    it(`where the host ${host}, it is memory like any other`, async () => {
      const { allocate, holds, mask } = await withHost(webAssembly)
      const octets = allocate(100)
      expect(octets.length).toBe(100)
      expect(holds(octets)).toBe(false)
      mask(octets, 1, 100, 0x01020304, 0)
      expect([...octets.subarray(0, 6)]).toEqual([0, 1, 2, 3, 4, 1])
      expect(octets[99]).toBe(3)
    })
  }
})
