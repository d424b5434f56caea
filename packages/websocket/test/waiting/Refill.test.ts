import { describe, expect } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { Refill } from "../../src/waiting/Refill.js"
import { Signal } from "../../src/waiting/Signal.js"
import { test, turns } from "../support/leavesNothing.js"
import { yieldAt } from "../support/yieldAt.js"

/** A store, its source, and how often the source was asked. */
const store = () => {
  const items: Array<string> = []
  let asked = 0
  const refill = new Refill(new Signal(), () => items.length > 0)
  const from = (source: Effect.Effect<string, string>) =>
    refill.once((restore) => {
      asked++
      return Effect.map(restore(source), (item) => void items.push(item))
    })
  return { items, from, asked: () => asked }
}

describe("Refill", () => {
  test("asks for what is missing, and not for what is there", function* () {
    const { asked, from, items } = store()
    yield* from(Effect.succeed("a"))
    yield* from(Effect.succeed("b"))
    expect([items, asked()]).toEqual([["a"], 1])
  })

  test("one fiber asks, and all who wait go on when it is done", function* () {
    const { asked, from } = store()
    const source = yield* Deferred.make<string>()
    const waiting = yield* Effect.forEach([1, 2, 3], () => Effect.fork(from(Deferred.await(source))))
    yield* turns(5)
    expect(asked()).toBe(1)
    yield* Deferred.succeed(source, "a")
    yield* Effect.forEach(waiting, Fiber.join)
  })

  test("a failure is of who asked; the others go on, to ask themselves", function* () {
    const { from } = store()
    const source = yield* Deferred.make<string, string>()
    const asking = yield* Effect.fork(Effect.flip(from(Deferred.await(source))))
    yield* turns(5)
    const waiting = yield* Effect.fork(from(Deferred.await(source)))
    yield* turns(5)
    yield* Deferred.fail(source, "wrong")
    expect(yield* Fiber.join(asking)).toBe("wrong")
    yield* Fiber.join(waiting)
  })

  for (let step = 1; step <= 16; step++) {
    test(`interrupted at step ${step}, another one may ask`, function* () {
      const { from, items } = store()
      const asking: Fiber.RuntimeFiber<void, string> = yield* Effect.fork(
        yieldAt(from(Effect.succeed("a")), step, () => asking.unsafeInterruptAsFork(asking.id()))
      )
      yield* Fiber.await(asking)
      yield* from(Effect.succeed("a"))
      expect(items).toEqual(["a"])
    })
  }
})
