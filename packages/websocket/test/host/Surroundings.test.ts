import { describe, expect, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberRef from "effect/FiberRef"
import * as Runtime from "effect/Runtime"
import { here, inContext } from "../../src/host/Surroundings.js"

class Name extends Context.Tag("Name")<Name, string>() {}

const named = Effect.provideService(Name, "one")

describe("inContext", () => {
  it.effect("has the services of the fiber, which are demanded by its type", () =>
    Effect.gen(function* () {
      const greeting: Effect.Effect<string, never, Name> = inContext<Name, string, never>(({ context }) =>
        Effect.succeed(`hello ${Context.get(context, Name)}`)
      )
      expect(yield* named(greeting)).toBe("hello one")
    })
  )

  it.effect("gives the runtime which Effect.runtime gives: services, FiberRefs, and flags", () =>
    Effect.gen(function* () {
      const seen = Effect.zip(Name, FiberRef.get(FiberRef.currentConcurrency))
      const run = inContext<Name, readonly [string, number | "unbounded"], never>(({ runtime }) =>
        Effect.sync(() => Runtime.runSync(runtime as Runtime.Runtime<Name>, seen))
      )
      expect(yield* named(Effect.withConcurrency(run, 7))).toEqual(["one", 7])
      const both = inContext<never, readonly [unknown, unknown], never>(({ runtime }) =>
        Effect.map(Effect.runtime<never>(), (other) => [runtime.runtimeFlags, other.runtimeFlags] as const)
      )
      const [flags, others] = yield* Effect.uninterruptible(both)
      expect(flags).toBe(others)
    })
  )

  it.effect("`here` has the same, in code that runs in a fiber", () =>
    Effect.gen(function* () {
      const greeting = Effect.sync(() => `hello ${Context.get(here<Name>().context, Name)}`)
      expect(yield* named(greeting)).toBe("hello one")
      expect(here().clock).toBe(yield* Effect.clock)
    })
  )

  it.effect("a failure is one, and what is thrown is a defect", () =>
    Effect.gen(function* () {
      expect(yield* Effect.exit(inContext<never, never, string>(() => Effect.fail("no")))).toEqual(Exit.fail("no"))
      const thrown = inContext<never, never, never>(() => {
        throw "boom"
      })
      expect(yield* Effect.exit(thrown)).toEqual(Exit.die("boom"))
    })
  )
})
