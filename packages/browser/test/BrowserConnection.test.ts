import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import { BrowserConnection } from "../src/BrowserConnection.js"
import type { Port } from "../src/Port.js"
import { turns } from "./support/natives.js"

/** A Port whose calls are written down, and the connection over it. */
const make = (parts: { readonly maxUnread?: number; readonly closeTimeout?: number } = {}) =>
  Effect.map(Effect.runtime<never>(), (runtime) => {
    const closes: Array<readonly [number | undefined, string]> = []
    const sent: Array<string | Uint8Array> = []
    const state = { isOpen: true }
    const port: Port = {
      protocol: "",
      extensions: "",
      isOpen: () => state.isOpen,
      hasMore: () => false,
      demand: () => {},
      send: (message) => void sent.push(message),
      buffered: () => 0,
      progress: Effect.void,
      close: (code, reason) => void closes.push([code, reason])
    }
    const { closeTimeout = 10_000, maxUnread = 1000 } = parts
    const ws = new BrowserConnection({ port, address: "a", highWaterMark: 10, maxUnread, closeTimeout, runtime })
    return { ws, closes, sent, state }
  })

describe("RFC 6455 §7.4: close codes of a page", () => {
  for (const code of [1000, 3000, 4999]) {
    it.effect(`${code} may be sent`, () =>
      Effect.gen(function* () {
        const { closes, ws } = yield* make()
        const closing = yield* Effect.fork(ws.close(code, "é"))
        yield* turns()
        expect(closes).toEqual([[code, "é"]])
        ws.onEnd({ code, reason: "é", clean: true })
        const closure = yield* Fiber.join(closing)
        expect(closure).toMatchObject({ initiator: "local", clean: true, cause: undefined })
        expect(Option.getOrThrow(closure.sent)).toEqual({ code, reason: "é" })
        expect(Option.getOrThrow(closure.received)).toEqual({ code, reason: "é" })
      })
    )
  }

  for (const code of [0, 999, 1001, 1002, 1005, 1006, 1011, 2999, 5000, 1000.5, Number.NaN]) {
    it.effect(`${code} may not`, () =>
      Effect.gen(function* () {
        const { closes, ws } = yield* make()
        expect(yield* Effect.flip(ws.close(code))).toMatchObject({ reason: { _tag: "BadCloseCode", code } })
        expect(closes).toEqual([])
      })
    )
  }

  it.effect("§5.5: nor a reason of more than 123 octets", () =>
    Effect.gen(function* () {
      const { ws } = yield* make()
      const error = yield* Effect.flip(ws.close(1000, "é".repeat(62)))
      expect(error).toMatchObject({ reason: { _tag: "PayloadTooLong", limit: 123 } })
    })
  )
})

describe("closing", () => {
  it.effect("is idempotent, and all wait for the same end", () =>
    Effect.gen(function* () {
      const { closes, ws } = yield* make()
      const first = yield* Effect.fork(ws.close(4000))
      const second = yield* Effect.fork(ws.close(4001))
      yield* turns()
      expect(closes).toEqual([[4000, ""]])
      ws.onEnd({ code: 4000, reason: "", clean: true })
      expect(yield* Fiber.join(first)).toBe(yield* Fiber.join(second))
    })
  )

  it.effect("interrupted, it goes on", () =>
    Effect.gen(function* () {
      const { closes, ws } = yield* make()
      const closing = yield* Effect.fork(ws.close())
      yield* turns()
      yield* Fiber.interrupt(closing)
      expect(closes).toEqual([[1000, ""]])
      ws.onEnd({ code: 1000, reason: "", clean: true })
      expect((yield* ws.closed).clean).toBe(true)
    })
  )

  it.effect("what arrives meanwhile is discarded, and nothing more is sent", () =>
    Effect.gen(function* () {
      const { sent, ws } = yield* make()
      ws.onMessage("before")
      const closing = yield* Effect.fork(ws.close())
      yield* turns()
      ws.onMessage("meanwhile")
      expect(yield* Effect.flip(ws.send("late"))).toMatchObject({ reason: { _tag: "Closing" } })
      expect(ws.unsafeSend("late")).toBe(false)
      ws.onEnd({ code: 1000, reason: "", clean: true })
      yield* Fiber.join(closing)
      expect(yield* ws.pull).toEqual(["before"])
      expect(yield* Effect.flip(ws.pull)).toMatchObject({ _tag: "Closed" })
      expect(yield* Effect.flip(ws.send("late"))).toMatchObject({ reason: { _tag: "Closed" } })
      expect(sent).toEqual([])
    })
  )

  it.effect("a peer that has begun to close takes nothing more", () =>
    Effect.gen(function* () {
      const { state, ws } = yield* make()
      state.isOpen = false
      expect(yield* Effect.flip(ws.send("late"))).toMatchObject({ reason: { _tag: "Closing" } })
    })
  )

  it.effect("a closing handshake that fails is not clean", () =>
    Effect.gen(function* () {
      const { ws } = yield* make()
      const closing = yield* Effect.fork(ws.close())
      yield* turns()
      ws.onEnd({ code: 1006, reason: "", clean: false })
      expect(yield* Fiber.join(closing)).toMatchObject({ clean: false, cause: { reason: { _tag: "Hidden" } } })
    })
  )

  it.effect("has a deadline; an end that comes later changes nothing", () =>
    Effect.gen(function* () {
      const { ws } = yield* make({ closeTimeout: 3000 })
      const closing = yield* Effect.fork(ws.close())
      yield* turns()
      yield* TestClock.adjust("2999 millis")
      expect(Option.isNone(yield* Fiber.poll(closing))).toBe(true)
      yield* TestClock.adjust("1 millis")
      const closure = yield* Fiber.join(closing)
      expect(closure.cause).toMatchObject({ _tag: "TimeoutError", phase: "Close" })
      ws.onEnd({ code: 1000, reason: "", clean: true })
      expect(yield* ws.closed).toBe(closure)
      expect(yield* Effect.flip(ws.receive)).toBe(closure.cause)
    })
  )

  it.effect("no deadline when there is none", () =>
    Effect.gen(function* () {
      const { ws } = yield* make({ closeTimeout: Infinity })
      const closing = yield* Effect.fork(ws.close())
      yield* TestClock.adjust("1000 days")
      ws.onEnd({ code: 1005, reason: "", clean: true })
      expect(Option.getOrThrow((yield* Fiber.join(closing)).received).code).toBe(1005)
    })
  )
})

describe("an end which the peer began", () => {
  it.effect("has its code; what the browser answers it does not tell", () =>
    Effect.gen(function* () {
      const { ws } = yield* make()
      const running = yield* Effect.fork(ws.run(() => {}))
      yield* turns()
      ws.onEnd({ code: 1001, reason: "bye", clean: true })
      yield* Fiber.join(running)
      const closure = yield* ws.closed
      expect(closure).toMatchObject({ initiator: "remote", clean: true, sent: Option.none() })
      expect(Option.getOrThrow(closure.received)).toEqual({ code: 1001, reason: "bye" })
    })
  )
})

describe("more than may wait unread", () => {
  it.effect("ends the connection: Overrun, after what had arrived", () =>
    Effect.gen(function* () {
      const { closes, ws } = yield* make({ maxUnread: 100 })
      ws.onMessage("x".repeat(68))
      expect(closes).toEqual([])
      ws.onMessage("y")
      ws.onMessage("z")
      expect(closes).toEqual([[undefined, ""]])
      expect(yield* ws.pull).toEqual(["x".repeat(68), "y"])
      const error = yield* Effect.flip(ws.receive)
      expect(error).toMatchObject({ _tag: "TransportError", reason: { _tag: "Overrun", limit: 100 } })
      ws.onEnd({ code: 1005, reason: "", clean: true })
      expect(yield* ws.closed).toMatchObject({ clean: false, cause: error })
      expect(yield* Effect.flip(ws.run(() => {}))).toBe(error)
    })
  )
})
