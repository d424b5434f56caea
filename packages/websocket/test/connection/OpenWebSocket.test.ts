import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import type { Message } from "../../src/WebSocket.js"
import type { ReceiveError } from "../../src/WebSocketError.js"
import { turns } from "../support/leavesNothing.js"
import { open, roles, until } from "../support/peer.js"

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

    it.scoped("RFC 6455 §7.1.5: abort sends nothing more: no Close frame, and not what waits", () =>
      Effect.gen(function* () {
        const { peer, ws } = yield* open(role)
        yield* ws.send("one")
        yield* peer.until(1)
        const sending = yield* Effect.fork(Effect.zipRight(ws.send("two"), ws.abort))
        yield* Fiber.join(sending)
        yield* peer.ended
        expect([peer.briefs, peer.end]).toEqual([["text one"], "Reset"])
        expect(yield* ws.closed).toMatchObject({
          initiator: "local",
          clean: false,
          sent: Option.none(),
          cause: { _tag: "TransportError", reason: { _tag: "Aborted" } }
        })
      })
    )

    it.scoped("RFC 6455 §7.1.1: abort waits for no peer that answers a Close and does not end", () =>
      Effect.gen(function* () {
        const { peer, ws } = yield* open(role)
        peer.close(4000)
        expect(yield* ws.closed).toMatchObject({ clean: true })
        yield* ws.abort
        yield* peer.ended
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

    it.scoped(
      "PARITY CC-11: one operation in a fiber, as a promise, with a callback, as a Stream, as an async iterable",
      () =>
        Effect.gen(function* () {
          const { peer, ws } = yield* open(role)
          const fiber = yield* Effect.fork(ws.receive)
          peer.send(1, "fiber")
          expect(yield* Fiber.join(fiber)).toBe("fiber")
          const promise = Effect.runPromise(ws.receive)
          peer.send(1, "promise")
          expect(yield* Effect.promise(() => promise)).toBe("promise")
          const exits: Array<Exit.Exit<Message, ReceiveError>> = []
          Effect.runCallback(ws.receive, { onExit: (exit) => exits.push(exit) })
          peer.send(1, "callback")
          yield* until(() => exits.length === 1)
          expect(exits).toEqual([Exit.succeed("callback")])
          const stream = yield* Effect.fork(Stream.runCollect(Stream.take(ws.messages, 1)))
          peer.send(1, "Stream")
          expect([...(yield* Fiber.join(stream))]).toEqual(["Stream"])
          const iterable = Stream.toAsyncIterable(ws.messages)[Symbol.asyncIterator]()
          const next = iterable.next()
          peer.send(1, "async iterable")
          expect(yield* Effect.promise(() => next)).toEqual({ value: "async iterable", done: false })
          const last = iterable.next()
          peer.close()
          expect(yield* Effect.promise(() => last)).toMatchObject({ done: true })
        })
    )

    it.scoped("PARITY CC-08: nobody is called within the call that brings it about", () =>
      Effect.gen(function* () {
        const { peer, ws } = yield* open(role)
        let isWithin = false
        const calls: Array<string> = []
        const call = (what: string) => void calls.push(`${what}${isWithin ? ", within" : ""}`)
        const within = (act: () => void) => {
          isWithin = true
          act()
          isWithin = false
        }
        yield* Effect.forkScoped(ws.run(() => call("message"), { onControl: ({ _tag }) => call(_tag) }))
        yield* turns()
        within(() => peer.send(1, "a"))
        within(() => peer.send(9))
        within(() => Effect.runCallback(ws.ping(), { onExit: () => call("ping") }))
        yield* peer.until(2)
        within(() => peer.send(10, peer.frames[1]?.payload))
        within(() => Effect.runCallback(ws.close(), { onExit: () => call("close") }))
        yield* peer.until(3)
        within(() => peer.close())
        yield* ws.closed
        yield* turns()
        expect([...calls].sort()).toEqual(["Close", "Ping", "Pong", "close", "message", "ping"])
      })
    )

    it.scoped("P-11: without permessage-deflate there is nothing to tell of it", () =>
      Effect.map(open(role), ({ ws }) => expect(ws.compression).toEqual(Option.none()))
    )
  })
}
