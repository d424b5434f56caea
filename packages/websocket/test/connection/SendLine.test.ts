import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { SendLine } from "../../src/connection/SendLine.js"
import { SendError } from "../../src/WebSocketError.js"
import { test } from "../support/leavesNothing.js"

/** A pace that is ready for so many writes, and a line with it. */
const lined = (ready = 0) => {
  const written: Array<string> = []
  const pace = {
    ready,
    looks: [] as Array<() => void>,
    refused: undefined as SendError | undefined,
    refusal: () => pace.refused,
    get isReady() {
      return pace.ready > 0
    },
    onceReady: (look: () => void) => void pace.looks.push(look)
  }
  const look = () => {
    for (const look of pace.looks.splice(0)) look()
  }
  const line = new SendLine(pace)
  const write = (name: string) => () => {
    pace.ready--
    written.push(name)
  }
  return {
    line,
    pace,
    written,
    single: (name: string) => line.single(write(name)),
    whole: (name: string, until: Effect.Effect<void>) => line.whole(Effect.zipRight(Effect.sync(write(name)), until)),
    /** There is room for so many. */
    allow: (count: number) => {
      pace.ready += count
      look()
    },
    refuse: (error: SendError) => {
      pace.refused = error
      look()
    }
  }
}

const closing = new SendError({ reason: { _tag: "Closing" } })

/** Forks all, in order. */
const forkAll = <A, E>(effects: ReadonlyArray<Effect.Effect<A, E>>) =>
  Effect.zipLeft(
    Effect.forEach(effects, (effect) => Effect.fork(effect)),
    Effect.yieldNow()
  )

describe("SendLine", () => {
  test("who comes first is written first, as far as there is room", function* () {
    const { allow, line, pace, single, written } = lined()
    const fibers = yield* forkAll([single("a"), single("b"), single("c")])
    expect(written).toEqual([])
    // One look for all.
    expect(pace.looks.length).toBe(1)
    allow(2)
    expect(written).toEqual(["a", "b"])
    expect(line.isEmpty).toBe(false)
    allow(1)
    expect(written).toEqual(["a", "b", "c"])
    expect(line.isEmpty).toBe(true)
    yield* Fiber.joinAll(fibers)
  })

  test("what finds room and nobody is written at once", function* () {
    const { line, single, written } = lined(1)
    yield* single("a")
    expect(written).toEqual(["a"])
    expect(line.isEmpty).toBe(true)
  })

  test("what consists of several frames has the line for itself", function* () {
    const { allow, single, whole, written } = lined(1)
    const gate = yield* Effect.makeLatch()
    const fibers = yield* forkAll([
      single("a"),
      whole("b", gate.await),
      single("c"),
      whole("d", Effect.void),
      single("e")
    ])
    allow(5)
    yield* Effect.yieldNow()
    expect(written).toEqual(["a", "b"])
    yield* gate.open
    yield* Fiber.joinAll(fibers)
    expect(written).toEqual(["a", "b", "c", "d", "e"])
  })

  test("who is interrupted while waiting writes nothing, and holds nobody up", function* () {
    for (const interrupted of [0, 1, 2]) {
      const { allow, line, single, whole, written } = lined()
      const fibers = yield* forkAll([whole("a", Effect.never), single("b"), whole("c", Effect.void), single("d")])
      if (interrupted > 0) yield* Fiber.interrupt(fibers[interrupted])
      yield* Fiber.interrupt(fibers[0])
      allow(4)
      yield* Effect.forEach(fibers, Fiber.await)
      expect(written).toEqual(["a", "b", "c", "d"].filter((_, n) => n === 0 || n !== interrupted))
      expect(line.isEmpty).toBe(true)
    }
  })

  test("when nothing may be sent any more all who wait learn why, also ten thousand", function* () {
    const { line, refuse, single, written } = lined()
    const fibers = yield* forkAll(Array.from({ length: 10_000 }, (_, n) => single(`${n}`)))
    refuse(closing)
    const exits = yield* Effect.forEach(fibers, Fiber.await)
    expect(
      exits.every((exit) => Exit.isFailure(exit) && exit.cause._tag === "Fail" && exit.cause.error === closing)
    ).toBe(true)
    expect(written).toEqual([])
    expect(line.isEmpty).toBe(true)
  })

  test("a defect of one is its own: the next is written", function* () {
    const { allow, line, single, written } = lined()
    const broken = line.single(() => {
      throw "boom"
    })
    const [first, second] = yield* forkAll([broken, single("b")])
    allow(1)
    expect(yield* Fiber.await(first)).toEqual(Exit.die("boom"))
    yield* Fiber.join(second)
    expect(written).toEqual(["b"])
  })
})
