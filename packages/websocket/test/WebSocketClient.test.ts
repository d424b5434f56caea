import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import * as MemoryTransport from "../src/MemoryTransport.js"
import * as WebSocket from "../src/WebSocket.js"
import * as WebSocketClient from "../src/WebSocketClient.js"
import * as WebSocketServer from "../src/WebSocketServer.js"
import { test, turns } from "./support/leavesNothing.js"
import { echo } from "./support/serving.js"

const server = WebSocketServer.serve(echo, { subprotocols: ["chat"] })
const base = Layer.provideMerge(server, Layer.merge(WebSocket.layer, MemoryTransport.layer))
const layers = Layer.provideMerge(WebSocketClient.layer, base)

describe("a client on any platform", () => {
  test("is the client of this library, over its transport", function* () {
    const said = yield* Effect.gen(function* () {
      const ws = yield* WebSocketClient.connect(new URL("ws://a/"), { subprotocols: ["chat"] })
      yield* ws.send("hello")
      return [ws.negotiated.subprotocol, yield* ws.receive]
    }).pipe(Effect.provide(layers))
    expect(said).toEqual(["chat", "hello"])
  })

  test("fails as `WebSocket.connect` does", function* () {
    const error = yield* Effect.flip(WebSocketClient.connect("ftp://a/")).pipe(Effect.provide(layers))
    expect(error).toMatchObject({ _tag: "OptionError", option: "uri" })
  })

  test("takes the limits of its connection", function* () {
    const unheard = Layer.provideMerge(WebSocketClient.layer, Layer.merge(WebSocket.layer, MemoryTransport.layer))
    const connecting = WebSocketClient.connect("ws://a/", { limits: { handshakeTimeout: "1 second" } })
    const failing = yield* Effect.fork(Effect.flip(connecting).pipe(Effect.scoped, Effect.provide(unheard)))
    yield* turns()
    yield* TestClock.adjust("1 second")
    expect(yield* Fiber.join(failing)).toMatchObject({ _tag: "TimeoutError", phase: "Handshake" })
  })
})
