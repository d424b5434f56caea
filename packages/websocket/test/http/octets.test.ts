import { describe, expect, it } from "@effect/vitest"
import { concat } from "@effect-websocket/protocol/bytes/Octets"
import * as fc from "fast-check"
import { remainder } from "../../src/http/octets.js"

const chunks = fc.array(fc.uint8Array({ maxLength: 8 }), { minLength: 1, maxLength: 5 })

describe("octets", () => {
  it("remainder is what concat has behind a place", () => {
    fc.assert(
      fc.property(chunks, fc.nat(), fc.nat(), (all, first, second) => {
        const index = first % all.length
        const next = second % (all[index]!.length + 1)
        const before = all.slice(0, index).reduce((sum, { length }) => sum + length, next)
        expect([...remainder(all, index, next)]).toEqual([...concat(all)].slice(before))
      })
    )
  })
})
