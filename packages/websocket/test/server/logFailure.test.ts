import { describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import { logFailure } from "../../src/server/logFailure.js"
import { DecodeError } from "../../src/typed/DecodeError.js"
import { Closed, SendError, TransportError } from "../../src/WebSocketError.js"

const logged = (cause: Cause.Cause<unknown>): Effect.Effect<ReadonlyArray<string>> =>
  Effect.suspend(() => {
    const levels: Array<string> = []
    const logger = Logger.make(({ logLevel }) => void levels.push(logLevel.label))
    return Effect.as(Effect.provide(logFailure(cause), Logger.replace(Logger.defaultLogger, logger)), levels)
  })

const closed = new Closed({
  closure: { initiator: "remote", sent: Option.none(), received: Option.none(), clean: true, cause: undefined }
})

describe("what a handler failed with", () => {
  it.effect("is logged when it is the application's", () =>
    Effect.gen(function* () {
      expect(yield* logged(Cause.fail(new Error("own")))).toEqual(["ERROR"])
      expect(yield* logged(Cause.die(closed))).toEqual(["ERROR"])
      const tooLong = new SendError({ reason: { _tag: "PayloadTooLong", length: 126, limit: 125 } })
      expect(yield* logged(Cause.fail(tooLong))).toEqual(["ERROR"])
    })
  )

  it.effect("is not when the connection has ended", () =>
    Effect.gen(function* () {
      expect(yield* logged(Cause.fail(closed))).toEqual([])
      expect(yield* logged(Cause.fail(new TransportError({ reason: { _tag: "Reset" } })))).toEqual([])
      expect(yield* logged(Cause.fail(new SendError({ reason: { _tag: "Closing" } })))).toEqual([])
    })
  )

  it.effect("a message that is no value is logged, unless the connection was closed for it", () =>
    Effect.gen(function* () {
      const reason = { _tag: "UnexpectedKind", expected: "text" } as const
      expect(yield* logged(Cause.fail(DecodeError.of(reason, "a", false)))).toEqual(["ERROR"])
      expect(yield* logged(Cause.fail(DecodeError.of(reason, "a", true)))).toEqual([])
    })
  )

  it.effect("is not when it was interrupted", () =>
    Effect.gen(function* () {
      expect(yield* logged(Cause.interrupt(FiberId.none))).toEqual([])
    })
  )
})
