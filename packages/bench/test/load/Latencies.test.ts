import { describe, expect, it } from "vitest"
import { Latencies } from "../../src/load/Latencies.js"

describe("Latencies", () => {
  it("tells percentiles within the width of a bucket", () => {
    const latencies = new Latencies()
    for (let micros = 1; micros <= 10_000; micros++) latencies.add(micros, 1)
    for (const share of [0.5, 0.9, 0.99]) {
      expect(Math.abs(latencies.percentile(share) / (share * 10_000) - 1)).toBeLessThan(0.02)
    }
  })

  it("counts with weights, and from the start after reset", () => {
    const latencies = new Latencies()
    expect(latencies.percentile(0.5)).toBe(0)
    latencies.add(10, 99)
    latencies.add(1000, 1)
    expect(latencies.percentile(0.5)).toBeLessThan(11)
    expect(latencies.percentile(0.999)).toBeGreaterThan(900)
    latencies.reset()
    latencies.add(1000, 1)
    expect(latencies.percentile(0.5)).toBeGreaterThan(900)
  })
})
