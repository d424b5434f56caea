import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { Natives } from "../src/Natives.js"
import type { NativeEnd, Port } from "../src/Port.js"
import * as StreamPort from "../src/StreamPort.js"
import { browser, type Fake, turns } from "./support/natives.js"

/** A fake WebSocketStream that is open, its Port, and what is told. */
const opened = Effect.gen(function* () {
  const { layer, made } = browser("WebSocketStream")
  const { WebSocketStream } = yield* Effect.provide(Natives, layer)
  const told: { messages: Array<unknown>; done: number; ends: Array<NativeEnd> } = { messages: [], done: 0, ends: [] }
  const fiber = yield* Effect.fork(
    StreamPort.open(
      (signal) => new WebSocketStream!("ws://a/", { protocols: [], signal }),
      (port: Port) => ({
        port,
        onMessage: (message) => void told.messages.push(message),
        onDone: () => void told.done++,
        onEnd: (end) => void told.ends.push(end)
      }),
      () => "failed"
    )
  )
  yield* turns()
  const [fake] = made as [Fake & { pulls: number }]
  fake.open("chat", "x")
  return { fake, told, port: (yield* Fiber.join(fiber)).port }
})

describe("StreamPort", () => {
  it.effect("a message is read when it is asked for, and no sooner: that is the back-pressure", () =>
    Effect.gen(function* () {
      const { fake, port, told } = yield* opened
      expect([port.protocol, port.extensions]).toEqual(["chat", "x"])
      fake.message("a")
      fake.message(Uint8Array.of(1))
      yield* turns()
      expect([told.messages, fake.pulls]).toEqual([[], 0])
      port.demand()
      port.demand()
      yield* turns()
      expect(told.messages).toEqual(["a"])
      port.demand()
      yield* turns()
      expect(told.messages).toEqual(["a", Uint8Array.of(1)])
    })
  )

  it.effect("the end is told at once; what is unread can still be read", () =>
    Effect.gen(function* () {
      const { fake, port, told } = yield* opened
      fake.message("a")
      fake.end({ code: 1001, reason: "bye" })
      yield* turns()
      expect(told).toEqual({ messages: [], done: 0, ends: [{ code: 1001, reason: "bye", clean: true }] })
      expect([port.hasMore(), port.isOpen()]).toEqual([true, true])
      port.demand()
      yield* turns()
      port.demand()
      yield* turns()
      expect(told).toMatchObject({ messages: ["a"], done: 1 })
      port.demand()
      expect([port.hasMore(), port.isOpen()]).toEqual([false, false])
    })
  )

  it.effect("RFC 6455 §7.1.5: a Close frame without a code is 1005", () =>
    Effect.gen(function* () {
      const { fake, told } = yield* opened
      fake.end({ code: 1005 })
      yield* turns()
      expect(told.ends).toEqual([{ code: 1005, reason: "", clean: true }])
    })
  )

  it.effect("an end that is not clean is 1006, and ends the reading", () =>
    Effect.gen(function* () {
      const { fake, port, told } = yield* opened
      port.demand()
      fake.end({ code: 1006, clean: false })
      yield* turns()
      expect(told).toEqual({ messages: [], done: 1, ends: [{ code: 1006, reason: "", clean: false }] })
    })
  )

  it.effect("what is sent is a copy, and is buffered until the stream has taken it", () =>
    Effect.gen(function* () {
      const { fake, port } = yield* opened
      const octets = Uint8Array.of(1, 2)
      port.send(octets)
      port.send("abc")
      octets.fill(0)
      yield* turns()
      expect([fake.sent, port.buffered()]).toEqual([[Uint8Array.of(1, 2)], 5])
      const waiting = yield* Effect.fork(port.progress)
      yield* turns()
      expect(Option.isNone(yield* Fiber.poll(waiting))).toBe(true)
      fake.drain()
      yield* Fiber.join(waiting)
      yield* turns()
      expect([fake.sent, port.buffered()]).toEqual([[Uint8Array.of(1, 2), "abc"], 3])
    })
  )

  it.effect("closes with a code and a reason, or without", () =>
    Effect.gen(function* () {
      const { fake, port } = yield* opened
      port.close(4000, "bye")
      port.close(undefined, "")
      expect(fake.closes).toEqual([
        [4000, "bye"],
        [undefined, undefined]
      ])
    })
  )
})
