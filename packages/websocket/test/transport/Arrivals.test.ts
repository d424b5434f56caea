import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { hostTurn } from "../../src/host/HostTurn.js"
import { Arrivals } from "../../src/transport/Arrivals.js"
import { TransportError } from "../../src/WebSocketError.js"
import { test, turns } from "../support/leavesNothing.js"

const failure = new TransportError({ reason: { _tag: "Listen", address: "here" } })

/** Connections that are numbers, and those of them that have ended. */
const arriving = (limit = 9) => {
  const ended: Array<number> = []
  return { ended, arrivals: new Arrivals<number>(limit, (number) => Effect.sync(() => void ended.push(number))) }
}

describe("arrivals", () => {
  test("are full at the limit, and where nobody is served any more", function* () {
    const { arrivals } = arriving(2)
    arrivals.add(1)
    expect(arrivals.full).toBe(false)
    arrivals.add(2)
    expect(arrivals.full).toBe(true)
    const closed = arriving().arrivals
    yield* closed.close(failure)
    expect(closed.full).toBe(true)
  })

  test("are ended when the listener is, also those who come too late", function* () {
    const { arrivals, ended } = arriving()
    arrivals.add(1)
    yield* arrivals.close(failure)
    arrivals.add(2)
    expect(ended).toEqual([1, 2])
  })

  test("closing fails accept, now and later, and ends what it serves", function* () {
    const { arrivals, ended } = arriving()
    const accepting = yield* Effect.fork(arrivals.accept(() => Effect.never))
    arrivals.add(1)
    yield* turns()
    yield* arrivals.close(failure)
    expect(yield* Fiber.await(accepting)).toEqual(Exit.fail(failure))
    expect(ended).toEqual([1])
    expect(yield* Effect.flip(arrivals.accept(() => Effect.void))).toBe(failure)
  })

  test("are shared by several who accept", function* () {
    const { arrivals } = arriving()
    const served: Array<string> = []
    const accept = (who: string) => Effect.fork(arrivals.accept(() => Effect.sync(() => void served.push(who))))
    const all = [yield* accept("one"), yield* accept("other")]
    yield* turns(1)
    for (let number = 0; number < 4; number++) arrivals.add(number)
    yield* turns()
    expect(served).toEqual(["one", "other", "one", "other"])
    yield* Fiber.interruptAll(all)
    arrivals.add(5)
    yield* turns()
    expect([served.length, arrivals.count]).toEqual([4, 1])
  })

  test("whenever accept is interrupted, each is served and ended, or still there", function* () {
    for (let delay = 0; delay < 20; delay++) {
      const { arrivals, ended } = arriving()
      const accepting = yield* Effect.fork(arrivals.accept(() => Effect.never))
      yield* turns(delay % 3)
      arrivals.add(1)
      yield* turns(delay % 5)
      yield* Fiber.interrupt(accepting)
      expect(ended.length + arrivals.count).toBe(1)
    }
  })

  test("an interruption is heard though they never run out", function* () {
    const { arrivals } = arriving(Infinity)
    const again = (number: number) =>
      Effect.zipRight(
        hostTurn,
        Effect.sync(() => arrivals.add(number + 1))
      )
    const accepting = yield* Effect.fork(arrivals.accept(again))
    arrivals.add(0)
    yield* turns()
    yield* Fiber.interrupt(accepting)
  })
})
