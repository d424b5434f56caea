import { describe, expect, it } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { Pieces } from "../../src/connection/Pieces.js"
import { TransportError } from "../../src/WebSocketError.js"

const reset = new TransportError({ reason: { _tag: "Reset" } })

const make = (kind: "text" | "binary" = "binary") => {
  const state: { failure: TransportError | undefined; taken: number } = { failure: undefined, taken: 0 }
  const pieces = new Pieces(kind, { failure: () => state.failure, onTaken: () => void state.taken++ })
  return { pieces, state }
}

const octets = (...values: ReadonlyArray<number>) => Uint8Array.from(values)

const collected = (pieces: Pieces) =>
  Effect.map(Stream.runCollect(pieces.stream.body), (chunk) =>
    Chunk.toReadonlyArray(chunk).flatMap((each) => [...each])
  )

/** Forks, and lets it wait. */
const begun = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.tap(Effect.fork(effect), () => Effect.repeatN(Effect.yieldNow(), 5))

describe("PARITY MR-04: a message in pieces", () => {
  it.effect("comes in order, as copies, and ends with its end", () =>
    Effect.gen(function* () {
      const { pieces, state } = make()
      const lent = octets(1, 2)
      pieces.push(lent)
      lent.fill(0)
      const fiber = yield* begun(collected(pieces))
      expect(state.taken).toBe(1)
      pieces.push(octets(3))
      pieces.push(octets())
      pieces.wake()
      expect(pieces.end()).toBeUndefined()
      expect(yield* Fiber.join(fiber)).toEqual([1, 2, 3])
    })
  )

  it.effect("what is held counts until it is taken", () =>
    Effect.gen(function* () {
      const { pieces } = make()
      pieces.push(octets(1, 2, 3))
      expect(pieces.size).toBe(3)
      pieces.end()
      yield* collected(pieces)
      expect(pieces.size).toBe(0)
    })
  )

  it.effect("the end of the connection is a failure, after what had arrived", () =>
    Effect.gen(function* () {
      const { pieces, state } = make()
      const seen: Array<number> = []
      const run = Stream.runForEach(pieces.stream.body, (piece) => Effect.sync(() => seen.push(...piece)))
      pieces.push(octets(7))
      const fiber = yield* begun(Effect.flip(run))
      state.failure = reset
      pieces.wake()
      expect(yield* Fiber.join(fiber)).toBe(reset)
      expect(seen).toEqual([7])
    })
  )

  it.effect("an abandoned body lets go of what it holds, and makes room", () =>
    Effect.gen(function* () {
      const { pieces, state } = make()
      pieces.push(octets(1))
      pieces.push(octets(2))
      yield* Stream.runDrain(Stream.take(pieces.stream.body, 1))
      expect(pieces.size).toBe(0)
      pieces.push(octets(3))
      expect(pieces.size).toBe(0)
      expect(state.taken).toBeGreaterThan(0)
    })
  )

  it.effect("a body that is read after it was discarded is a defect, never a shorter message", () =>
    Effect.gen(function* () {
      const { pieces } = make()
      pieces.discard()
      const exit = yield* Effect.exit(collected(pieces))
      expect(Exit.isFailure(exit) && exit.cause._tag).toBe("Die")
    })
  )

  it.effect("RFC 6455 §5.5.1: cut by our Close frame, it ends with the connection", () =>
    Effect.gen(function* () {
      const { pieces, state } = make()
      pieces.push(octets(1))
      pieces.cut()
      pieces.push(octets(2))
      expect(pieces.end()).toBeUndefined()
      const fiber = yield* begun(Effect.flip(collected(pieces)))
      state.failure = reset
      pieces.wake()
      expect(yield* Fiber.join(fiber)).toBe(reset)
    })
  )
})

describe("pieces that nobody takes become a whole message", () => {
  it("at the end, or at once when it is there already", () => {
    const early = make("text").pieces
    early.push(Buffer.from("h€"))
    expect(early.collect()).toBeUndefined()
    expect(early.isCollected).toBe(true)
    expect(early.size).toBe(0)
    early.discard()
    early.push(Buffer.from("llo"))
    expect(early.end()).toBe("h€llo")

    const late = make().pieces
    late.push(octets(1))
    late.push(octets(2, 3))
    late.end()
    expect(late.collect()).toEqual(octets(1, 2, 3))
  })

  it.effect("a message that is whole already has the same form", () =>
    Effect.gen(function* () {
      const text = Pieces.ofMessage("é")
      expect(text.kind).toBe("text")
      expect(Chunk.toReadonlyArray(yield* Stream.runCollect(text.body))).toEqual([octets(0xc3, 0xa9)])
      const empty = Pieces.ofMessage(octets())
      expect(empty.kind).toBe("binary")
      expect(Chunk.isEmpty(yield* Stream.runCollect(empty.body))).toBe(true)
    })
  )
})
