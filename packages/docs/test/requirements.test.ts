import { describe, expect, it } from "vitest"
import { isThere, linkedTest, readPage } from "./support/namedTests.js"

const row = /^\| (\d{4}-[\d.]+-\d+) +\| ([A-Z ]+?) +\| (\w+) +\| (.*?) +\| (.*?) *\|$/gm

const rows = [...readPage("requirements.md").matchAll(row)].map(
  ([, id = "", level = "", who = "", rule = "", cell = ""]) => ({ id, level, who, rule, cell, test: linkedTest(cell) })
)

describe("the page of requirements", () => {
  it("has each once, numbered within its section, with its level, who keeps it, and what it says", () => {
    expect(rows.length).toBeGreaterThan(150)
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length)
    expect(rows.filter(({ level }) => !["MUST", "MUST NOT", "SHOULD", "SHOULD NOT"].includes(level))).toEqual([])
    expect(rows.filter(({ who }) => !["client", "server", "both", "proxy"].includes(who))).toEqual([])
    expect(rows.filter(({ rule }) => rule === "")).toEqual([])
    const counted = new Map<string, number>()
    for (const { id } of rows) {
      const [, section = "", number] = /^(.*)-(\d+)$/.exec(id) ?? []
      counted.set(section, (counted.get(section) ?? 0) + 1)
      expect(Number(number), id).toBe(counted.get(section))
    }
  })

  it("names a test that exists for each requirement, or says why there is none", () => {
    expect(rows.filter(({ cell }) => cell === "").map(({ id }) => id)).toEqual([])
    const lost = rows.filter(({ test }) => test.file !== "" && !isThere(test))
    expect(lost.map(({ id, test }) => `${id} ${test.title}`)).toEqual([])
  })
})
