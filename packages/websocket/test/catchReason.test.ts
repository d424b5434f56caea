import { describe, expect } from "@effect/vitest"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { catchReason } from "../src/catchReason.js"
import { SendError, TransportError } from "../src/WebSocketError.js"
import { test } from "./support/leavesNothing.js"

class Plain extends Data.TaggedError("Plain")<{}> {}

type Failure = TransportError | SendError | Plain

const reset = new TransportError({ reason: { _tag: "Reset" } })
const open = new TransportError({ reason: { _tag: "Open", address: "a:80" } })
const failing = (error: Failure): Effect.Effect<never, Failure> => Effect.fail(error)

describe("catchReason", () => {
  test("handles the reason of the tag, which it gets, and the whole error", function* () {
    const caught = catchReason(failing(open), "TransportError", "Open", (reason, error) =>
      Effect.succeed([reason.address, error])
    )
    expect(yield* caught).toEqual(["a:80", open])
  })

  test("in a pipe", function* () {
    const caught = failing(reset).pipe(catchReason("TransportError", "Reset", () => Effect.succeed("again")))
    expect(yield* caught).toBe("again")
  })

  test("another reason of the tag stays, and so does the reason of another tag", function* () {
    const closing = new SendError({ reason: { _tag: "Closing" } })
    for (const error of [open, closing, new Plain()]) {
      const caught = failing(error).pipe(catchReason("TransportError", "Reset", () => Effect.succeed("again")))
      expect(yield* Effect.flip(caught)).toBe(error)
    }
  })

  test("successes and defects stay", function* () {
    const handler = () => Effect.succeed("again")
    expect(
      yield* catchReason(
        Effect.as(failing(reset).pipe(Effect.ignore), 1) as Effect.Effect<number, Failure>,
        "TransportError",
        "Reset",
        handler
      )
    ).toBe(1)
    const dying = catchReason(Effect.die("boom") as Effect.Effect<never, Failure>, "TransportError", "Reset", handler)
    expect((yield* Effect.exit(dying))._tag).toBe("Failure")
  })
})
