import { describe, expect, it } from "vitest"
import { isThere, linkedTest, type NamedTest, readPage } from "./support/namedTests.js"

/** A row of the page. */
interface Row extends NamedTest {
  readonly id: string
  readonly status: string
  readonly here: string
}

const row = /^\| ([A-Z]+-?\d+) +\| ([a-z ]+?) +\| (.*?) +\| (.*?) *\|$/gm

const rows: ReadonlyArray<Row> = [...readPage("parity.md").matchAll(row)].map(
  ([, id = "", status = "", here = "", test = ""]) => ({ id, status, here, ...linkedTest(test) })
)

/** The groups of rows, and how many each has: all are numbered from 1 on. */
const groups = {
  S: 17,
  L: 32,
  CH: 17,
  SH: 21,
  H: 15,
  D: 9,
  MR: 17,
  MW: 19,
  C: 11,
  X: 22,
  T: 14,
  P: 27,
  B: 15,
  K: 5,
  CC: 12,
  R: 6,
  TD: 14,
  Q: 31
}

/** `S1`, `Q31`; in the other groups `L-01`. */
const idOf = (group: string, number: number): string =>
  group === "S" || group === "Q" ? `${group}${number}` : `${group}-${String(number).padStart(2, "0")}`

const ids = Object.entries(groups).flatMap(([group, count]) =>
  Array.from({ length: count }, (_, index) => idOf(group, index + 1))
)

describe("the page on parity with Boost.Beast", () => {
  it("has each row once, with its status, and what is here", () => {
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length)
    expect(rows.filter(({ status }) => !["done", "better", "not applicable"].includes(status))).toEqual([])
    expect(rows.filter(({ here }) => here === "")).toEqual([])
  })

  it("has a row for each feature and each surprise of Beast, and no other", () => {
    const written = rows.map(({ id }) => id)
    expect(ids.filter((id) => !written.includes(id))).toEqual([])
    expect(written.filter((id) => !ids.includes(id))).toEqual([])
  })

  it("names a test for each row that is here", () => {
    expect(rows.filter(({ status, file }) => status !== "not applicable" && file === "")).toEqual([])
  })

  it("names tests that exist", () => {
    expect(rows.filter((each) => each.file !== "" && !isThere(each)).map(({ id, title }) => `${id} ${title}`)).toEqual(
      []
    )
  })
})
