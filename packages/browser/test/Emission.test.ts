import { describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { SendError } from "effect-websocket/WebSocketError"
import { Signal } from "effect-websocket/waiting/Signal"
import { Emission } from "../src/Emission.js"
import { turns } from "./support/natives.js"

const make = (highWaterMark = 10) => {
  const sent: Array<string | Uint8Array> = []
  const state: { buffered: number; refusal: SendError | undefined } = { buffered: 0, refusal: undefined }
  const signal = new Signal()
  const port = {
    send: (message: string | Uint8Array) => {
      sent.push(message)
      state.buffered += message.length
    },
    buffered: () => state.buffered,
    progress: Effect.suspend(() => {
      const before = state.buffered
      return signal.until(() => state.buffered < before || state.refusal !== undefined)
    })
  }
  const drain = () => {
    state.buffered = 0
    signal.wake()
  }
  return { emission: new Emission(port, highWaterMark, () => state.refusal), sent, state, drain }
}

describe("kinds (RFC 6455 §5.6)", () => {
  for (const [name, message, kind, expected] of [
    ["a string is text", "é", undefined, "é"],
    ["octets are binary", Uint8Array.of(1), undefined, Uint8Array.of(1)],
    ["octets as text", Uint8Array.of(0xc3, 0xa9), "text", "é"],
    ["a string as binary", "é", "binary", Uint8Array.of(0xc3, 0xa9)]
  ] as const) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const { emission, sent } = make()
        yield* emission.send(message, { kind })
        expect(sent).toEqual([expected])
      })
    )
  }

  it.effect("octets that are no UTF-8 are no text", () =>
    Effect.gen(function* () {
      const { emission, sent } = make()
      const error = yield* Effect.flip(emission.send(Uint8Array.of(0xff), { kind: "text" }))
      expect(error).toMatchObject({ reason: { _tag: "BadText" } })
      expect(sent).toEqual([])
    })
  )

  it.effect("what is no message is a defect", () =>
    Effect.gen(function* () {
      const cause = yield* Effect.flip(Effect.sandbox(make().emission.send(50 as never)))
      expect(Cause.squash(cause)).toBeInstanceOf(TypeError)
    })
  )
})

describe("back-pressure", () => {
  it.effect("above the high-water mark a message waits until less is buffered", () =>
    Effect.gen(function* () {
      const { drain, emission, sent } = make(3)
      yield* emission.sendAll(["ab", "cd"])
      const waiting = yield* Effect.fork(emission.send("e"))
      yield* turns()
      expect([sent, Option.isNone(yield* Fiber.poll(waiting))]).toEqual([["ab", "cd"], true])
      expect(emission.trySend("f")).toBe(false)
      drain()
      yield* Fiber.join(waiting)
      expect(sent).toEqual(["ab", "cd", "e"])
    })
  )

  it.effect("nobody overtakes those who wait", () =>
    Effect.gen(function* () {
      const { drain, emission, sent } = make(0)
      yield* emission.send("a")
      const waiting = yield* Effect.forEach(["b", "c"], (message) => Effect.fork(emission.send(message)))
      yield* turns()
      drain()
      const last = yield* Effect.fork(emission.send("d"))
      while (sent.length < 4) {
        drain()
        yield* turns(1)
      }
      yield* Effect.forEach([...waiting, last], Fiber.join)
      expect(sent).toEqual(["a", "b", "c", "d"])
    })
  )

  it.effect('`whenFull: "fail"` does not wait', () =>
    Effect.gen(function* () {
      const { emission } = make(0)
      yield* emission.send("a")
      const error = yield* Effect.flip(emission.send("b", { whenFull: "fail" }))
      expect(error).toMatchObject({ reason: { _tag: "QueueFull", limit: 0 } })
    })
  )

  it.effect("interrupted, it has sent nothing, and the next one may", () =>
    Effect.gen(function* () {
      const { drain, emission, sent } = make(0)
      yield* emission.send("a")
      const waiting = yield* Effect.fork(emission.send("b"))
      yield* turns()
      yield* Fiber.interrupt(waiting)
      drain()
      yield* emission.send("c")
      expect(sent).toEqual(["a", "c"])
    })
  )

  it.effect("the end wakes who waits, with the reason", () =>
    Effect.gen(function* () {
      const { drain, emission, state } = make(0)
      yield* emission.send("a")
      const waiting = yield* Effect.fork(Effect.flip(emission.send("b")))
      yield* turns()
      state.refusal = new SendError({ reason: { _tag: "Closing" } })
      drain()
      expect(yield* Fiber.join(waiting)).toBe(state.refusal)
      expect(yield* Effect.flip(emission.send("c", { whenFull: "fail" }))).toBe(state.refusal)
    })
  )
})
