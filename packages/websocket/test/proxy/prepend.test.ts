import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as DuplexAdapter from "../../src/DuplexAdapter.js"
import * as MemoryTransport from "../../src/MemoryTransport.js"
import { prepend } from "../../src/proxy/prepend.js"
import { transportContract } from "../../src/testing/transportContract.js"
import { test, turns } from "../support/leavesNothing.js"
import { octets, text, wire } from "../support/wire.js"

describe("octets in front", () => {
  test("none: it is the same Duplex", function* () {
    const [near] = yield* MemoryTransport.pair()
    expect(prepend(near, new Uint8Array(0))).toBe(near)
  })

  test("come first when it is pulled", function* () {
    const [near, far] = yield* MemoryTransport.pair()
    far.unsafeWrite([octets("world")])
    expect(yield* wire(prepend(near, octets("hello, "))).take(12)).toBe("hello, world")
  })

  test("come first when they are handed over, and obey a pause", function* () {
    const [near, far] = yield* MemoryTransport.pair()
    far.unsafeWrite([octets("world")])
    let received = ""
    const flow = prepend(near, octets("hello, ")).unsafeReceive(
      (chunk) => {
        received += text(chunk)
      },
      () => {}
    )
    flow.pause()
    yield* turns()
    expect(received.startsWith("hello, ")).toBe(true)
    flow.resume()
    yield* turns()
    expect(received).toBe("hello, world")
  })

  test("come before the end", function* () {
    const [near, far] = yield* MemoryTransport.pair()
    yield* far.end
    expect(yield* wire(prepend(near, octets("hello"))).rest).toEqual({ text: "hello", reason: "EndOfStream" })
  })
})

describe("the contract of a Transport, for what comes after one octet in front", () => {
  /** Reads one octet, puts it in front again, and takes it off by pulling it, so that both ends see what they sent. */
  const changed = DuplexAdapter.mapTransport((lower) =>
    Effect.gen(function* () {
      const duplex = prepend(lower, Uint8Array.of(1))
      yield* Effect.orDie(duplex.pull)
      return duplex
    })
  )
  const layer = Layer.provideMerge(changed, MemoryTransport.layer)
  for (const { effect, name } of transportContract) {
    it.scopedLive(name, () => Effect.provide(effect, layer))
  }
})
