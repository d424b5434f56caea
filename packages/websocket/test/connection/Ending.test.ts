import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { Ending } from "../../src/connection/Ending.js"
import type { Closure } from "../../src/WebSocketError.js"

const closure: Closure = {
  initiator: "local",
  sent: Option.none(),
  received: Option.none(),
  clean: false,
  cause: undefined
}

describe("the end of a connection, for those who wait for it", () => {
  it.effect("everybody who waits learns it, and whoever comes later", () =>
    Effect.gen(function* () {
      const ending = new Ending()
      const early = yield* Effect.fork(Effect.all([ending.closed, ending.closed], { concurrency: 2 }))
      yield* Effect.yieldNow()
      ending.complete(closure)
      expect(yield* Fiber.join(early)).toEqual([closure, closure])
      expect(yield* ending.closed).toBe(closure)
    })
  )

  it.effect("who is interrupted waits no more, and takes nothing from the others", () =>
    Effect.gen(function* () {
      const ending = new Ending()
      const one = yield* Effect.fork(ending.closed)
      const other = yield* Effect.fork(ending.closed)
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(one)
      ending.complete(closure)
      expect(yield* Fiber.join(other)).toBe(closure)
    })
  )

  it.effect("`tornDown` waits until the transport is gone, whichever end comes first", () =>
    Effect.gen(function* () {
      const ending = new Ending()
      const closed = yield* Effect.fork(ending.closed)
      const waiting = yield* Effect.fork(ending.tornDown)
      yield* Effect.yieldNow()
      ending.complete(closure)
      expect(yield* Fiber.join(closed)).toBe(closure)
      expect(waiting.unsafePoll()).toBeNull()
      ending.gone()
      yield* Fiber.join(waiting)
      yield* ending.tornDown
      const other = new Ending()
      other.gone()
      yield* other.tornDown
      expect((yield* Effect.fork(other.closed)).unsafePoll()).toBeNull()
    })
  )
})
