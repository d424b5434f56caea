import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { hostTurn } from "../../src/host/HostTurn.js"
import { Backlog } from "../../src/transport/Backlog.js"

describe("Backlog", () => {
  it("is bounded, and takes nothing after close", () => {
    const backlog = new Backlog<number>(2)
    expect([1, 2, 3].map((item) => backlog.offer(item))).toEqual([true, true, false])
    expect(backlog.close()).toEqual([1, 2])
    expect(backlog.offer(4)).toBe(false)
  })

  it.effect("an interruption of the loop drops nothing: each item is used once, or stays", () =>
    Effect.gen(function* () {
      const backlog = new Backlog<number>(Infinity)
      const acquired: Array<number> = []
      const acquire = (item: number) => Effect.sync(() => acquired.push(item))
      for (let round = 0; round < 20; round++) {
        const loop = yield* Effect.fork(backlog.acceptWith(acquire)(() => Effect.never))
        if (round % 3 === 0) yield* hostTurn
        backlog.offer(round)
        if (round % 2 === 0) yield* Effect.yieldNow()
        yield* Fiber.interrupt(loop)
      }
      const all = [...acquired, ...backlog.close()]
      expect(all).toEqual(Array.from({ length: 20 }, (_, item) => item))
    })
  )

  it.effect("an interruption is heard though items never run out", () =>
    Effect.gen(function* () {
      const backlog = new Backlog<number>(Infinity)
      backlog.offer(0)
      const again = (item: number) => Effect.sync(() => backlog.offer(item + 1))
      const loop = yield* Effect.fork(backlog.acceptWith(again)(() => Effect.void))
      yield* hostTurn
      yield* Fiber.interrupt(loop)
    })
  )
})
