import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import * as EventPort from "../src/EventPort.js"
import { Natives } from "../src/Natives.js"
import type { NativeEnd, Port } from "../src/Port.js"
import { browser, type Fake, turns } from "./support/natives.js"

/** A fake WebSocket that is open, its Port, and what is told. */
const opened = Effect.gen(function* () {
  const { layer, made } = browser("WebSocket")
  const { WebSocket } = yield* Effect.provide(Natives, layer)
  const told: { messages: Array<unknown>; done: number; ends: Array<NativeEnd> } = { messages: [], done: 0, ends: [] }
  const fiber = yield* Effect.fork(
    EventPort.open(
      () => new WebSocket!("ws://a/", []),
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
  const [fake] = made as [Fake & { binaryType: string; readyState: number; bufferedAmount: number }]
  fake.open("chat", "x")
  return { fake, told, port: (yield* Fiber.join(fiber)).port }
})

describe("EventPort", () => {
  it.effect("tells what the WebSocket tells, octets as such", () =>
    Effect.gen(function* () {
      const { fake, port, told } = yield* opened
      expect([fake.binaryType, port.protocol, port.extensions]).toEqual(["arraybuffer", "chat", "x"])
      fake.message("a")
      fake.message(Uint8Array.of(1))
      fake.end({ code: 1001, reason: "bye" })
      expect(told).toEqual({
        messages: ["a", Uint8Array.of(1)],
        done: 1,
        ends: [{ code: 1001, reason: "bye", clean: true }]
      })
    })
  )

  it.effect("nothing is lost that comes with the opening", () =>
    Effect.gen(function* () {
      const { layer, made } = browser("WebSocket")
      const { WebSocket } = yield* Effect.provide(Natives, layer)
      const messages: Array<unknown> = []
      const events = { onMessage: (message: unknown) => void messages.push(message), onDone: () => {}, onEnd: () => {} }
      const fiber = yield* Effect.fork(
        EventPort.open(
          () => new WebSocket!("ws://a/", []),
          () => events,
          () => "failed"
        )
      )
      yield* turns()
      made[0]?.open()
      made[0]?.message("early")
      yield* Fiber.join(fiber)
      expect(messages).toEqual(["early"])
    })
  )

  it.effect("brings all as it comes: there is nothing to demand, and nothing more after the end", () =>
    Effect.gen(function* () {
      const { port } = yield* opened
      port.demand()
      expect(port.hasMore()).toBe(false)
    })
  )

  it.effect("sends, and knows what is buffered; progress is asked for every 10 ms", () =>
    Effect.gen(function* () {
      const { fake, port } = yield* opened
      port.send("abc")
      expect([fake.sent, port.buffered()]).toEqual([["abc"], 3])
      const waiting = yield* Effect.fork(port.progress)
      yield* turns()
      yield* TestClock.adjust("10 millis")
      yield* Fiber.join(waiting)
    })
  )

  it.effect("closes with a code and a reason, or without; from then on it is not open", () =>
    Effect.gen(function* () {
      const { fake, port } = yield* opened
      expect(port.isOpen()).toBe(true)
      port.close(4000, "bye")
      port.close(undefined, "")
      expect(fake.closes).toEqual([
        [4000, "bye"],
        [undefined, undefined]
      ])
      expect(port.isOpen()).toBe(false)
    })
  )
})
