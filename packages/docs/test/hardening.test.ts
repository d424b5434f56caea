import { describe, expect, it } from "vitest"
import { isThere, linkedTest, readPage } from "./support/namedTests.js"

const row = /^\| ([A-Z]\d\d) +\| (.*?) +\| (.*?) +\| (.*?) *\|$/gm

const rows = [...readPage("hardening.md").matchAll(row)].map(([, id = "", what = "", here = "", cell = ""]) => ({
  id,
  what,
  here,
  test: linkedTest(cell)
}))

/** Each group with the numbers of its steps. */
const groups: Readonly<Record<string, ReadonlyArray<number>>> = {
  T: [1, 3, 4, 5, 7, 8, 9, 11, 13, 14, 17, 18, 20, 24],
  B: [1, 2, 3, 4, 5, 6, 13, 15, 16, 17],
  S: [1, 3, 5, 6, 8, 10, 11, 12, 14, 16, 17, 18, 19, 20, 21, 23, 24],
  Q: [1, 2],
  A: [2, 3, 5, 6, 8, 10, 11, 16, 18, 19, 20, 21, 23, 24, 26, 28, 29, 30],
  R: [1, 2, 3, 4, 5, 6, 10],
  W: [1, 3, 4, 5, 6, 7, 8],
  M: [3],
  G: [1, 2]
}

const ids = Object.entries(groups).flatMap(([group, numbers]) =>
  numbers.map((number) => `${group}${String(number).padStart(2, "0")}`)
)

describe("the page on hardening", () => {
  it("has each step once, with what happens and what is done", () => {
    expect(rows.map(({ id }) => id)).toEqual(ids)
    expect(rows.filter(({ here, what }) => here === "" || what === "")).toEqual([])
  })

  it("names a test that exists for each that is kept here", () => {
    const lost = rows.filter(({ test }) => !isThere(test))
    expect(lost.map(({ id, test }) => `${id} ${test.title}`)).toEqual([])
  })
})
