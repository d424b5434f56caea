import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as MemoryTransport from "../../src/MemoryTransport.js"
import * as CuttingTransport from "../../src/testing/CuttingTransport.js"
import { transportContract } from "../../src/testing/transportContract.js"

const cutting = (options: CuttingTransport.CutOptions) =>
  Layer.merge(CuttingTransport.layer(options), CuttingTransport.layerListener(options)).pipe(
    Layer.provide(MemoryTransport.layer)
  )

const variants = { "single octets": { size: 1 }, "some places": { at: [5, 1, 2, 4096] }, nowhere: {} }

for (const [name, options] of Object.entries(variants)) {
  describe(`Transport contract over memory, cut at ${name}`, () => {
    for (const { effect, name } of transportContract) {
      it.scopedLive(name, () => Effect.provide(effect, cutting(options)))
    }
  })
}

/** The lengths of the chunks in which 10 octets arrive, written as 4 and 6. */
const lengths = (options: CuttingTransport.CutOptions) =>
  Effect.gen(function* () {
    const [client, server] = yield* MemoryTransport.pair()
    const chunks: Array<ReadonlyArray<number>> = []
    const ended = yield* Deferred.make<void>()
    CuttingTransport.cut(server, options).unsafeReceive(
      (octets) => chunks.push([...octets]),
      () => Deferred.unsafeDone(ended, Effect.void)
    )
    client.unsafeWrite([Uint8Array.of(0, 1, 2, 3)])
    client.unsafeWrite([Uint8Array.of(4, 5, 6, 7, 8, 9)])
    yield* client.end
    yield* Deferred.await(ended)
    expect(chunks.flat()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    return chunks.map(({ length }) => length)
  })

describe("CuttingTransport", () => {
  it.scoped("cuts into chunks of at most size octets, and joins none", () =>
    Effect.gen(function* () {
      expect(yield* lengths({ size: 4 })).toEqual([4, 4, 2])
      expect(yield* lengths({ size: 5 })).toEqual([4, 5, 1])
    })
  )

  it.scoped("cuts before the given octets of the connection, in whatever order they are given", () =>
    Effect.gen(function* () {
      expect(yield* lengths({ at: [7, 2] })).toEqual([2, 2, 3, 3])
      expect(yield* lengths({ at: [0, 100] })).toEqual([4, 6])
    })
  )

  it.scoped("both together", () =>
    Effect.gen(function* () {
      expect(yield* lengths({ at: [5], size: 3 })).toEqual([3, 1, 1, 3, 2])
    })
  )
})
