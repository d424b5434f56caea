import type * as Socket from "@effect/platform/Socket"
import * as SocketServer from "@effect/platform/SocketServer"
import { describe, expect, it } from "@effect/vitest"
import * as NodeListener from "@effect-websocket/node/NodeListener"
import * as NodeTransport from "@effect-websocket/node/NodeTransport"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as WebSocket from "effect-websocket/WebSocket"
import { Connection } from "../src/PlatformSocket.js"
import * as PlatformSocketServer from "../src/PlatformSocketServer.js"
import { leavesNothing } from "./support/leavesNothing.js"
import { memory, turns, uri } from "./support/serving.js"

leavesNothing()

/** A server whose handlers are yet to come. */
const layer = (options?: PlatformSocketServer.ServeOptions) =>
  Layer.provideMerge(PlatformSocketServer.layerSocketServer(options), memory)

const server = SocketServer.SocketServer

const echo = (socket: Socket.Socket) =>
  Effect.scoped(
    Effect.gen(function* () {
      const write = yield* socket.writer
      yield* socket.runRaw((message) => write(message))
    })
  )

const codeOf = (ws: WebSocket.WebSocket) =>
  Effect.map(ws.closed, ({ received }) => Option.getOrUndefined(received)?.code)

describe("a SocketServer", () => {
  it.scoped("gives a Socket for each connection", () =>
    Effect.gen(function* () {
      const { run } = yield* server
      yield* Effect.forkScoped(run(echo))
      for (const message of ["hello", Uint8Array.of(1, 2)]) {
        const ws = yield* WebSocket.connect(uri)
        yield* ws.send(message)
        expect(yield* ws.receive).toEqual(message)
      }
    }).pipe(Effect.scoped, Effect.provide(layer()))
  )

  it.scoped("connections that come before run wait for it, and so do their messages", () =>
    Effect.gen(function* () {
      const { run } = yield* server
      const early = yield* Effect.fork(
        Effect.scoped(
          Effect.gen(function* () {
            const ws = yield* WebSocket.connect(uri)
            yield* ws.sendAll(["one", "two"])
            return [yield* ws.receive, yield* ws.receive]
          })
        )
      )
      yield* turns()
      yield* Effect.forkScoped(run((socket) => Effect.zipRight(turns(), echo(socket))))
      expect(yield* Fiber.join(early)).toEqual(["one", "two"])
    }).pipe(Effect.scoped, Effect.provide(layer()))
  )

  it.scoped("a handler can write before it runs its Socket, and has the connection in its context", () =>
    Effect.gen(function* () {
      const { run } = yield* server
      const greet = (socket: Socket.Socket) =>
        Effect.gen(function* () {
          const write = yield* socket.writer
          const ws = Option.getOrThrow(yield* Effect.serviceOption(Connection))
          yield* write(`hello, ${ws.negotiated.request.fields.get("X-Name")}`)
          yield* socket.run(() => {})
        }).pipe(Effect.scoped)
      yield* Effect.forkScoped(run(greet))
      const ws = yield* WebSocket.connect(uri, { fields: { "X-Name": "Ada" } })
      expect(yield* ws.receive).toBe("hello, Ada")
    }).pipe(Effect.scoped, Effect.provide(layer()))
  )

  it.scoped("the services of run's environment are those of its handlers", () =>
    Effect.gen(function* () {
      const { run } = yield* server
      const tell = (socket: Socket.Socket) =>
        Effect.scoped(
          Effect.gen(function* () {
            const name = yield* Name
            const write = yield* socket.writer
            yield* write(name)
          })
        )
      yield* Effect.forkScoped(Effect.provideService(run(tell), Name, "ours"))
      const ws = yield* WebSocket.connect(uri)
      expect(yield* ws.receive).toBe("ours")
    }).pipe(Effect.scoped, Effect.provide(layer()))
  )

  it.scoped("options are those of the handshake and of the Sockets", () =>
    Effect.gen(function* () {
      const { run } = yield* server
      const code = yield* Deferred.make<unknown>()
      yield* Effect.forkScoped(
        run((socket) => Effect.flatMap(Effect.flip(socket.run(() => {})), (error) => Deferred.succeed(code, error)))
      )
      const ws = yield* WebSocket.connect(uri, { subprotocols: ["a", "b"] })
      expect(ws.negotiated.subprotocol).toBe("b")
      yield* ws.close(1000, "done")
      expect(yield* Deferred.await(code)).toMatchObject({ code: 1000, closeReason: "done" })
    }).pipe(Effect.scoped, Effect.provide(layer({ subprotocols: ["b"], closeCodeIsError: () => true })))
  )
})

class Name extends Context.Tag("test/Name")<Name, string>() {}

describe("ends", () => {
  const logged = (messages: Array<unknown>) =>
    Logger.replace(
      Logger.defaultLogger,
      Logger.make(({ message }) => void messages.push(message))
    )

  it.scoped(
    "RFC 6455 §7.4.1: a handler that is done closes with 1000, one that fails with 1011, and that is logged",
    () => {
      const messages: Array<unknown> = []
      return Effect.gen(function* () {
        const { run } = yield* server
        yield* Effect.forkScoped(
          run((socket) =>
            Effect.flatMap(Effect.serviceOption(Connection), (ws) =>
              Option.getOrThrow(ws).negotiated.request.target === "/good"
                ? Effect.void
                : Effect.zipRight(socket.writer, Effect.fail("own"))
            ).pipe(Effect.scoped)
          )
        )
        expect(yield* Effect.flatMap(WebSocket.connect("ws://any.host/good"), codeOf)).toBe(1000)
        expect(messages).toEqual([])
        expect(yield* Effect.flatMap(WebSocket.connect("ws://any.host/bad"), codeOf)).toBe(1011)
        expect(messages.flat()).toContain("a WebSocket handler failed")
      }).pipe(Effect.scoped, Effect.provide(layer()), Effect.provide(logged(messages)))
    }
  )

  it.scoped("the end of a connection is no failure of its handler", () => {
    const messages: Array<unknown> = []
    return Effect.gen(function* () {
      const { run } = yield* server
      const ended = yield* Deferred.make<void>()
      yield* Effect.forkScoped(
        run((socket) =>
          Effect.ensuring(
            socket.run(() => {}),
            Deferred.succeed(ended, undefined)
          )
        )
      )
      const ws = yield* WebSocket.connect(uri)
      yield* ws.close(4000)
      yield* Deferred.await(ended)
      yield* turns()
      expect(messages).toEqual([])
    }).pipe(Effect.scoped, Effect.provide(layer()), Effect.provide(logged(messages)))
  })

  it.scoped("RFC 6455 §7.4.1: the end of the server is 1001", () =>
    Effect.gen(function* () {
      const { run } = yield* server
      const fiber = yield* Effect.fork(run(echo))
      const ws = yield* WebSocket.connect(uri)
      yield* ws.send("x")
      yield* ws.receive
      yield* Fiber.interrupt(fiber)
      expect(yield* codeOf(ws)).toBe(1001)
    }).pipe(Effect.scoped, Effect.provide(layer()))
  )

  it.scoped("options out of range are a SocketServerError", () =>
    Effect.gen(function* () {
      const { run } = yield* server
      expect(yield* Effect.flip(run(echo))).toMatchObject({ reason: "Open", cause: { _tag: "OptionError" } })
    }).pipe(Effect.provide(layer({ maxConnections: 0 })))
  )
})

describe("the address", () => {
  it.scopedLive("of TCP is host and port", () =>
    Effect.gen(function* () {
      const { address, run } = yield* server
      if (address._tag !== "TcpAddress") throw new Error(address._tag)
      expect(address.hostname).toBe("127.0.0.1")
      yield* Effect.forkScoped(run(echo))
      const ws = yield* WebSocket.connect(`ws://127.0.0.1:${address.port}/`)
      yield* ws.send("x")
      expect(yield* ws.receive).toBe("x")
    }).pipe(
      Effect.scoped,
      Effect.provide(
        Layer.provideMerge(
          PlatformSocketServer.layerSocketServer(),
          Layer.mergeAll(WebSocket.layer, NodeListener.layerTcp(), NodeTransport.layerTcp())
        )
      )
    )
  )

  it.scoped("of memory is its name, as a path", () =>
    Effect.gen(function* () {
      expect((yield* server).address).toEqual({ _tag: "UnixAddress", path: "memory:memory" })
    }).pipe(Effect.provide(layer()))
  )
})
