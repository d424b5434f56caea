import { describe, expect, it } from "@effect/vitest"
import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { batchStream } from "../../src/connection/batchStream.js"

/** Gives these batches, then fails with this error for ever. */
const pulling = (batches: ReadonlyArray<NonEmptyReadonlyArray<number>>, error: "end" | "broken") => {
  const left = [...batches]
  const pull = Effect.suspend(() => {
    const batch = left.shift()
    return batch === undefined ? Effect.fail(error) : Effect.succeed(batch)
  })
  return { pull, left }
}

const isEnd = (error: string): boolean => error === "end"

describe("a Stream over batches", () => {
  it.effect("has a chunk for each batch, in order, and ends where the pull ends", () =>
    Effect.gen(function* () {
      const { pull } = pulling([[1, 2], [3], [4, 5, 6]], "end")
      const chunks = yield* Stream.runCollect(Stream.chunks(batchStream(pull, isEnd)))
      expect(Chunk.toReadonlyArray(chunks).map(Chunk.toReadonlyArray)).toEqual([[1, 2], [3], [4, 5, 6]])
    })
  )

  it.effect("another failure of the pull is the failure of the Stream, after all that came before", () =>
    Effect.gen(function* () {
      const seen: Array<number> = []
      const { pull } = pulling([[1, 2], [3]], "broken")
      const run = Stream.runForEach(batchStream(pull, isEnd), (item) => Effect.sync(() => seen.push(item)))
      expect(yield* Effect.flip(run)).toBe("broken")
      expect(seen).toEqual([1, 2, 3])
    })
  )

  it.effect("pulls no more than is asked for", () =>
    Effect.gen(function* () {
      const { left, pull } = pulling([[1, 2], [3], [4]], "end")
      expect(Chunk.toReadonlyArray(yield* Stream.runCollect(Stream.take(batchStream(pull, isEnd), 2)))).toEqual([1, 2])
      expect(left).toEqual([[3], [4]])
    })
  )

  it.effect("100 000 batches need no more stack than one", () =>
    Effect.gen(function* () {
      let count = 0
      const pull = Effect.suspend(() => (count++ < 100_000 ? Effect.succeed([1] as const) : Effect.fail("end")))
      expect(yield* Stream.runSum(batchStream(pull, isEnd))).toBe(100_000)
    })
  )
})
