import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { Demand } from "../../src/waiting/Demand.js"
import { Signal } from "../../src/waiting/Signal.js"
import { test } from "../support/leavesNothing.js"
import { yieldAt } from "../support/yieldAt.js"

/** Things that fibers take. */
class Box {
  readonly signal = new Signal()

  constructor(readonly items: Array<string>) {}

  put(item: string): void {
    this.items.push(item)
    this.signal.wake()
  }

  readonly take = new Demand<string, never>(
    () => this.items.length > 0,
    () => this.items.shift(),
    (again) =>
      Effect.zipRight(
        this.signal.until(() => this.items.length > 0),
        again
      )
  )
}

type Taking = (box: Box, onTaken: (item: string) => void) => Effect.Effect<void>

const ways: Readonly<Record<string, Taking>> = {
  "in a generator": ({ take }, onTaken) =>
    Effect.gen(function* () {
      onTaken(yield* take)
      onTaken(yield* take)
    }),
  "by flatMap": ({ take }, onTaken) => {
    const once = Effect.flatMap(take, (item) => Effect.succeed(onTaken(item)))
    return Effect.zipRight(once, once)
  }
}

for (const [way, taking] of Object.entries(ways)) {
  describe(`Demand ${way}`, () => {
    test("gives what is there, and waits for what is not", function* () {
      const box = new Box(["first"])
      const taken: Array<string> = []
      const fiber = yield* Effect.fork(taking(box, (item) => taken.push(item)))
      yield* Effect.yieldNow()
      expect(taken).toEqual(["first"])
      box.put("second")
      yield* Fiber.join(fiber)
      expect(taken).toEqual(["first", "second"])
    })

    test("whoever was slower waits for the next", function* () {
      const box = new Box([])
      const taken: Array<string> = []
      const fibers = yield* Effect.forEach([1, 2], () => Effect.fork(taking(box, (item) => taken.push(item))))
      for (const item of ["a", "b", "c", "d"]) {
        yield* Effect.yieldNow()
        box.put(item)
      }
      yield* Effect.forEach(fibers, Fiber.join)
      expect([...taken].sort()).toEqual(["a", "b", "c", "d"])
    })

    for (let step = 1; step <= 16; step++) {
      test(`interrupted at step ${step}, each was taken and delivered, or is still there`, function* () {
        const box = new Box(["first"])
        const taken: Array<string> = []
        const putOnce = () => {
          if (box.items.length + taken.length === 1) box.put("second")
        }
        const fiber: Fiber.RuntimeFiber<void> = yield* Effect.fork(
          yieldAt(
            taking(box, (item) => taken.push(item)),
            step,
            () => {
              putOnce()
              fiber.unsafeInterruptAsFork(fiber.id())
            }
          )
        )
        yield* Effect.yieldNow()
        putOnce()
        yield* Fiber.await(fiber)
        expect([...taken, ...box.items]).toEqual(["first", "second"])
      })
    }
  })
}
