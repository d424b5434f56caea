import { describe, expect } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Logger from "effect/Logger"
import type * as Scope from "effect/Scope"
import { pair } from "../../src/MemoryTransport.js"
import type { Duplex } from "../../src/Transport.js"
import { Serving } from "../../src/transport/Serving.js"
import { test } from "../support/leavesNothing.js"

type Use = (duplex: Duplex) => Effect.Effect<void, unknown, Scope.Scope>

/** Serves one end of a connection; gives the other one. */
const serve = (use: Use) =>
  Effect.gen(function* () {
    const [near, far] = yield* pair()
    const serving = new Serving<Duplex, Scope.Scope>(yield* Effect.runtime<never>(), use, ({ abort }) => abort)
    serving.begin(far)
    return { serving, near }
  })

/** How the Scope of what is served has ended. */
const endOf = (use: Use) =>
  Effect.gen(function* () {
    const ended = yield* Deferred.make<Exit.Exit<unknown, unknown>>()
    const { near, serving } = yield* serve((duplex) =>
      Effect.zipRight(
        Effect.addFinalizer((exit) => Deferred.succeed(ended, exit)),
        use(duplex)
      )
    )
    return { near, serving, ended: Deferred.await(ended) }
  })

describe("what serves a connection", () => {
  for (const [name, use, exit] of [
    ["success", () => Effect.void, Exit.void],
    ["a failure", () => Effect.fail("no"), Exit.fail("no")],
    ["a defect", () => Effect.die("boom"), Exit.die("boom")]
  ] as const) {
    test(`after ${name} its Scope learns so, and the connection is gone`, function* () {
      const { ended, near } = yield* endOf(use)
      expect(yield* ended).toEqual(exit)
      expect((yield* Effect.flip(near.pull)).reason._tag).toBe("Reset")
    })
  }

  test("it can be interrupted where the application is, and its end cannot", function* () {
    const log: Array<string> = []
    const { near, serving } = yield* serve(() =>
      Effect.zipRight(
        Effect.addFinalizer(() =>
          Effect.sync(() => log.push("first")).pipe(
            Effect.zipRight(Effect.yieldNow()),
            Effect.zipRight(Effect.sync(() => log.push("last")))
          )
        ),
        Effect.never
      )
    )
    yield* serving.stop
    expect(log).toEqual(["first", "last"])
    expect((yield* Effect.flip(near.pull)).reason._tag).toBe("Reset")
  })

  test("what it forks can be interrupted, too", function* () {
    const interrupted = yield* Deferred.make<void>()
    const { serving } = yield* serve(() =>
      Effect.zipRight(
        Effect.forkScoped(Effect.onInterrupt(Effect.never, () => Deferred.succeed(interrupted, undefined))),
        Effect.never
      )
    )
    yield* Effect.yieldNow()
    yield* serving.stop
    yield* Deferred.await(interrupted)
  })

  for (const [name, use, messages] of [
    ["a defect is logged", () => Effect.die("boom"), 1],
    ["a failure is not", () => Effect.fail("no"), 0],
    [
      "a defect of a finalizer is logged, and the connection is gone all the same",
      () => Effect.asVoid(Effect.addFinalizer(() => Effect.die("boom"))),
      1
    ]
  ] as const) {
    test(name, function* () {
      let logged = 0
      const logger = Logger.make(() => void logged++)
      const { near } = yield* Effect.provide(serve(use), Logger.replace(Logger.defaultLogger, logger))
      yield* Effect.flip(near.pull)
      expect(logged).toBe(messages)
    })
  }
})
