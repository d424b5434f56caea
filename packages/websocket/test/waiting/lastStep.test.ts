import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { lastStep } from "../../src/waiting/lastStep.js"
import { later } from "../../src/waiting/Prompt.js"
import { test } from "../support/leavesNothing.js"
import { yieldAt } from "../support/yieldAt.js"

describe("lastStep", () => {
  test("gives what is there", function* () {
    expect(
      yield* lastStep(
        () => "there",
        () => Effect.fail("gone")
      )
    ).toBe("there")
  })

  test("begins again when another fiber was quicker", function* () {
    expect(
      yield* lastStep<string, never>(
        () => later,
        () => Effect.succeed("again")
      )
    ).toBe("again")
  })

  test("a defect stays one", function* () {
    const exit = yield* Effect.exit(
      lastStep<string, never>(
        () => {
          throw "boom"
        },
        () => Effect.succeed("again")
      )
    )
    expect(exit).toEqual(Exit.die("boom"))
  })

  for (let step = 1; step <= 12; step++) {
    test(`interrupted at step ${step}, it was taken and delivered, or is still there`, function* () {
      const items = ["only"]
      let delivered: string | undefined
      const taking = Effect.flatMap(
        lastStep<string, never>(
          () => items.shift() ?? later,
          () => Effect.never
        ),
        (item) => {
          delivered = item
          return Effect.void
        }
      )
      const fiber: Fiber.RuntimeFiber<void> = yield* Effect.fork(
        yieldAt(taking, step, () => fiber.unsafeInterruptAsFork(fiber.id()))
      )
      yield* Fiber.await(fiber)
      expect(delivered ?? items[0]).toBe("only")
    })
  }
})
