import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { Handlers } from "../src/Handlers.js"
import { turns } from "./support/serving.js"

const make = (maxInFlight: number) => new Handlers<string, never>((handler) => Effect.runFork(handler), maxInFlight)

describe("Handlers", () => {
  it("one that is done, or interrupted, at once leaves room", () => {
    expect(make(0).start(Effect.void, 1000)).toBe(undefined)
    expect(make(0).start(Effect.interrupt, 1000)).toBe(undefined)
  })

  it.effect("behind one that failed at once nothing follows", () =>
    Effect.gen(function* () {
      const next = make(1000).start(Effect.fail("own"), 1)
      const waiting = yield* Effect.fork(next ?? Effect.void)
      yield* turns()
      expect(Option.isNone(yield* Fiber.poll(waiting))).toBe(true)
    })
  )

  it.effect("above the mark there is room when enough have finished; empty messages count too", () =>
    Effect.gen(function* () {
      const gates = yield* Effect.replicateEffect(Deferred.make<void>(), 4)
      const handlers = make(100)
      const started = gates.map((gate) => handlers.start(Deferred.await(gate), 0))
      expect(started.map((next) => next === undefined)).toEqual([true, true, true, false])
      const waiting = yield* Effect.fork(started[3]!)
      yield* turns()
      expect(Option.isNone(yield* Fiber.poll(waiting))).toBe(true)
      yield* Deferred.succeed(gates[1]!, undefined)
      yield* Fiber.join(waiting)
    })
  )

  it.effect("room that was made before anybody waited for it is there", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      const next = make(0).start(Deferred.await(gate), 1)
      yield* Deferred.succeed(gate, undefined)
      yield* turns()
      yield* next ?? Effect.never
    })
  )
})
