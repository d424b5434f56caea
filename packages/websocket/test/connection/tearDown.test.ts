import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import { cutOff, type Leaving, tearDown } from "../../src/connection/tearDown.js"
import { defaultsOf } from "../../src/Limits.js"
import type { Duplex } from "../../src/Transport.js"
import { on } from "../../src/waiting/Deadlines.js"

/** A transport that writes down what is asked of it. */
const asked = (teardown: Effect.Effect<void>) =>
  Effect.gen(function* () {
    const calls: Array<string> = []
    const call = (name: string) => Effect.sync(() => void calls.push(name))
    const duplex = {
      end: call("end"),
      abort: call("abort"),
      teardown: (role: string) => Effect.zipRight(call(role), teardown)
    } as unknown as Duplex
    const limits = { ...defaultsOf("server"), closeTimeout: 1000 }
    const leaving: Leaving = { duplex, limits, deadlines: on(yield* Effect.clock), runtime: yield* Effect.runtime() }
    return { calls, leaving }
  })

describe("RFC 6455 §7.1.1: giving up the transport", () => {
  it.effect("X-13: in the order of the role, and nothing is left", () =>
    Effect.gen(function* () {
      const { calls, leaving } = yield* asked(Effect.void)
      yield* Fiber.join(tearDown(leaving, "client"))
      expect(calls).toEqual(["client", "abort"])
    })
  )

  it.effect("X-21: a peer that does not end is not waited for longer than the close timeout", () =>
    Effect.gen(function* () {
      const { calls, leaving } = yield* asked(Effect.never)
      const fiber = tearDown(leaving, "server")
      yield* TestClock.adjust(999)
      expect(calls).toEqual(["server"])
      yield* TestClock.adjust(1)
      yield* Fiber.await(fiber)
      expect(calls).toEqual(["server", "abort"])
    })
  )

  it.effect("at once: ended, then aborted", () =>
    Effect.gen(function* () {
      const { calls, leaving } = yield* asked(Effect.never)
      yield* Fiber.join(cutOff(leaving))
      expect(calls).toEqual(["end", "abort"])
    })
  )
})
