/**
 * The cases of the suite, against our server and client, and for comparison against those of others.
 *
 * Ours do what is expected, strictly. What the others do else is stored: a change of it fails as well, and is stored by
 * `vitest -u`, which also writes the page that shows it.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { beforeAll } from "vitest"
import { leavesNothing } from "../support/leaks.js"
import { cases } from "../support/suite/cases.js"
import { casesFor, foreign, ours, playAll } from "../support/suite/endpoints.js"
import { page } from "../support/suite/page.js"
import { expectedLine } from "../support/suite/Tester.js"

const expected = new Map(cases.map((each) => [each.id, expectedLine(each.expect)]))

for (const endpoint of ours) {
  describe(`the suite against ${endpoint.name}`, () => {
    leavesNothing()
    let seen: ReadonlyMap<string, string> = new Map()
    beforeAll(async () => {
      seen = await Effect.runPromise(playAll(endpoint, cases))
    }, 60_000)

    for (const { id, name, section } of casesFor(endpoint, cases)) {
      it(`${id} ${section}: ${name}`, () => {
        expect(seen.get(id)).toBe(expected.get(id))
      })
    }
  })
}

describe("the suite against others, for comparison", () => {
  leavesNothing()
  const differences = new Map<string, ReadonlyMap<string, string>>()

  for (const endpoint of foreign) {
    it(`${endpoint.name} does what is stored`, { timeout: 60_000 }, async () => {
      const seen = await Effect.runPromise(playAll(endpoint, cases))
      expect(seen.size).toBe(casesFor(endpoint, cases).length)
      const other = new Map([...seen].filter(([id, line]) => line !== expected.get(id)))
      differences.set(endpoint.name, other)
      const stored = `${JSON.stringify(Object.fromEntries(other), undefined, 2)}\n`
      await expect(stored).toMatchFileSnapshot(`../../suite/${endpoint.name.replaceAll(" ", "-")}.json`)
    })
  }

  it("the page shows it", async () => {
    await expect(page(cases, differences)).toMatchFileSnapshot("../../../docs/conformance.md")
  })
})

describe("the cases", () => {
  it("have ids of their own", () => {
    expect(expected.size).toBe(cases.length)
  })
})
