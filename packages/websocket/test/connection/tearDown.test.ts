import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import { cutOff, tearDown } from "../../src/connection/tearDown.js"
import type { Duplex } from "../../src/Transport.js"

/** A transport that writes down what is asked of it. */
const asked = (teardown: Effect.Effect<void>) => {
  const calls: Array<string> = []
  const call = (name: string) => Effect.sync(() => void calls.push(name))
  const duplex = {
    end: call("end"),
    abort: call("abort"),
    teardown: (role: string) => Effect.zipRight(call(role), teardown)
  } as unknown as Duplex
  return { calls, duplex }
}

describe("RFC 6455 §7.1.1: giving up the transport", () => {
  it.effect("X-13: in the order of the role, and nothing is left", () =>
    Effect.gen(function* () {
      const { calls, duplex } = asked(Effect.void)
      yield* tearDown(duplex, "client", 1000)
      expect(calls).toEqual(["client", "abort"])
    })
  )

  it.effect("X-21: a peer that does not end is not waited for longer than the close timeout", () =>
    Effect.gen(function* () {
      const { calls, duplex } = asked(Effect.never)
      const fiber = yield* Effect.fork(tearDown(duplex, "server", 1000))
      yield* TestClock.adjust(999)
      expect(calls).toEqual(["server"])
      yield* TestClock.adjust(1)
      yield* Fiber.join(fiber)
      expect(calls).toEqual(["server", "abort"])
    })
  )

  it.effect("at once: ended, then aborted", () =>
    Effect.gen(function* () {
      const { calls, duplex } = asked(Effect.never)
      yield* cutOff(duplex)
      expect(calls).toEqual(["end", "abort"])
    })
  )
})
