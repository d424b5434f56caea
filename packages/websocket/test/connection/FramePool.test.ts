import { describe, expect, it } from "vitest"
import { FramePool, isBehind, span } from "../../src/connection/FramePool.js"

describe("MW-18: memory for frames that go to many", () => {
  it("what is taken one after the other lies side by side, and is one piece", () => {
    const pool = new FramePool()
    const [first, second, third] = [pool.take(10), pool.take(20), pool.take(0)]
    first.fill(1)
    second.fill(2)
    expect([isBehind(first, second), isBehind(second, third), isBehind(first, third)]).toEqual([true, true, false])
    expect([isBehind(second, first), isBehind(first, first), isBehind(first, new Uint8Array(10))]).toEqual([
      false,
      false,
      false
    ])
    expect(span(first, third)).toEqual(Uint8Array.from([...first, ...second]))
    expect(span(first, second)).toBe(span(first, third))
    expect([span(second, second), span(second, third)]).toEqual([second, second])
    expect(span(first, second)).toEqual(Uint8Array.from([...first, ...second]))
  })

  it("nothing is taken twice, and a small frame keeps at most 8 KiB", () => {
    const pool = new FramePool()
    const taken = Array.from({ length: 100 }, (_, index) => pool.take(index * 50))
    for (const [index, octets] of taken.entries()) octets.fill(index)
    expect(taken.every((octets, index) => octets.every((octet) => octet === index))).toBe(true)
    expect(taken.every(({ buffer, length }) => buffer.byteLength === (length > 4096 ? length : 8192))).toBe(true)
  })
})
