import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as MemoryTransport from "../../src/MemoryTransport.js"
import { OctetReader } from "../../src/proxy/OctetReader.js"
import { test } from "../support/leavesNothing.js"

describe("OctetReader", () => {
  test("gives so many octets as are asked for, however they come, and keeps the rest", function* () {
    const [near, far] = yield* MemoryTransport.pair({ maxChunk: 2 })
    far.unsafeWrite([Uint8Array.of(1, 2, 3, 4, 5, 6, 7)])
    const reader = new OctetReader(near)
    expect(yield* reader.take(3)).toEqual(Uint8Array.of(1, 2, 3))
    expect(yield* reader.take(0)).toEqual(new Uint8Array(0))
    expect(yield* reader.take(2)).toEqual(Uint8Array.of(4, 5))
    const all = [...reader.leftover, ...(yield* reader.take(2))]
    expect(all.at(-1)).toBe(7)
    expect(reader.leftover).toEqual(new Uint8Array(0))
  })

  test("fails when they do not come", function* () {
    const [near, far] = yield* MemoryTransport.pair()
    far.unsafeWrite([Uint8Array.of(1)])
    yield* far.end
    expect(yield* Effect.flip(new OctetReader(near).take(2))).toMatchObject({ reason: { _tag: "EndOfStream" } })
  })
})
