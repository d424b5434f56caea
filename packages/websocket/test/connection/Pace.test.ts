import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { Outbox } from "../../src/connection/Outbox.js"
import { Pace } from "../../src/connection/Pace.js"
import { hostTurn } from "../../src/host/HostTurn.js"
import type { Duplex } from "../../src/Transport.js"
import { SendError, TransportError } from "../../src/WebSocketError.js"

const closing = new SendError({ reason: { _tag: "Closing" } })

/** A Pace over a transport that drains when it is told to. */
const paced = Effect.gen(function* () {
  const state = { buffered: 0, refusal: undefined as SendError | undefined }
  const told: Array<string> = []
  let drained: (result: Effect.Effect<void, TransportError>) => void = () => {}
  const drain = Effect.async<void, TransportError>((resume) => {
    drained = resume
  })
  const outbox = {
    get buffered() {
      return state.buffered
    },
    flush: () => void told.push("flush")
  } as unknown as Outbox
  const pace = new Pace({ drain } as unknown as Duplex, outbox, { highWaterMark: 10 }, yield* Effect.runtime<never>(), {
    refusal: () => state.refusal,
    onDrained: () => void told.push("drained"),
    onWriteFailure: ({ reason }) => void told.push(reason._tag)
  })
  const write = Effect.fork(pace.whenReady(() => Effect.sync(() => void told.push("write"))))
  return {
    pace,
    state,
    told,
    write,
    end: (result: Effect.Effect<void, TransportError> = Effect.void) => drained(result)
  }
})

describe("MW-18: what leaves after a turn of the event loop", () => {
  it.effect("is flushed once for all that was appended in it, and once more for the next", () =>
    Effect.gen(function* () {
      const { pace, told } = yield* paced
      for (let times = 0; times < 3; times++) pace.flushAfterTurn()
      expect(told).toEqual([])
      yield* hostTurn
      expect(told).toEqual(["flush"])
      pace.flushAfterTurn()
      yield* hostTurn
      expect(told).toEqual(["flush", "flush"])
    })
  )

  it.effect("then the budget of a turn is there again", () =>
    Effect.gen(function* () {
      const { pace } = yield* paced
      pace.spend(2 ** 20)
      expect(pace.isReady).toBe(false)
      pace.flushAfterTurn()
      yield* hostTurn
      expect(pace.isReady).toBe(true)
    })
  )
})

describe("back-pressure outwards (B01): when a frame may be sent", () => {
  it.effect("at once up to the high-water mark; above it, when everything has left", () =>
    Effect.gen(function* () {
      const { end, pace, state, told, write } = yield* paced
      state.buffered = 10
      yield* Fiber.join(yield* write)
      expect(told).toEqual(["write"])
      state.buffered = 11
      expect([pace.isFull, pace.isReady]).toEqual([true, false])
      const waiting = yield* Effect.zip(write, write)
      yield* hostTurn
      expect(told).toEqual(["write", "flush"])
      state.buffered = 0
      end()
      yield* Fiber.joinAll(waiting)
      expect(told).toEqual(["write", "flush", "drained", "write", "write"])
    })
  )

  it.effect("RFC 6455 §5.5.1: who waits sees that the connection is closing", () =>
    Effect.gen(function* () {
      const { pace, state, told, write } = yield* paced
      state.buffered = 11
      const waiting = yield* write
      yield* hostTurn
      state.refusal = closing
      pace.wake()
      expect(yield* Effect.flip(Fiber.join(waiting))).toBe(closing)
      expect(yield* Effect.flip(pace.whenReady(() => Effect.void))).toBe(closing)
      expect([pace.isReady, pace.refusal(), told]).toEqual([false, closing, ["flush"]])
    })
  )

  it.effect("an interruption while waiting writes nothing, and leaves nobody behind", () =>
    Effect.gen(function* () {
      const { end, state, told, write } = yield* paced
      state.buffered = 11
      const waiting = yield* write
      yield* hostTurn
      yield* Fiber.interrupt(waiting)
      state.buffered = 0
      end()
      yield* hostTurn
      expect(told).toEqual(["flush", "drained"])
    })
  )

  it.effect("a transport that fails to drain is told", () =>
    Effect.gen(function* () {
      const { end, pace, told } = yield* paced
      pace.awaitDrain()
      pace.awaitDrain()
      end(Effect.fail(new TransportError({ reason: { _tag: "Write" } })))
      yield* hostTurn
      expect(told).toEqual(["flush", "Write"])
    })
  )

  it.effect("a MiB may be sent before the event loop turns", () =>
    Effect.gen(function* () {
      const { pace, told, write } = yield* paced
      pace.spend(1024 * 1024 - 256)
      expect(pace.isReady).toBe(true)
      pace.spend(0)
      expect(pace.isReady).toBe(false)
      let turns = 0
      yield* Effect.fork(
        Effect.forever(
          Effect.zipRight(
            hostTurn,
            Effect.sync(() => turns++)
          )
        )
      )
      yield* Fiber.join(yield* write)
      expect([turns > 0, pace.isReady, told]).toEqual([true, true, ["write"]])
      pace.spend(1024 * 1024)
      pace.turned()
      expect(pace.isReady).toBe(true)
    })
  )

  it.effect(
    "who waits for nothing may send again after a turn; what has a turn for itself waits for the next one",
    () =>
      Effect.gen(function* () {
        const { pace, told, write } = yield* paced
        yield* hostTurn
        for (let round = 0; round < 3; round++) {
          pace.spendTurn()
          expect(pace.isReady).toBe(false)
          const writing = yield* write
          yield* Effect.yieldNow()
          expect(told.length).toBe(round)
          yield* hostTurn
          expect(pace.isReady).toBe(true)
          yield* Fiber.join(writing)
        }
        expect(told).toEqual(["write", "write", "write"])
      })
  )
})
