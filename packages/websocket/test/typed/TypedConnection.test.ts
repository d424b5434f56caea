import { describe, expect } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TypedWebSocket from "../../src/TypedWebSocket.js"
import { SendError } from "../../src/WebSocketError.js"
import { test, turns } from "../support/leavesNothing.js"
import { open, type Peer } from "../support/peer.js"
import { yieldAt } from "../support/yieldAt.js"

const numbers = TypedWebSocket.json(Schema.Number)

/** A number that takes a turn of the event loop to decode, and to encode. */
const Slow = Schema.transformOrFail(Schema.Number, Schema.Number, {
  decode: (input) => Effect.as(turns(1), input),
  encode: (value) => Effect.as(turns(1), value)
})
const slow = TypedWebSocket.json(Slow)

const say = (peer: Peer, ...texts: ReadonlyArray<string>) =>
  Effect.zipRight(
    Effect.sync(() => peer.write(...texts.map((text) => peer.frame(1, text)))),
    turns(5)
  )

for (const [name, codec] of [
  ["decoded at once", numbers],
  ["decoded with waiting", slow]
] as const) {
  const over = <const P extends TypedWebSocket.InvalidPolicy>(onInvalid: P) =>
    Effect.map(open("server"), ({ peer, ws }) => ({
      peer,
      ws,
      typed: TypedWebSocket.make({ receive: codec, send: codec, onInvalid }).over(ws)
    }))

  describe(`values, ${name}`, () => {
    test("come in their order, by every way of receiving", function* () {
      const { peer, typed } = yield* over("fail")
      yield* say(peer, "1", "2")
      expect([yield* typed.receive, yield* typed.receive]).toEqual([1, 2])
      yield* say(peer, "3", "4", "5")
      const pulled: Array<number> = []
      while (pulled.length < 3) pulled.push(...(yield* typed.pull))
      expect(pulled).toEqual([3, 4, 5])
      yield* say(peer, "6", "7")
      expect(Chunk.toReadonlyArray(yield* Stream.runCollect(Stream.take(typed.messages, 2)))).toEqual([6, 7])
    })

    test("`run` calls its handler with each, one at a time, and ends after a clean close", function* () {
      const { peer, typed } = yield* over("fail")
      const seen: Array<number> = []
      const running = yield* Effect.fork(
        typed.run((value) => (value % 2 === 0 ? Effect.as(turns(1), seen.push(value)) : void seen.push(value)))
      )
      yield* say(peer, "1", "2", "3", "4")
      yield* turns(20)
      peer.close(1000)
      yield* Fiber.join(running)
      expect(seen).toEqual([1, 2, 3, 4])
    })

    test("`messages` ends after a clean close", function* () {
      const { peer, typed } = yield* over("fail")
      const collecting = yield* Effect.fork(Stream.runCollect(typed.messages))
      yield* say(peer, "1", "2")
      yield* turns(10)
      peer.close(1000)
      expect(Chunk.toReadonlyArray(yield* Fiber.join(collecting))).toEqual([1, 2])
    })

    test("what ends the connection comes after what has arrived", function* () {
      const { peer, typed } = yield* over("fail")
      yield* say(peer, "1", "2")
      peer.close(1001)
      yield* turns(10)
      expect([yield* typed.receive, yield* typed.receive]).toEqual([1, 2])
      expect(yield* Effect.flip(typed.receive)).toMatchObject({ _tag: "Closed" })
      expect(yield* Effect.flip(typed.pull)).toMatchObject({ _tag: "Closed" })
    })

    test("are sent in their order", function* () {
      const { peer, typed } = yield* over("fail")
      yield* typed.send(1)
      yield* typed.sendAll([2, 3])
      yield* peer.until(3)
      expect(peer.briefs).toEqual(["text 1", "text 2", "text 3"])
    })

    test("what is none of the schema is an EncodeError, and nothing is sent", function* () {
      const { peer, typed } = yield* over("fail")
      expect(yield* Effect.flip(typed.send("1" as never))).toMatchObject({
        _tag: "EncodeError",
        reason: { _tag: "Mismatch" }
      })
      yield* typed.send(2)
      yield* peer.until(1)
      expect(peer.briefs).toEqual(["text 2"])
    })

    test("several who wait get a value each", function* () {
      const { peer, typed } = yield* over("fail")
      const waiting = yield* Effect.forEach([1, 2, 3], () => Effect.fork(typed.receive))
      yield* say(peer, "1", "2", "3")
      const received = yield* Effect.forEach(waiting, Fiber.join)
      expect([...received].sort()).toEqual([1, 2, 3])
    })

    for (let step = 1; step <= 20; step++) {
      test(`interrupted at step ${step}, \`receive\` loses none`, function* () {
        const { peer, typed } = yield* over("fail")
        yield* say(peer, "1", "2")
        let first: number | undefined
        const taking = Effect.flatMap(typed.receive, (value) => {
          first = value
          return Effect.void
        })
        const fiber: Fiber.RuntimeFiber<void, unknown> = yield* Effect.fork(
          yieldAt(taking, step, () => fiber.unsafeInterruptAsFork(fiber.id()))
        )
        yield* Fiber.await(fiber)
        expect(first ?? (yield* typed.receive)).toBe(1)
        expect(yield* typed.receive).toBe(2)
      })
    }
  })

  describe(`an invalid message, ${name}`, () => {
    test('"fail": the receiver fails, and goes on with the next one', function* () {
      const { peer, typed } = yield* over("fail")
      yield* say(peer, "1", "no", "2", '"3"', "4")
      const got: Array<unknown> = []
      while (got.length < 5) {
        const values = yield* Effect.either(typed.pull)
        got.push(...(values._tag === "Right" ? values.right : [values.left]))
      }
      expect(got).toMatchObject([
        1,
        { _tag: "DecodeError", reason: { _tag: "Malformed" }, received: "no" },
        2,
        { _tag: "DecodeError", reason: { _tag: "Mismatch" }, received: '"3"' },
        4
      ])
      yield* say(peer, "no", "5")
      expect(yield* Effect.flip(typed.receive)).toMatchObject({ _tag: "DecodeError" })
      expect(yield* typed.receive).toBe(5)
    })

    test('"fail": `run` fails, and the rest is there', function* () {
      const { peer, typed } = yield* over("fail")
      const seen: Array<number> = []
      yield* say(peer, "1", "no", "2")
      expect(yield* Effect.flip(typed.run((value) => void seen.push(value)))).toMatchObject({ _tag: "DecodeError" })
      expect(seen).toEqual([1])
      expect(yield* typed.receive).toBe(2)
    })

    test('"skip": it is left out, and a warning is logged', function* () {
      const warnings: Array<string> = []
      const logger = Logger.make(({ logLevel, message }) => warnings.push(`${logLevel.label} ${message}`))
      const { peer, typed } = yield* over("skip")
      yield* say(peer, "no", "1", "no", "2")
      const received = Effect.all([typed.receive, typed.receive])
      expect(yield* Effect.provide(received, Logger.replace(Logger.defaultLogger, logger))).toEqual([1, 2])
      expect(warnings).toEqual(["WARN a message was left out", "WARN a message was left out"])
    })

    for (const [way, report] of [
      ["a function", (seen: Array<string>) => (error: TypedWebSocket.DecodeError) => void seen.push(error._tag)],
      [
        "an effect",
        (seen: Array<string>) => (error: TypedWebSocket.DecodeError) => Effect.sync(() => seen.push(error._tag))
      ]
    ] as const) {
      test(`{ skip }: it is left out and reported to ${way}, also by \`run\``, function* () {
        const reports: Array<string> = []
        const { peer, typed } = yield* over({ skip: report(reports) })
        yield* say(peer, "no", "1", "no", "2")
        expect([yield* typed.receive, yield* typed.receive]).toEqual([1, 2])
        expect(reports).toEqual(["DecodeError", "DecodeError"])
        const seen: Array<number> = []
        const running = yield* Effect.fork(typed.run((value) => void seen.push(value)))
        yield* say(peer, "no", "3")
        yield* turns(10)
        peer.close(1000)
        yield* Fiber.join(running)
        expect([seen, reports.length]).toEqual([[3], 3])
      })
    }

    for (const code of [1007, 1008]) {
      test(`RFC 6455 §7.4.1: { close: ${code} } closes, and every operation fails with it`, function* () {
        const { peer, typed, ws } = yield* over({ close: code })
        yield* say(peer, "1", "no", "2")
        expect(yield* typed.receive).toBe(1)
        const failing = yield* Effect.fork(Effect.flip(typed.receive))
        yield* peer.until(1)
        expect(peer.briefs).toEqual([`close ${code} a message was not understood`])
        peer.close(code)
        const error = yield* Fiber.join(failing)
        expect(error).toMatchObject({ _tag: "DecodeError", received: "no" })
        expect(yield* Effect.flip(typed.pull)).toBe(error)
        expect(yield* Effect.flip(typed.run(() => {}))).toBe(error)
        expect(yield* Effect.flip(Stream.runDrain(typed.messages))).toBe(error)
        expect((yield* ws.closed).initiator).toBe("local")
      })
    }

    test("{ close }: a platform that may not send the code closes with its default", function* () {
      const { peer, ws } = yield* open("server")
      const browser = {
        ...ws,
        pull: ws.pull,
        closed: ws.closed,
        close: (code?: number) =>
          code === undefined ? ws.close() : Effect.fail(new SendError({ reason: { _tag: "BadCloseCode", code } }))
      }
      const typed = TypedWebSocket.make({ receive: codec, send: codec, onInvalid: { close: 1007 } }).over(
        browser as unknown as typeof ws
      )
      yield* say(peer, "no")
      const failing = yield* Effect.fork(Effect.flip(typed.receive))
      yield* peer.until(1)
      expect(peer.briefs).toEqual(["close 1000"])
      peer.close(1000)
      expect(yield* Fiber.join(failing)).toMatchObject({ _tag: "DecodeError" })
    })
  })
}

describe("decoding that waits", () => {
  test("is of one message at a time, and interrupted with who asked for it", function* () {
    const started = yield* Deferred.make<void>()
    let interrupted = 0
    let decoded = 0
    const Stuck = Schema.transformOrFail(Schema.Number, Schema.Number, {
      decode: (input) =>
        Effect.suspend(() =>
          ++decoded > 1
            ? Effect.succeed(input)
            : Effect.zipRight(Deferred.succeed(started, undefined), Effect.never).pipe(
                Effect.onInterrupt(() => Effect.sync(() => interrupted++))
              )
        ),
      encode: (value) => Effect.succeed(value)
    })
    const codec = TypedWebSocket.json(Stuck)
    const { peer, ws } = yield* open("server")
    const typed = TypedWebSocket.make({ receive: codec, send: codec }).over(ws)
    yield* say(peer, "1", "2")
    const receiving = yield* Effect.fork(typed.receive)
    yield* Deferred.await(started)
    yield* Fiber.interrupt(receiving)
    expect([interrupted, decoded]).toEqual([1, 1])
    expect([yield* typed.receive, yield* typed.receive]).toEqual([1, 2])
  })

  test("two receivers of the same message: one gets it, the other one the next", function* () {
    const { peer, ws } = yield* open("server")
    const typed = TypedWebSocket.make({ receive: slow, send: slow }).over(ws)
    yield* say(peer, "1", "2")
    const both = yield* Effect.all([typed.receive, typed.receive], { concurrency: 2 })
    expect([...both].sort()).toEqual([1, 2])
  })
})

describe("what is beneath", () => {
  test("closing is that of the socket, and the socket is there", function* () {
    const { peer, ws } = yield* open("server")
    const typed = TypedWebSocket.make({ receive: numbers, send: numbers }).over(ws)
    expect(typed.socket).toBe(ws)
    const closing = yield* Effect.fork(typed.close(4000, "enough"))
    yield* peer.until(1)
    peer.close(4000)
    expect(Option.getOrThrow((yield* Fiber.join(closing)).received).code).toBe(4000)
    expect((yield* typed.closed).clean).toBe(true)
    expect(yield* Effect.flip(typed.send(1))).toMatchObject({ _tag: "SendError" })
  })

  test("a value may be undefined", function* () {
    const unit = TypedWebSocket.text(
      Schema.transform(Schema.String, Schema.Undefined, { decode: () => undefined, encode: () => "" })
    )
    const { peer, ws } = yield* open("server")
    const typed = TypedWebSocket.make({ receive: unit, send: unit }).over(ws)
    yield* say(peer, "a", "b")
    expect(yield* typed.receive).toBe(undefined)
    expect(yield* typed.pull).toEqual([undefined])
  })

  test("`whenFull` is of the socket", function* () {
    const { peer, ws } = yield* open("server", { limits: { highWaterMark: 0 } })
    peer.pause()
    const typed = TypedWebSocket.make({ receive: numbers, send: numbers }).over(ws)
    const flood = Effect.forever(typed.send(1, { whenFull: "fail" }))
    expect(yield* Effect.flip(flood)).toMatchObject({ _tag: "SendError", reason: { _tag: "QueueFull" } })
    peer.resume()
  })
})
