import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { vi } from "vitest"
import { afterHostTurn, hostTurn } from "../../src/host/HostTurn.js"

describe("a turn of the event loop", () => {
  it("comes after everything that runs in microtasks", async () => {
    const order: Array<string> = []
    const turned = new Promise<void>((resolve) =>
      afterHostTurn(() => {
        order.push("turn")
        resolve()
      })
    )
    await Promise.resolve().then(() => order.push("microtask"))
    await turned
    expect(order).toEqual(["microtask", "turn"])
  })

  it.effect("needs no time of the Clock, and can be interrupted", () =>
    Effect.gen(function* () {
      yield* hostTurn
      const fiber = yield* Effect.fork(hostTurn)
      yield* Effect.yieldNow()
      yield* Fiber.interrupt(fiber)
    })
  )

  it("is made of a timer where the host has no setImmediate", async () => {
    vi.stubGlobal("setImmediate", undefined)
    try {
      await new Promise<void>((resolve) => afterHostTurn(resolve))
    } finally {
      vi.unstubAllGlobals()
    }
  })
})
