import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { badText, demandText, partSize } from "../../src/connection/demandText.js"
import { test } from "../support/leavesNothing.js"
import { utf8 } from "../support/peer.js"

describe("RFC 6455 §5.6: octets sent as text", () => {
  const texts = { "no octets": "", ASCII: "tea", "other characters": "Höhe 5 µm 😀" }
  for (const [name, text] of Object.entries(texts)) {
    test(`${name} are text`, function* () {
      yield* demandText(utf8(text))
    })
  }

  test("the end of a part may be within a character", function* () {
    const text = `x${"€".repeat(partSize)}`
    yield* demandText(utf8(text))
  })

  const wrong = {
    "a lone octet": [0x80],
    "a character that is cut off": [0x41, 0xe2, 0x82],
    "a surrogate": [0xed, 0xa0, 0x80]
  }
  for (const [name, octets] of Object.entries(wrong)) {
    test(`${name}: BadText, also behind a long text`, function* () {
      const long = new Uint8Array(partSize + octets.length).fill(0x41)
      long.set(octets, partSize)
      for (const all of [Uint8Array.from(octets), long]) {
        expect(yield* Effect.exit(demandText(all))).toEqual(Exit.fail(badText))
      }
    })
  }
})
