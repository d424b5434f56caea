import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import { breakOff, cutOff, type Leaving, tearDown } from "../../src/connection/tearDown.js"
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
    return { calls, leaving, onGone: () => void calls.push("gone") }
  })

describe("RFC 6455 §7.1.1: giving up the transport", () => {
  it.effect("X-13: in the order of the role, and nothing is left", () =>
    Effect.gen(function* () {
      const { calls, leaving, onGone } = yield* asked(Effect.void)
      tearDown(leaving, "client", onGone)
      expect(calls).toEqual(["client", "abort", "gone"])
      yield* TestClock.adjust(1000)
      expect(calls).toEqual(["client", "abort", "gone"])
    })
  )

  it.effect("X-21: a peer that does not end is not waited for longer than the close timeout", () =>
    Effect.gen(function* () {
      const { calls, leaving, onGone } = yield* asked(Effect.never)
      tearDown(leaving, "server", onGone)
      yield* TestClock.adjust(999)
      expect(calls).toEqual(["server"])
      yield* TestClock.adjust(1)
      expect(calls).toEqual(["server", "abort", "gone"])
    })
  )

  it.effect("at once: ended, then aborted", () =>
    Effect.gen(function* () {
      const { calls, leaving, onGone } = yield* asked(Effect.never)
      cutOff(leaving, onGone)
      expect(calls).toEqual(["end", "abort", "gone"])
    })
  )

  it.effect("at once, and without a word: aborted", () =>
    Effect.gen(function* () {
      const { calls, leaving, onGone } = yield* asked(Effect.never)
      breakOff(leaving, onGone)
      expect(calls).toEqual(["abort", "gone"])
    })
  )

  it.effect("a teardown that dies is one that has ended", () =>
    Effect.gen(function* () {
      const { calls, leaving, onGone } = yield* asked(Effect.die("broken"))
      tearDown(leaving, "server", onGone)
      expect(calls).toEqual(["server", "abort", "gone"])
    })
  )
})
