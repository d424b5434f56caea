import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import type { AnySocket, BroadcastOptions } from "../../src/broadcast/BroadcastOptions.js"
import { Lag } from "../../src/broadcast/Lag.js"
import { Receiver } from "../../src/broadcast/Receiver.js"
import { PreparedMessage } from "../../src/connection/PreparedMessage.js"
import { SendError } from "../../src/WebSocketError.js"
import { test, turns } from "../support/leavesNothing.js"

type Policy = NonNullable<BroadcastOptions["whenSlow"]>

/** A socket that takes messages while it has room, and one more when it is told to. */
const slow = () => {
  const sent: Array<unknown> = []
  const closes: Array<readonly unknown[]> = []
  let isFull = false
  let waiting: ((result: Effect.Effect<void, SendError>) => void) | undefined
  const socket = {
    unsafeSend: (message: unknown) => !isFull && sent.push(message) > 0,
    send: (message: unknown) =>
      Effect.suspend(() => {
        if (!isFull) return Effect.asVoid(Effect.sync(() => sent.push(message)))
        return Effect.async<void, SendError>((resume) => {
          waiting = (result) =>
            resume(
              Effect.zipRight(
                Effect.sync(() => sent.push(message)),
                result
              )
            )
        })
      }),
    close: (...args: ReadonlyArray<unknown>) => Effect.sync(() => void closes.push(args))
  } as unknown as AnySocket
  return {
    socket,
    sent,
    closes,
    fill: (value = true) => {
      isFull = value
    },
    /** Takes the message that waits. */
    take: (result: Effect.Effect<void, SendError> = Effect.void) =>
      Effect.suspend(() => {
        waiting?.(result)
        waiting = undefined
        return turns(2)
      })
  }
}

const receiving = (socket: AnySocket, whenSlow: Policy, maxMessages = 2) =>
  Effect.map(Effect.runtime<never>(), (runtime) => {
    const receiver = new Receiver(socket, new Lag(Infinity, maxMessages), whenSlow, runtime)
    const offer = (...texts: ReadonlyArray<string>) => texts.map((text) => receiver.offer(new PreparedMessage(text)))
    return { receiver, offer }
  })

const closed = new SendError({ reason: { _tag: "Closing" } })

describe("G5: a receiver of a broadcast", () => {
  test("gets at once what its connection takes; the rest waits, and nothing overtakes it", function* () {
    const { fill, sent, socket, take } = slow()
    const { offer } = yield* receiving(socket, "fail")
    expect(offer("a")).toEqual([true])
    fill()
    expect(offer("b", "c", "d")).toEqual([true, true, true])
    expect(sent).toEqual(["a"])
    fill(false)
    expect(offer("e")).toEqual([false])
    expect(sent).toEqual(["a"])
    yield* take()
    expect(sent).toEqual(["a", "b"])
  })

  test("goes on without a fiber when it has caught up", function* () {
    const { fill, sent, socket, take } = slow()
    const { offer } = yield* receiving(socket, "close")
    fill()
    offer("a", "b")
    fill(false)
    yield* take()
    expect([sent, offer("c"), sent]).toEqual([["a", "b", "c"], [true], ["a", "b", "c"]])
  })

  test("dropOldest: the oldest that waits goes; dropNewest: the one there is no room for; both are counted", function* () {
    for (const [policy, expected] of [
      ["dropOldest", ["a", "d", "e"]],
      ["dropNewest", ["a", "b", "c"]]
    ] as const) {
      const { fill, sent, socket, take } = slow()
      const { offer, receiver } = yield* receiving(socket, policy)
      fill()
      // The first is the connection's, and waits there.
      const taken = offer("a", "b", "c", "d", "e")
      expect(taken).toEqual([true, true, true, policy === "dropOldest", policy === "dropOldest"])
      for (const _ of expected) yield* take()
      expect([sent, receiver.dropped]).toEqual([expected, 2])
    }
  })

  test("close: 1013, and nothing more; fail: nothing more, and the connection stays; both end with TooSlow", function* () {
    for (const [policy, closes] of [
      ["close", [[1013, "too slow"]]],
      ["fail", []]
    ] as const) {
      const made = slow()
      const { offer, receiver } = yield* receiving(made.socket, policy)
      made.fill()
      expect(offer("a", "b", "c", "d", "e")).toEqual([true, true, true, false, false])
      expect(made.closes).toEqual(closes)
      expect(yield* Effect.flip(receiver.ended)).toMatchObject({ _tag: "TooSlow", messages: 2, size: 66 })
      yield* made.take()
      expect([made.sent, offer("f"), receiver.dropped]).toEqual([["a"], [false], 0])
    }
  })

  test("ends when its connection has, and when it is stopped", function* () {
    const { fill, sent, socket, take } = slow()
    const { offer, receiver } = yield* receiving(socket, "close")
    fill()
    offer("a", "b")
    yield* take(Effect.fail(closed))
    expect(yield* Effect.flip(receiver.ended)).toBe(closed)
    fill(false)
    expect([offer("c"), sent]).toEqual([[false], ["a"]])
    const other = yield* receiving(socket, "close")
    other.receiver.stop()
    other.receiver.stop(Effect.fail(closed))
    yield* other.receiver.ended
    expect(other.offer("d")).toEqual([false])
  })

  test("any order of messages and of room: order is kept, and what is lost is what the policy says", function* () {
    const step = fc.oneof({ weight: 3, arbitrary: fc.constant("offer") }, fc.constantFrom("fill", "room", "take"))
    const run = (policy: "dropOldest" | "dropNewest", maxMessages: number, steps: ReadonlyArray<string>) =>
      Effect.gen(function* () {
        const { fill, sent, socket, take } = slow()
        const { offer, receiver } = yield* receiving(socket, policy, maxMessages)
        const [offered, taken]: [Array<string>, Array<boolean>] = [[], []]
        for (const each of steps) {
          if (each === "offer") {
            offered.push(`${offered.length}`)
            taken.push(...offer(offered.at(-1)!))
          } else if (each === "take") yield* take()
          else fill(each === "fill")
        }
        fill(false)
        yield* take()
        const order = sent.map(Number)
        expect(order).toEqual([...new Set(order)].sort((a, b) => a - b))
        expect(sent.length + receiver.dropped).toBe(offered.length)
        if (policy === "dropNewest") expect(sent).toEqual(offered.filter((_, index) => taken[index]))
        else expect(sent.slice(-maxMessages)).toEqual(offered.slice(-maxMessages))
      })
    const property = fc.asyncProperty(
      fc.constantFrom("dropOldest" as const, "dropNewest" as const),
      fc.integer({ min: 1, max: 4 }),
      fc.array(step, { maxLength: 40 }),
      (policy, maxMessages, steps) => Effect.runPromise(run(policy, maxMessages, steps))
    )
    yield* Effect.promise(() => fc.assert(property, { numRuns: 60 }))
  })
})
