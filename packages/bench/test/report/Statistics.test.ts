import { describe, expect, it } from "vitest"
import { format, median, ratio, summary } from "../../src/report/Statistics.js"

describe("Statistics", () => {
  it("takes the middle, and the mean of two middles", () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 2, 3])).toBe(2.5)
    expect(summary([3, 1, 2])).toEqual({ median: 2, least: 1, greatest: 3 })
  })

  it("compares within rounds, not across them", () => {
    expect(ratio([2, 20, 200], [1, 10, 100])).toBe(2)
    expect(ratio([2, 20, 200], [1, 10])).toBe(2)
  })

  it("writes three digits", () => {
    expect([0.26789, 12.345, 789.4, 12_345, 4_567_890].map(format)).toEqual([
      "0.268",
      "12.3",
      "789",
      "12.3 k",
      "4.57 M"
    ])
  })
})
