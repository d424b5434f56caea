import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import { open, roles } from "../support/peer.js"

for (const role of roles) {
  describe(`an open WebSocket: a ${role}`, () => {
    it.scoped("L-09: is open until a Close frame was sent, or the connection has ended", () =>
      Effect.gen(function* () {
        const { peer, ws } = yield* open(role)
        expect(yield* ws.isOpen).toBe(true)
        const closing = yield* Effect.fork(ws.close())
        yield* peer.until(1)
        expect(yield* ws.isOpen).toBe(false)
        peer.close()
        yield* Fiber.join(closing)
        expect(yield* ws.isOpen).toBe(false)
        for (const end of ["close", "violation", "reset"]) {
          const { peer, ws } = yield* open(role)
          expect(yield* ws.isOpen).toBe(true)
          if (end === "close") peer.close()
          else if (end === "violation") peer.send(3)
          else yield* peer.duplex.abort
          yield* ws.closed
          expect(yield* ws.isOpen, end).toBe(false)
        }
      })
    )

    it.scoped("MW-17: limits are told, and change for messages that come from now on", () =>
      Effect.gen(function* () {
        const { peer, ws } = yield* open(role, { limits: { maxMessageSize: 4 } })
        expect((yield* ws.limits).maxMessageSize).toBe(4)
        yield* ws.setLimits({ maxMessageSize: 5, fragmentSize: 8 })
        expect(yield* ws.limits).toMatchObject({ maxMessageSize: 5, fragmentSize: 8 })
        peer.send(1, "12345")
        expect(yield* ws.receive).toBe("12345")
        yield* ws.send("123456789")
        yield* peer.until(2)
        expect(peer.briefs).toEqual(["text- 12345678", "more 9"])
        peer.send(1, "123456")
        expect((yield* Effect.flip(ws.receive))._tag).toBe("ProtocolError")
      })
    )

    it.scoped("T-11: deadlines change while the connection is open", () =>
      Effect.gen(function* () {
        const { ws } = yield* open(role, { limits: { idleTimeout: "1 hour", keepAlive: false } })
        yield* ws.setLimits({ idleTimeout: "10 seconds" })
        yield* TestClock.adjust("9 seconds")
        expect(yield* ws.isOpen).toBe(true)
        yield* TestClock.adjust("1 seconds")
        expect(yield* Effect.flip(ws.receive)).toMatchObject({ _tag: "TimeoutError", phase: "Idle" })
      })
    )

    it.scoped("T-11: a deadline that is lifted does not fire", () =>
      Effect.gen(function* () {
        const { ws } = yield* open(role, { limits: { idleTimeout: "10 seconds", keepAlive: false } })
        yield* ws.setLimits({ idleTimeout: Infinity })
        yield* TestClock.adjust("1 hours")
        expect(yield* ws.isOpen).toBe(true)
      })
    )

    it.scoped("a limit out of range is an OptionError, and nothing is changed", () =>
      Effect.gen(function* () {
        const { ws } = yield* open(role)
        const before = yield* ws.limits
        const error = yield* Effect.flip(ws.setLimits({ readAhead: 1, maxMessageSize: -1 }))
        expect(error).toMatchObject({ _tag: "OptionError", option: "limits.maxMessageSize" })
        expect(yield* ws.limits).toEqual(before)
      })
    )

    it.scoped("P-11: without permessage-deflate there is nothing to tell of it", () =>
      Effect.map(open(role), ({ ws }) => expect(ws.compression).toEqual(Option.none()))
    )
  })
}
