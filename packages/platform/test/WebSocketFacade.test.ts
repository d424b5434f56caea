import { describe, expect, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { FrameStream } from "effect-websocket/FrameStream"
import * as Handshake from "effect-websocket/Handshake"
import { Listener } from "effect-websocket/Listener"
import type { Transport } from "effect-websocket/Transport"
import * as WebSocket from "effect-websocket/WebSocket"
import { WebSocketFacade, WebSocketFacadeCloseEvent, WebSocketFacadeErrorEvent } from "../src/WebSocketFacade.js"
import { leavesNothing } from "./support/leavesNothing.js"
import { memory, serving, turns, uri } from "./support/serving.js"

leavesNothing()

const make = Effect.gen(function* () {
  const fork = yield* FiberSet.makeRuntime<never>()
  const context = yield* Effect.context<Transport | Handshake.Handshake | FrameStream>()
  const connect = Effect.mapInputContext(
    WebSocket.connect(uri, { subprotocols: ["v1"] }),
    (input: Context.Context<Scope.Scope>) => Context.merge(context, input)
  )
  const ws = new WebSocketFacade({ url: uri, connect, fork })
  const events: Array<Event> = []
  for (const type of ["open", "message", "error", "close"]) ws.addEventListener(type, (event) => events.push(event))
  return { ws, events }
})

const echo = serving((ws) => ws.run((message) => ws.send(message)), { subprotocols: ["v1"] })
const silent = serving((ws) => ws.closed)

const typesOf = (events: ReadonlyArray<Event>) => events.map(({ type }) => type)

describe("the interface of browsers", () => {
  it.scoped("connecting, open, messages, closed", () =>
    Effect.gen(function* () {
      const { events, ws } = yield* make
      expect([ws.readyState, ws.protocol, ws.extensions]).toEqual([ws.CONNECTING, "", ""])
      yield* turns()
      expect([ws.readyState, ws.protocol, ws.extensions]).toEqual([ws.OPEN, "v1", ""])
      ws.send("text")
      ws.send(Uint8Array.of(1, 2).subarray(1))
      ws.send(Uint8Array.of(3).buffer)
      yield* turns()
      const data = events.filter((event) => event instanceof MessageEvent).map((event) => (event as MessageEvent).data)
      expect(data).toEqual(["text", Uint8Array.of(2), Uint8Array.of(3)])
      ws.close(3001, "enough")
      expect(ws.readyState).toBe(ws.CLOSING)
      yield* turns()
      expect(ws.readyState).toBe(ws.CLOSED)
      expect(events.at(-1)).toMatchObject({ type: "close", code: 3001, reason: "enough", wasClean: true })
      expect(typesOf(events)).toEqual(["open", "message", "message", "message", "close"])
    }).pipe(Effect.provide(echo))
  )

  it.scoped("handlers are properties too", () =>
    Effect.gen(function* () {
      const { ws } = yield* make
      const seen: Array<string> = []
      ws.onopen = () => seen.push("open")
      ws.onmessage = ({ data }) => seen.push(data)
      ws.onclose = ({ code }) => seen.push(String(code))
      ws.onerror = () => seen.push("error")
      yield* turns()
      ws.send("hello")
      yield* turns()
      ws.close()
      yield* turns()
      expect(seen).toEqual(["open", "hello", "1000"])
    }).pipe(Effect.provide(echo))
  )

  it.scoped("what was given to send may be changed afterwards", () =>
    Effect.gen(function* () {
      const { events, ws } = yield* make
      yield* turns()
      const octets = Uint8Array.of(1)
      ws.send(octets)
      octets[0] = 9
      yield* turns()
      expect((events.at(-1) as MessageEvent).data).toEqual(Uint8Array.of(1))
    }).pipe(Effect.provide(echo))
  )

  it.scoped("send throws while connecting, and for what is no message; later it does nothing", () =>
    Effect.gen(function* () {
      const { ws } = yield* make
      expect(() => ws.send("x")).toThrow(expect.objectContaining({ name: "InvalidStateError" }))
      yield* turns()
      expect(() => ws.send(1)).toThrow(TypeError)
      ws.close()
      ws.send("late")
      expect(ws.bufferedAmount).toBe(0)
      yield* turns()
      ws.send("too late")
    }).pipe(Effect.provide(echo))
  )

  it.scoped("close refuses codes and reasons that may not be sent", () =>
    Effect.gen(function* () {
      const { ws } = yield* make
      for (const code of [999, 1001, 1005, 1006, 2999, 5000]) {
        expect(() => ws.close(code)).toThrow(expect.objectContaining({ name: "InvalidAccessError" }))
      }
      expect(() => ws.close(1000, "ä".repeat(62))).toThrow(expect.objectContaining({ name: "SyntaxError" }))
      expect(ws.readyState).toBe(ws.CONNECTING)
    }).pipe(Effect.provide(echo))
  )

  it.scoped("bufferedAmount counts what waits for the peer, and close comes behind it", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      let octets = 0
      const slow = serving((ws) =>
        Effect.zipRight(
          Deferred.await(gate),
          ws.run((message) => {
            octets += message.length
          })
        )
      )
      yield* Effect.gen(function* () {
        const { events, ws } = yield* make
        yield* turns()
        for (let count = 0; count < 64; count++) ws.send(new Uint8Array(16 * 1024))
        expect(ws.bufferedAmount).toBeGreaterThan(0)
        ws.close()
        yield* turns()
        expect(ws.bufferedAmount).toBeGreaterThan(0)
        yield* Deferred.succeed(gate, undefined)
        yield* turns(200)
        expect([octets, ws.bufferedAmount]).toEqual([2 ** 20, 0])
        expect(typesOf(events)).toEqual(["open", "close"])
      }).pipe(Effect.provide(slow))
    })
  )
})

describe("ends", () => {
  it.scoped("closing while connecting gives up", () =>
    Effect.gen(function* () {
      const { events, ws } = yield* make
      yield* turns()
      ws.close()
      yield* turns()
      expect(typesOf(events)).toEqual(["error", "close"])
      expect(events.at(-1)).toMatchObject({ code: 1006, wasClean: false })
    }).pipe(Effect.provide(memory))
  )

  it.scoped("RFC 6455 §7.1.5: an end without a Close frame is an error, and 1006", () =>
    Effect.gen(function* () {
      const { accept } = yield* Listener
      const handshake = yield* Handshake.Handshake
      yield* Effect.forkScoped(
        accept((duplex) =>
          Effect.ignore(Effect.zipRight(handshake.server(duplex), Effect.zipRight(turns(), duplex.abort)))
        )
      )
      const { events } = yield* make
      yield* turns(100)
      expect(typesOf(events)).toEqual(["open", "error", "close"])
      const [, error, close] = events
      expect(error).toBeInstanceOf(WebSocketFacadeErrorEvent)
      expect(error).toMatchObject({ error: { _tag: "TransportError" } })
      expect(close).toBeInstanceOf(WebSocketFacadeCloseEvent)
      expect(close).toMatchObject({ code: 1006, wasClean: false })
    }).pipe(Effect.provide(memory))
  )

  it.scoped("a second close changes nothing", () =>
    Effect.gen(function* () {
      const { events, ws } = yield* make
      yield* turns()
      ws.close(3000)
      ws.close(3001)
      yield* turns()
      expect(Option.fromNullable(events.at(-1))).toMatchObject({ value: { code: 3000 } })
    }).pipe(Effect.provide(silent))
  )
})
