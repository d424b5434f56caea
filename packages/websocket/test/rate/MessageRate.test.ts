import { describe, expect } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as RateLimit from "../../src/RateLimit.js"
import type { Message, WebSocket } from "../../src/WebSocket.js"
import { test, turns } from "../support/leavesNothing.js"
import { pass } from "../support/passing.js"
import { octets, open, type Peer } from "../support/peer.js"

/** A server's WebSocket that receives two messages in a second, and its peer. */
const limited = (whenExceeded?: RateLimit.WhenExceeded) =>
  Effect.gen(function* () {
    const { peer, ws } = yield* open("server")
    return { peer, ws, limited: yield* RateLimit.messages(ws, { messagesPerSecond: 2, whenExceeded }) }
  })

const sendAll = (peer: Peer, texts: string): void => {
  for (const text of texts) peer.send(1, text)
}

/** Takes for ever, in one of the ways to receive. */
const ways: Record<string, (ws: WebSocket, onMessage: (message: Message) => void) => Effect.Effect<unknown, unknown>> =
  {
    receive: (ws, onMessage) => Effect.forever(Effect.map(ws.receive, onMessage)),
    pull: (ws, onMessage) => Effect.forever(Effect.map(ws.pull, (batch) => batch.forEach(onMessage))),
    run: (ws, onMessage) => ws.run((message) => void onMessage(message)),
    messages: (ws, onMessage) => Stream.runForEach(ws.messages, (message) => Effect.sync(() => onMessage(message))),
    receiveStream: (ws, onMessage) =>
      Effect.forever(
        Effect.flatMap(ws.receiveStream, ({ body }) =>
          Effect.map(Stream.runCollect(body), (chunks) =>
            onMessage(Buffer.concat([...Chunk.toReadonlyArray(chunks)]).toString())
          )
        )
      )
  }

for (const [way, take] of Object.entries(ways)) {
  describe(`a limit of messages per second: ${way}`, () => {
    test("wait: the message too many comes in the next second", function* () {
      const { limited: ws, peer } = yield* limited()
      sendAll(peer, "abcde")
      const log: Array<unknown> = []
      yield* Effect.forkScoped(take(ws, (message) => log.push(message)))
      yield* turns()
      expect(log).toEqual(["a", "b"])
      yield* pass("999 millis")
      expect(log).toEqual(["a", "b"])
      yield* pass("1 millis")
      expect(log).toEqual(["a", "b", "c", "d"])
      yield* pass("5 seconds")
      expect(log).toEqual(["a", "b", "c", "d", "e"])
      sendAll(peer, "fgh")
      yield* turns()
      expect(log.join("")).toBe("abcdefg")
      yield* pass("1 second")
      expect(log.join("")).toBe("abcdefgh")
    })

    test("close: the message too many closes the connection with 1008, and nothing of it is received", function* () {
      const { limited: ws, peer } = yield* limited("close")
      sendAll(peer, "ab")
      const log: Array<unknown> = []
      const taking = yield* Effect.fork(Effect.exit(take(ws, (message) => log.push(message))))
      yield* turns()
      yield* pass("1 second")
      sendAll(peer, "cdefg")
      yield* peer.until(1)
      expect(peer.briefs).toEqual(["close 1008 too many messages in a second"])
      peer.close(1008)
      yield* Fiber.join(taking)
      expect(log).toEqual(["a", "b", "c", "d"])
      expect(yield* ws.closed).toMatchObject({ initiator: "local", clean: true })
    })
  })
}

describe("a WebSocket with a limit of messages per second", () => {
  test("while it waits the connection reads no more than readAhead, and answers Pings within it", function* () {
    const { peer, ws } = yield* open("server", { limits: { readAhead: 1024 }, memory: { capacity: 0 } })
    const few = yield* RateLimit.messages(ws, { messagesPerSecond: 1 })
    let count = 0
    yield* Effect.forkScoped(few.run(() => void count++))
    peer.send(1, "first")
    peer.send(1, "second")
    peer.send(9, "ping")
    yield* peer.until(1)
    expect([peer.briefs, count]).toEqual([["pong 70696e67"], 1])
    for (let messages = 0; messages < 100; messages++) peer.send(2, octets(100))
    yield* turns()
    expect(peer.duplex.unsafeBuffered()).toBeGreaterThan(5000)
    yield* pass("1 second")
    expect(count).toBe(2)
  })

  test("an interruption while it waits loses no message", function* () {
    const { limited: ws, peer } = yield* limited()
    sendAll(peer, "abc")
    expect([yield* ws.receive, yield* ws.receive]).toEqual(["a", "b"])
    const receiving = yield* Effect.fork(ws.receive)
    yield* turns()
    expect(yield* Fiber.poll(receiving)).toEqual(Option.none())
    yield* Fiber.interrupt(receiving)
    yield* pass("1 second")
    expect(yield* ws.receive).toBe("c")
  })

  test("the effect of a handler is awaited, and its failure is the one of run", function* () {
    const { limited: ws, peer } = yield* limited()
    sendAll(peer, "abc")
    const running = yield* Effect.fork(
      Effect.flip(ws.run((message) => (message === "c" ? Effect.fail("enough" as const) : undefined)))
    )
    yield* pass("1 second")
    expect(yield* Fiber.join(running)).toBe("enough")
  })

  test("everything else is that of the WebSocket beneath", function* () {
    const { limited: ws, peer, ws: beneath } = yield* limited()
    yield* ws.send("text")
    yield* ws.send(octets(1), { kind: "binary" })
    yield* ws.sendAll(["one"])
    yield* ws.sendStream("text", Stream.make("streamed"))
    expect(ws.unsafeSend("at once")).toBe(true)
    yield* ws.pong(octets(1))
    const pinging = yield* Effect.fork(ws.ping(octets(2)))
    const watching = yield* Effect.fork(Stream.runHead(ws.controlFrames))
    yield* turns()
    peer.send(10, octets(2))
    yield* Fiber.join(pinging)
    expect(yield* Fiber.join(watching)).toMatchObject({ value: { _tag: "Pong" } })
    expect([ws.info, ws.negotiated]).toEqual([beneath.info, beneath.negotiated])
    const closing = yield* Effect.fork(ws.close(4000, "bye"))
    yield* turns()
    peer.close(4000)
    expect(yield* Fiber.join(closing)).toEqual(yield* ws.closed)
    yield* ws.abort
    expect(peer.briefs).toEqual([
      "text text",
      "binary 00",
      "text one",
      "text- streamed",
      "more",
      "text at once",
      "pong 00",
      "ping 0007",
      "close 4000 bye"
    ])
  })

  test("messagesPerSecond is an integer of at least 1", function* () {
    const { ws } = yield* open("server")
    for (const messagesPerSecond of [0, -1, 1.5, Number.NaN]) {
      const error = yield* Effect.flip(RateLimit.messages(ws, { messagesPerSecond }))
      expect(error.message).toBe("option messagesPerSecond: an integer of at least 1, or Infinity")
    }
  })
})
