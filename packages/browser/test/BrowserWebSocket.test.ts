import { describe, expect, it } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import * as Limits from "effect-websocket/Limits"
import * as WebSocketClient from "effect-websocket/WebSocketClient"
import { Closed } from "effect-websocket/WebSocketError"
import * as BrowserWebSocket from "../src/BrowserWebSocket.js"
import { Natives } from "../src/Natives.js"
import { browser, type Fake, type Kind, kinds, turns } from "./support/natives.js"

const uri = "ws://server.example.com/chat"

/** An attempt which the test decides. */
const attempt = (kind: Kind, options?: BrowserWebSocket.BrowserOptions, address: string | URL = uri) =>
  Effect.gen(function* () {
    const { layer, made } = browser(kind)
    const scope = yield* Scope.make()
    const connecting = BrowserWebSocket.connect(address, options)
    const fiber = yield* Effect.fork(Scope.extend(connecting, scope).pipe(Effect.provide(layer)))
    yield* turns()
    return { fiber, scope, fake: made[0] as Fake, made }
  })

/** A connection that is open. */
const connected = (kind: Kind, options?: BrowserWebSocket.BrowserOptions) =>
  Effect.gen(function* () {
    const { fake, fiber, scope } = yield* attempt(kind, options)
    fake.open(options?.subprotocols?.[0])
    return { fake, scope, ws: yield* Fiber.join(fiber) }
  })

for (const kind of kinds) {
  describe(`${kind}: opening`, () => {
    it.effect("asks the browser for the URI, and offers the subprotocols", () =>
      Effect.gen(function* () {
        const { fake, fiber } = yield* attempt(kind, { subprotocols: ["v2", "v1"] }, new URL("http://a:81/b?c d"))
        expect([fake.uri, fake.protocols]).toEqual(["ws://a:81/b?c%20d", ["v2", "v1"]])
        fake.open("v1", "permessage-deflate; client_max_window_bits=10")
        const { negotiated } = yield* Fiber.join(fiber)
        expect(negotiated.subprotocol).toBe("v1")
        expect(negotiated.extensions.map(({ name }) => name)).toEqual(["permessage-deflate"])
      })
    )

    it.effect("without a subprotocol there is none", () =>
      Effect.gen(function* () {
        const { ws } = yield* connected(kind)
        expect(ws.negotiated).toEqual({ subprotocol: undefined, extensions: [] })
      })
    )

    it.effect("a failed handshake is Hidden, and the message says what a browser does not tell", () =>
      Effect.gen(function* () {
        const { fake, fiber } = yield* attempt(kind, {}, "wss://server.example.com/?token=s3cr3t")
        fake.refuse()
        const error = yield* Effect.flip(Fiber.join(fiber))
        expect(error).toMatchObject({ _tag: "TransportError", reason: { _tag: "Hidden", phase: "Handshake" } })
        expect(error.message).toBe(
          "the handshake with server.example.com failed; a browser does not tell whether it was the network, TLS, or a refusal"
        )
      })
    )

    it.effect("a subprotocol may be required", () =>
      Effect.gen(function* () {
        const { fake, fiber } = yield* attempt(kind, { subprotocols: ["v1"], requireSubprotocol: true })
        fake.open("")
        yield* turns()
        expect(fake.closes).toEqual([[1000, ""]])
        fake.end({ code: 1000 })
        expect(yield* Effect.flip(Fiber.join(fiber))).toMatchObject({
          _tag: "HandshakeError",
          reason: { _tag: "BadSubprotocol", offered: ["v1"], chosen: [] }
        })
      })
    )

    it.effect("HARDENING T18: the handshake has a deadline, and is abandoned then", () =>
      Effect.gen(function* () {
        const { fake, fiber } = yield* attempt(kind, { limits: { handshakeTimeout: "5 seconds" } })
        yield* TestClock.adjust("5 seconds")
        const error = yield* Effect.flip(Fiber.join(fiber))
        expect(error).toMatchObject({ _tag: "TimeoutError", phase: "Handshake" })
        expect(fake.isAbandoned()).toBe(true)
      })
    )

    it.effect("HARDENING A29: interruption abandons it", () =>
      Effect.gen(function* () {
        const { fake, fiber } = yield* attempt(kind)
        yield* Fiber.interrupt(fiber)
        expect(fake.isAbandoned()).toBe(true)
      })
    )

    it.effect("HARDENING A29: also when it opens at that very moment", () =>
      Effect.gen(function* () {
        const { fake, fiber, scope } = yield* attempt(kind)
        fake.open()
        fiber.unsafeInterruptAsFork(fiber.id())
        const exit = yield* Fiber.await(fiber)
        const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
        yield* turns()
        expect(fake.closes.length).toBeGreaterThan(0)
        fake.end({ code: 1000 })
        yield* Fiber.join(closing)
        expect(Exit.isInterrupted(exit) || Exit.isSuccess(exit)).toBe(true)
      })
    )
  })

  describe(`${kind}: the end of the Scope`, () => {
    for (const [name, exit, close] of [
      ["success closes with 1000", Exit.void, [1000, ""]],
      ["failure closes without a code, since a page may not send 1011", Exit.fail("wrong"), [undefined, undefined]],
      ["interruption closes without a code", Exit.interrupt(undefined as never), [undefined, undefined]]
    ] as const) {
      it.effect(name, () =>
        Effect.gen(function* () {
          const { fake, scope, ws } = yield* connected(kind)
          const closing = yield* Effect.fork(Scope.close(scope, exit))
          yield* turns()
          expect(fake.closes).toEqual([close])
          fake.end({ code: close[0] ?? 1005 })
          yield* Fiber.join(closing)
          expect(yield* ws.closed).toMatchObject({ clean: true, initiator: "local" })
        })
      )
    }

    it.effect("a peer that does not answer is waited for within closeTimeout", () =>
      Effect.gen(function* () {
        const { scope, ws } = yield* connected(kind, { limits: { closeTimeout: "3 seconds" } })
        const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
        yield* turns()
        yield* TestClock.adjust("3 seconds")
        yield* Fiber.join(closing)
        expect(yield* ws.closed).toMatchObject({ clean: false, cause: { _tag: "TimeoutError", phase: "Close" } })
      })
    )

    it.effect("after the end there is nothing to close", () =>
      Effect.gen(function* () {
        const { fake, scope } = yield* connected(kind)
        fake.end({ code: 1001 })
        yield* turns()
        yield* Scope.close(scope, Exit.void)
        expect(fake.closes).toEqual([])
      })
    )
  })

  describe(`${kind}: the same application code`, () => {
    it.effect("`WebSocketClient.connect` runs over the layer", () =>
      Effect.gen(function* () {
        const { layer, made } = browser(kind)
        const program = Effect.gen(function* () {
          const ws = yield* WebSocketClient.connect(uri, { subprotocols: ["chat"] })
          yield* ws.send("hello")
          return Chunk.toReadonlyArray(yield* Stream.runCollect(ws.messages))
        }).pipe(Effect.scoped, Effect.provide(BrowserWebSocket.layer), Effect.provide(layer))
        const running = yield* Effect.fork(program)
        yield* turns()
        const [fake] = made as [Fake]
        fake.open("chat")
        yield* turns()
        expect(fake.sent).toEqual(["hello"])
        fake.message("welcome")
        yield* turns()
        fake.end({ code: 1000 })
        expect(yield* Fiber.join(running)).toEqual(["welcome"])
      })
    )
  })
}

describe("options are checked before the browser is asked", () => {
  for (const [option, address, options] of [
    ["uri", "ftp://a/", {}],
    ["uri", "ws://h/#x", {}],
    ["uri", "ws://anna:hunter2@a/", {}],
    ["subprotocols", uri, { subprotocols: ["a", "a"] }],
    ["subprotocols", uri, { subprotocols: ["a,b"] }],
    ["maxUnread", uri, { maxUnread: 0 }],
    ["limits.highWaterMark", uri, { limits: { highWaterMark: -1 } }]
  ] as const) {
    it.effect(`${option}: ${address} ${JSON.stringify(options)}`, () =>
      Effect.gen(function* () {
        const { fiber, made } = yield* attempt("WebSocket", options, address)
        const error = yield* Effect.flip(Fiber.join(fiber))
        expect(error).toMatchObject({ _tag: "OptionError", option })
        expect(String(error)).not.toContain("hunter2")
        expect(made).toEqual([])
      })
    )
  }
})

describe("what the platform has", () => {
  it.effect("a WebSocketStream is preferred", () =>
    Effect.gen(function* () {
      const old = browser("WebSocket")
      const modern = browser("WebSocketStream")
      const merge = (effect: Effect.Effect<unknown, unknown, Scope.Scope>) =>
        Effect.flatMap(Effect.provide(Natives, old.layer), (a) =>
          Effect.flatMap(Effect.provide(Natives, modern.layer), (b) =>
            Effect.provideService(effect, Natives, { ...a, ...b })
          )
        )
      const fiber = yield* Effect.fork(Effect.scoped(merge(BrowserWebSocket.connect(uri))))
      yield* turns()
      expect([old.made.length, modern.made.length]).toEqual([0, 1])
      yield* Fiber.interrupt(fiber)
    })
  )

  it.effect("without either it is Unsupported", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Effect.scoped(BrowserWebSocket.connect(uri)))
      expect(error).toMatchObject({ _tag: "TransportError", reason: { _tag: "Unsupported" } })
    }).pipe(Effect.provide(Layer.succeed(Natives, {})))
  )

  for (const [name, thrown, tag] of [
    [
      "what a secure page may not open is Unsupported",
      new DOMException("mixed content", "SecurityError"),
      "Unsupported"
    ],
    ["anything else is Hidden", new Error("?"), "Hidden"]
  ] as const) {
    for (const kind of kinds) {
      it.effect(`${kind}: ${name}, when the constructor throws`, () =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(Effect.scoped(BrowserWebSocket.connect(uri)))
          expect(error).toMatchObject({ _tag: "TransportError", reason: { _tag: tag }, cause: thrown })
        }).pipe(
          Effect.provideService(Natives, {
            [kind]: class {
              constructor() {
                throw thrown
              }
            }
          })
        )
      )
    }
  }
})

describe("limits", () => {
  it.effect("ambient ones hold, and those of the layer, and those of the call, in this order", () =>
    Effect.gen(function* () {
      const timeoutOf = (options?: WebSocketClient.ClientOptions) =>
        Effect.gen(function* () {
          const fiber = yield* Effect.fork(Effect.flip(Effect.scoped(WebSocketClient.connect(uri, options))))
          yield* turns()
          yield* TestClock.adjust("1 hour")
          return String(yield* Fiber.join(fiber))
        })
      const { layer } = browser("WebSocket")
      const ambient = Layer.merge(layer, Limits.layer({ handshakeTimeout: "3 seconds" }))
      const bare = Effect.provide(timeoutOf(), Layer.provideMerge(BrowserWebSocket.layer, ambient))
      const client = BrowserWebSocket.layerWith({ limits: { handshakeTimeout: "2 seconds" } })
      const withLayer = Effect.provide(timeoutOf(), Layer.provideMerge(client, ambient))
      const own = timeoutOf({ limits: { handshakeTimeout: "1 second" } })
      const withOwn = Effect.provide(own, Layer.provideMerge(client, ambient))
      expect(yield* bare).toContain("waited 3s")
      expect(yield* withLayer).toContain("waited 2s")
      expect(yield* withOwn).toContain("waited 1s")
    })
  )

  it.effect("what arrives after a failure of the connection is not for the application", () =>
    Effect.gen(function* () {
      const { fake, ws } = yield* connected("WebSocket")
      fake.message("before")
      fake.end({ code: 1006, clean: false })
      fake.message("after")
      expect(yield* ws.receive).toBe("before")
      expect(yield* Effect.flip(ws.receive)).toMatchObject({ reason: { _tag: "Hidden", phase: "Open" } })
      expect(Option.isNone((yield* ws.closed).received)).toBe(true)
      expect(yield* Effect.flip(ws.receive)).not.toBeInstanceOf(Closed)
    })
  )
})
