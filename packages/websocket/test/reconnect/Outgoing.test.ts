import { describe, expect } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import type * as Reconnect from "../../src/Reconnect.js"
import type * as WebSocket from "../../src/WebSocket.js"
import { test, turns } from "../support/leavesNothing.js"
import { type Accepted, pass, reconnecting } from "../support/reconnecting.js"

type Outbox = Reconnect.ReconnectOptions<never, never>["outbox"]

const refusedWith = (tag: string) => ({ _tag: "SendError", reason: { _tag: tag } })

/** A client whose first connection was lost; the next one is made after a second. */
const lost = (outbox: Outbox) =>
  Effect.gen(function* () {
    const made = yield* reconnecting({ schedule: Schedule.spaced("1 second"), outbox })
    yield* (yield* made.accept).lose
    yield* turns()
    return { ...made, again: Effect.zipRight(pass("1 seconds"), made.accept) }
  })

const receive = ({ ws }: Accepted, count: number) => Effect.replicateEffect(ws.receive, count)

describe("without a queue `send` waits for a connection", () => {
  test("and is done when the message was given to it", function* () {
    const { again, client } = yield* lost(undefined)
    const sending = yield* Effect.fork(client.send("later"))
    yield* turns()
    expect(yield* Fiber.poll(sending)).toMatchObject({ _tag: "None" })
    expect(yield* receive(yield* again, 1)).toEqual(["later"])
    yield* Fiber.join(sending)
  })

  test("interrupted, it has sent nothing", function* () {
    const { again, client } = yield* lost("wait")
    yield* Fiber.interrupt(yield* Effect.fork(client.send("never")))
    const accepted = yield* again
    yield* turns()
    yield* client.send("only")
    expect(yield* receive(accepted, 1)).toEqual(["only"])
  })

  test('`whenFull: "fail"` does not wait', function* () {
    const { client } = yield* lost("wait")
    expect(yield* Effect.flip(client.send("a", { whenFull: "fail" }))).toMatchObject(refusedWith("NotOpen"))
    expect(client.unsafeSend("a")).toBe(false)
  })

  test("`sendAll` keeps the order over connections", function* () {
    const { accept, again, client } = yield* lost("wait")
    const sending = yield* Effect.fork(client.sendAll(["a", "b", "c"]))
    expect(yield* receive(yield* again, 3)).toEqual(["a", "b", "c"])
    yield* Fiber.join(sending)
    expect(yield* Effect.fork(accept)).toBeDefined()
  })

  test("the end of all wakes who waits, with what ended it", function* () {
    const { client, refuse } = yield* lost("wait")
    const sending = yield* Effect.fork(Effect.flip(client.send("a")))
    refuse({ status: 403 })
    yield* pass("1 seconds")
    expect(yield* Fiber.join(sending)).toMatchObject({ _tag: "HandshakeError" })
  })
})

describe('outbox: "fail"', () => {
  test("a message fails with NotOpen while there is no connection", function* () {
    const { again, client } = yield* lost("fail")
    const error = yield* Effect.flip(client.send("a"))
    expect(error).toMatchObject(refusedWith("NotOpen"))
    expect(error.message).toBe("there is no open connection now")
    const accepted = yield* again
    yield* turns()
    yield* client.send("b")
    expect(yield* receive(accepted, 1)).toEqual(["b"])
  })
})

describe("J5: the outbox is carried over to the next connection", () => {
  test("`send` is done at once; the messages go in their order, before later ones", function* () {
    const { again, client } = yield* lost({})
    yield* client.sendAll(["a", Uint8Array.of(1), "b"])
    const accepted = yield* again
    yield* client.send("c")
    expect(yield* receive(accepted, 4)).toEqual(["a", Uint8Array.of(1), "b", "c"])
  })

  test("the octets may be reused when `send` is done", function* () {
    const { again, client } = yield* lost({})
    const octets = Uint8Array.of(1, 2, 3)
    yield* client.send(octets)
    octets.fill(0)
    expect(yield* receive(yield* again, 1)).toEqual([Uint8Array.of(1, 2, 3)])
  })

  test("the kind of a message is kept", function* () {
    const { again, client } = yield* lost({})
    yield* client.send(new Uint8Array(Buffer.from("text")), { kind: "text" })
    yield* client.send("octets", { kind: "binary" })
    expect(yield* receive(yield* again, 2)).toEqual(["text", new Uint8Array(Buffer.from("octets"))])
  })

  test("RFC 6455 §5.6: what is no text is refused before it waits", function* () {
    const { client } = yield* lost({})
    const sending = client.send(Uint8Array.of(0xff), { kind: "text" })
    expect(yield* Effect.flip(sending)).toMatchObject(refusedWith("BadText"))
  })

  test("what is no message is a defect", function* () {
    const { client } = yield* lost({})
    const cause = yield* Effect.flip(Effect.sandbox(client.send(50 as never)))
    expect(Cause.squash(cause)).toEqual(new TypeError("what is sent is a string or a Uint8Array"))
  })

  test("a message that a connection refused since it ends goes over the next one", function* () {
    const { accept, again, client } = yield* lost({})
    const second = yield* again
    yield* turns()
    // The Close has been sent: nothing may follow it on this connection.
    yield* Effect.fork(second.ws.close(1012))
    yield* second.ws.closed
    yield* client.send("not lost")
    yield* pass("1 seconds")
    expect(yield* receive(yield* accept, 1)).toEqual(["not lost"])
  })

  test("a peer that reads slowly and answers all is no deadlock: messages arrive while the queue goes", function* () {
    const { again, client } = yield* lost({ capacity: 8 * 1024 * 1024 })
    const message = "x".repeat(60_000)
    yield* client.sendAll(Array(50).fill(message))
    const { ws } = yield* again
    yield* Effect.fork(ws.run((each) => ws.send(each)))
    for (let count = 0; count < 50; count++) expect(yield* client.receive).toBe(message)
  })

  test("close, and what waited is gone", function* () {
    const { client } = yield* lost({})
    yield* client.send("gone")
    yield* client.close()
    expect((yield* Effect.flip(client.send("late")))._tag).toBe("Closed")
  })
})

describe("when the outbox is full", () => {
  const capacity = 2 * 32 + 2

  test('"wait": `send` waits for room, and goes over the connection when there is one', function* () {
    const { again, client } = yield* lost({ capacity })
    yield* client.sendAll(["a", "b"])
    const sending = yield* Effect.fork(client.send("c"))
    yield* turns()
    expect(yield* Fiber.poll(sending)).toMatchObject({ _tag: "None" })
    expect(yield* receive(yield* again, 3)).toEqual(["a", "b", "c"])
    yield* Fiber.join(sending)
  })

  test('"wait", but not a message that says so', function* () {
    const { client } = yield* lost({ capacity })
    yield* client.sendAll(["a", "b"])
    expect(yield* Effect.flip(client.send("c", { whenFull: "fail" }))).toMatchObject(refusedWith("QueueFull"))
  })

  test('"fail": QueueFull', function* () {
    const { again, client } = yield* lost({ capacity, whenFull: "fail" })
    yield* client.sendAll(["a", "b"])
    expect(yield* Effect.flip(client.send("c"))).toMatchObject({
      _tag: "SendError",
      reason: { _tag: "QueueFull", limit: capacity }
    })
    expect(yield* receive(yield* again, 2)).toEqual(["a", "b"])
  })

  test('"dropOldest": the oldest go', function* () {
    const { again, client } = yield* lost({ capacity, whenFull: "dropOldest" })
    yield* client.sendAll(["a", "b", "c", "d"])
    const accepted = yield* again
    yield* client.send("e")
    expect(yield* receive(accepted, 3)).toEqual(["c", "d", "e"])
  })

  for (const whenFull of ["wait", "dropOldest"] as const) {
    test(`"${whenFull}": one that is longer than all the room waits for a connection`, function* () {
      const { again, client } = yield* lost({ capacity, whenFull })
      yield* client.send("a")
      const sending = yield* Effect.fork(client.send("x".repeat(100)))
      yield* turns()
      expect(yield* receive(yield* again, 2)).toEqual(["a", "x".repeat(100)])
      yield* Fiber.join(sending)
    })
  }
})

describe("back-pressure is that of the connection", () => {
  test("`send` waits for a peer that does not read", function* () {
    const made = yield* reconnecting({ outbox: {} })
    const accepted = yield* made.accept
    yield* turns()
    const flood = yield* Effect.fork(
      Effect.forever(Effect.zipRight(made.client.send("x".repeat(50_000)), Effect.yieldNow()))
    )
    yield* turns(200)
    const sent = (ws: WebSocket.WebSocket) => ws.unsafeSend("")
    expect(sent(accepted.ws)).toBe(true)
    expect(made.client.unsafeSend("x")).toBe(false)
    yield* Fiber.interrupt(flood)
    yield* accepted.lose
  })
})
