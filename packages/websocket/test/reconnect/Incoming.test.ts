import { describe, expect } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { test, turns } from "../support/leavesNothing.js"
import { pass, reconnecting, stateOf } from "../support/reconnecting.js"
import { yieldAt } from "../support/yieldAt.js"

const options = { schedule: Schedule.spaced("1 second") }

describe("messages of all connections, in their order", () => {
  test("what a connection has brought before it was lost comes before what the next one brings", function* () {
    const { accept, client } = yield* reconnecting(options)
    const first = yield* accept
    yield* first.ws.sendAll(["a", "b"])
    yield* turns()
    yield* first.lose
    yield* pass("1 seconds")
    yield* (yield* accept).ws.send("c")
    yield* turns()
    expect(yield* stateOf(client)).toBe("Open")
    expect([yield* client.receive, yield* client.receive, yield* client.receive]).toEqual(["a", "b", "c"])
  })

  test("who waits sees nothing of the change", function* () {
    const { accept, client } = yield* reconnecting(options)
    const receiving = yield* Effect.fork(client.receive)
    yield* (yield* accept).lose
    yield* pass("1 seconds")
    yield* (yield* accept).ws.send("after")
    expect(yield* Fiber.join(receiving)).toBe("after")
  })

  test("`run` goes on over connections, one message at a time, and ends after a clean close", function* () {
    const seen: Array<string> = []
    const { accept, client } = yield* reconnecting(options)
    const running = yield* Effect.fork(
      client.run((message) => {
        if (message === "quick") return void seen.push("quick")
        return Effect.zipRight(
          Effect.yieldNow(),
          Effect.sync(() => seen.push(String(message)))
        )
      })
    )
    const first = yield* accept
    yield* first.ws.sendAll(["a", "quick", "b"])
    yield* turns()
    yield* first.lose
    yield* pass("1 seconds")
    yield* (yield* accept).ws.send("c")
    yield* turns()
    yield* client.close()
    yield* Fiber.join(running)
    expect(seen).toEqual(["a", "quick", "b", "c"])
  })

  test("`run` fails with the failure of its handler, and the rest of the messages is there for others", function* () {
    const { accept, client } = yield* reconnecting(options)
    yield* (yield* accept).ws.sendAll(["a", "b", "c"])
    yield* turns()
    const handler = (message: unknown) => (message === "b" ? Effect.fail("enough") : Effect.void)
    expect(yield* Effect.flip(client.run(handler))).toBe("enough")
    expect(yield* client.receive).toBe("c")
  })

  test("`run` fails with what ends all, when that is no clean close", function* () {
    const { client, refuse } = yield* reconnecting(options)
    refuse({ status: 403 })
    expect(yield* Effect.flip(client.run(() => {}))).toMatchObject({ _tag: "HandshakeError" })
  })

  test("`messages` is a Stream over connections, which ends after a clean close", function* () {
    const { accept, client } = yield* reconnecting(options)
    const collecting = yield* Effect.fork(Stream.runCollect(client.messages))
    const first = yield* accept
    yield* first.ws.send("a")
    yield* turns()
    yield* first.lose
    yield* pass("1 seconds")
    const second = yield* accept
    yield* second.ws.send("b")
    yield* second.ws.close(1000)
    expect(Chunk.toReadonlyArray(yield* Fiber.join(collecting))).toEqual(["a", "b"])
  })

  test("several who wait get a message each", function* () {
    const { accept, client } = yield* reconnecting(options)
    const waiting = yield* Effect.forEach([1, 2, 3], () => Effect.fork(client.receive))
    const { ws } = yield* accept
    yield* ws.sendAll(["a", "b", "c"])
    const received = yield* Effect.forEach(waiting, Fiber.join)
    expect([...received].sort()).toEqual(["a", "b", "c"])
  })
})

describe("interruption loses no message", () => {
  for (const method of ["pull", "receive"] as const) {
    for (let step = 1; step <= 24; step++) {
      test(`${method}, at step ${step}`, function* () {
        const { accept, client } = yield* reconnecting(options)
        const { ws } = yield* accept
        yield* ws.sendAll(["a", "b"])
        yield* turns()
        let taken: ReadonlyArray<unknown> = []
        const take = (value: unknown) => {
          taken = [value].flat()
          return Effect.void
        }
        const taking = method === "pull" ? Effect.flatMap(client.pull, take) : Effect.flatMap(client.receive, take)
        const fiber: Fiber.RuntimeFiber<unknown, unknown> = yield* Effect.fork(
          yieldAt(taking, step, () => fiber.unsafeInterruptAsFork(fiber.id()))
        )
        yield* Fiber.await(fiber)
        while (taken.length < 2) taken = [...taken, yield* client.receive]
        expect(taken).toEqual(["a", "b"])
      })
    }
  }
})

describe("what is left of ended connections is bounded", () => {
  test("over 64 KiB no other connection is begun until the application has taken it", function* () {
    const { accept, asked, client } = yield* reconnecting({ ...options, outbox: "fail" })
    const first = yield* accept
    yield* Effect.fork(first.ws.send("x".repeat(70_000)))
    yield* turns(200)
    yield* first.lose
    yield* pass("1 minute")
    expect(asked()).toBe(1)
    expect(yield* client.receive).toBe("x".repeat(70_000))
    yield* accept
    expect(asked()).toBe(2)
  })
})
