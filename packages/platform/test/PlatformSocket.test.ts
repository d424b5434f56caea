import * as Socket from "@effect/platform/Socket"
import { describe, expect, it, vi } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import * as Handshake from "effect-websocket/Handshake"
import { Listener } from "effect-websocket/Listener"
import * as MemoryTransport from "effect-websocket/MemoryTransport"
import * as WebSocket from "effect-websocket/WebSocket"
import type * as WebSocketServer from "effect-websocket/WebSocketServer"
import * as PlatformSocket from "../src/PlatformSocket.js"
import { leavesNothing } from "./support/leavesNothing.js"
import { memory, serving, turns, uri } from "./support/serving.js"

leavesNothing()

/** Sends these, and closes. */
const sending = (messages: ReadonlyArray<WebSocket.Message>, code = 1000, reason = "") =>
  serving((ws) => Effect.zipRight(ws.sendAll(messages), ws.close(code, reason)))

const failureOf = <A, E>(exit: Exit.Exit<A, E>): E | undefined =>
  Exit.isFailure(exit) ? Option.getOrUndefined(Cause.failureOption(exit.cause)) : undefined

describe("messages", () => {
  it.scoped("runRaw gets text as strings and binary as octets, in their order", () =>
    Effect.gen(function* () {
      const socket = yield* PlatformSocket.connect(uri)
      const seen: Array<string | Uint8Array> = []
      yield* socket.runRaw((message) => void seen.push(message))
      expect(seen).toEqual(["one", Uint8Array.of(2), "three"])
    }).pipe(Effect.provide(sending(["one", Uint8Array.of(2), "three"])))
  )

  it.scoped("run gets octets, of text in UTF-8", () =>
    Effect.gen(function* () {
      const socket = yield* PlatformSocket.connect(uri)
      const seen: Array<Uint8Array> = []
      yield* socket.run((octets) => void seen.push(octets))
      expect(seen).toEqual([Uint8Array.of(0xc3, 0xa4), Uint8Array.of(7)])
    }).pipe(Effect.provide(sending(["ä", Uint8Array.of(7)])))
  )

  it.scoped("handlers begin in the order of arrival, and overlap", () =>
    Effect.gen(function* () {
      const socket = yield* PlatformSocket.connect(uri)
      const gate = yield* Deferred.make<void>()
      const events: Array<string> = []
      yield* socket.runRaw((message) =>
        Effect.gen(function* () {
          events.push(`begin ${message}`)
          if (message === "3") yield* Deferred.succeed(gate, undefined)
          else yield* Deferred.await(gate)
          events.push(`end ${message}`)
        })
      )
      expect(events.slice(0, 3)).toEqual(["begin 1", "begin 2", "begin 3"])
      expect(events.slice(3).sort()).toEqual(["end 1", "end 2", "end 3"])
    }).pipe(Effect.provide(sending(["1", "2", "3"])))
  )

  it.scoped("as a channel of @effect/platform it is a stream that ends", () =>
    Effect.gen(function* () {
      const socket = yield* PlatformSocket.connect(uri)
      const channel = Socket.toChannelString()(socket)
      const answers = Stream.pipeThroughChannelOrFail(Stream.make("one", "two"), channel)
      expect(Chunk.toReadonlyArray(yield* Stream.runCollect(answers))).toEqual(["one", "two"])
    }).pipe(
      Effect.provide(
        serving((ws) =>
          Effect.repeatN(
            Effect.flatMap(ws.receive, (message) => ws.send(message)),
            1
          )
        )
      )
    )
  )
})

describe("back-pressure", () => {
  it.scoped("no message is taken while the octets in flight are above maxInFlight, and the peer waits", () =>
    Effect.gen(function* () {
      let sent = 0
      const server = serving((ws) =>
        Effect.forever(Effect.tap(ws.send(new Uint8Array(16 * 1024)), () => Effect.sync(() => void sent++)))
      )
      yield* Effect.gen(function* () {
        const socket = yield* PlatformSocket.connect(uri, { maxInFlight: 100_000 })
        let taken = 0
        yield* Effect.forkScoped(
          socket.run(() => {
            taken++
            return Effect.never
          })
        )
        yield* turns(200)
        expect(taken).toBe(7)
        const before = sent
        yield* turns(200)
        expect(sent).toBe(before)
        expect(sent).toBeLessThan(64)
      }).pipe(Effect.scoped, Effect.provide(server))
    })
  )

  it.scoped("they are taken again when handlers have finished", () =>
    Effect.gen(function* () {
      const socket = yield* PlatformSocket.connect(uri, { maxInFlight: 40 })
      const waiting = yield* Queue.unbounded<Deferred.Deferred<void>>()
      const run = yield* Effect.fork(
        socket.runRaw(() =>
          Effect.flatMap(Deferred.make<void>(), (gate) => Effect.zipRight(waiting.offer(gate), Deferred.await(gate)))
        )
      )
      for (let index = 0; index < 5; index++) {
        const gate = yield* Queue.take(waiting)
        if (index > 0) expect(yield* Queue.size(waiting)).toBe(0)
        yield* turns()
        yield* Deferred.succeed(gate, undefined)
      }
      yield* Fiber.join(run)
    }).pipe(Effect.provide(sending(["1", "2", "3", "4", "5"])))
  )

  it.scoped("maxInFlight 0 is one handler at a time", () =>
    Effect.gen(function* () {
      const socket = yield* PlatformSocket.connect(uri, { maxInFlight: 0 })
      const events: Array<string> = []
      yield* socket.runRaw((message) =>
        Effect.gen(function* () {
          events.push(`begin ${message}`)
          yield* turns(2)
          events.push(`end ${message}`)
        })
      )
      expect(events).toEqual(["begin 1", "end 1", "begin 2", "end 2"])
    }).pipe(Effect.provide(sending(["1", "2"])))
  )

  it.scoped("a write waits for a peer that does not read", () =>
    Effect.gen(function* () {
      const socket = yield* PlatformSocket.connect(uri)
      const write = yield* socket.writer
      let written = 0
      yield* Effect.forkScoped(socket.run(() => {}))
      const message = new Uint8Array(16 * 1024)
      yield* Effect.forkScoped(Effect.forever(Effect.tap(write(message), () => Effect.sync(() => void written++))))
      yield* turns(200)
      const before = written
      expect(before).toBeGreaterThan(0)
      yield* turns(200)
      expect(written).toBe(before)
    }).pipe(Effect.provide(serving(() => Effect.never)))
  )
})

describe("the end of a connection", () => {
  it.scoped("handlers in progress finish after a clean close", () =>
    Effect.gen(function* () {
      const socket = yield* PlatformSocket.connect(uri)
      let finished = 0
      yield* socket.runRaw(() =>
        Effect.zipRight(
          turns(5),
          Effect.sync(() => void finished++)
        )
      )
      expect(finished).toBe(5)
    }).pipe(Effect.provide(sending(["1", "2", "3", "4", "5"])))
  )

  it.scoped("but not for longer than finishWithin", () =>
    Effect.gen(function* () {
      const socket = yield* PlatformSocket.connect(uri, { finishWithin: "3 seconds" })
      const interrupt = vi.fn()
      const handler = Effect.onInterrupt(Effect.never, () => Effect.sync(interrupt))
      const run = yield* Effect.fork(socket.runRaw(() => handler))
      yield* turns()
      yield* TestClock.adjust("2999 millis")
      expect(Option.isNone(yield* Fiber.poll(run))).toBe(true)
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(run)
      expect(interrupt).toHaveBeenCalledOnce()
    }).pipe(Effect.provide(sending(["1"])))
  )

  it.scoped.each([1000, 1001, 3000, 4999, 1008, 1011])(
    "RFC 6455 §7.4.1: the code %i with its reason is a SocketCloseError, unless it is 1000 or 1001",
    (code) =>
      Effect.gen(function* () {
        const socket = yield* PlatformSocket.connect(uri)
        const exit = yield* Effect.exit(socket.run(() => {}))
        if (code <= 1001) return expect(Exit.isSuccess(exit)).toBe(true)
        const error = failureOf(exit)
        expect(Socket.SocketCloseError.is(error)).toBe(true)
        expect(error).toMatchObject({ code, closeReason: "because" })
      }).pipe(Effect.provide(sending([], code, "because")))
  )

  it.scoped("closeCodeIsError decides about a clean close", () =>
    Effect.gen(function* () {
      const strict = yield* PlatformSocket.connect(uri, { closeCodeIsError: () => true })
      expect(yield* Effect.flip(strict.run(() => {}))).toMatchObject({ code: 1000, closeReason: "done" })
    }).pipe(Effect.provide(sending([], 1000, "done")))
  )

  it.scoped("RFC 6455 §7.1.5: an end without a Close frame is 1006, and never a success", () =>
    Effect.gen(function* () {
      const { accept } = yield* Listener
      const handshake = yield* Handshake.Handshake
      yield* Effect.forkScoped(
        accept((duplex) =>
          Effect.ignore(Effect.zipRight(handshake.server(duplex), Effect.zipRight(turns(), duplex.abort)))
        )
      )
      const socket = yield* PlatformSocket.connect(uri, { closeCodeIsError: Socket.defaultCloseCodeIsError })
      const error = yield* Effect.flip(socket.run(() => {}))
      expect(error).toMatchObject({ reason: "Close", code: 1006 })
      expect(error.cause).toMatchObject({ _tag: "TransportError" })
    }).pipe(Effect.provide(memory))
  )

  it.scoped("a broken rule is told by its code and rule", () =>
    Effect.gen(function* () {
      const { accept } = yield* Listener
      const handshake = yield* Handshake.Handshake
      yield* Effect.forkScoped(
        accept((duplex) =>
          Effect.ignore(
            Effect.zipRight(
              handshake.server(duplex),
              Effect.suspend(() => {
                duplex.unsafeWrite([Uint8Array.of(0x83, 0)])
                return duplex.teardown("client")
              })
            )
          )
        )
      )
      const socket = yield* PlatformSocket.connect(uri)
      const error = yield* Effect.flip(socket.run(() => {}))
      expect(error).toMatchObject({ reason: "Close", code: 1002 })
      expect(error.message).toContain("RFC 6455 §5.2")
    }).pipe(Effect.provide(memory))
  )

  it.scoped("a handler that fails ends run with its failure, and the peer is told 1011", () =>
    Effect.gen(function* () {
      const ended = yield* Deferred.make<number | undefined>()
      const server = serving((ws) =>
        Effect.gen(function* () {
          yield* ws.send("go")
          const { received } = yield* ws.closed
          yield* Deferred.succeed(ended, Option.getOrUndefined(received)?.code)
        })
      )
      yield* Effect.gen(function* () {
        const socket = yield* PlatformSocket.connect(uri)
        expect(yield* Effect.flip(socket.run(() => Effect.fail("own")))).toBe("own")
        expect(yield* Deferred.await(ended)).toBe(1011)
      }).pipe(Effect.provide(server))
    })
  )

  it.scoped("the messages behind one whose handler failed at once are not handled", () =>
    Effect.gen(function* () {
      const socket = yield* PlatformSocket.connect(uri)
      let handled = 0
      const handler = () => {
        handled++
        return Effect.fail("own")
      }
      expect(yield* Effect.flip(socket.run(handler))).toBe("own")
      expect(handled).toBe(1)
    }).pipe(Effect.provide(sending(["1", "2", "3"])))
  )

  it.scoped("a handler that is interrupted ends nothing", () =>
    Effect.gen(function* () {
      const socket = yield* PlatformSocket.connect(uri)
      let handled = 0
      yield* socket.run(() => {
        handled++
        return Effect.interrupt
      })
      expect(handled).toBe(3)
    }).pipe(Effect.provide(sending(["1", "2", "3"])))
  )

  it.scoped("interruption of run interrupts handlers, and closes with 1001", () =>
    Effect.gen(function* () {
      const ended = yield* Deferred.make<number | undefined>()
      const server = serving((ws) =>
        Effect.gen(function* () {
          yield* ws.send("go")
          const { received } = yield* ws.closed
          yield* Deferred.succeed(ended, Option.getOrUndefined(received)?.code)
        })
      )
      yield* Effect.gen(function* () {
        const socket = yield* PlatformSocket.connect(uri)
        const begun = yield* Deferred.make<void>()
        const interrupt = vi.fn()
        const handler = Effect.zipRight(Deferred.succeed(begun, undefined), Effect.never).pipe(
          Effect.onInterrupt(() => Effect.sync(interrupt))
        )
        const run = yield* Effect.fork(socket.run(() => handler))
        yield* Deferred.await(begun)
        yield* Fiber.interrupt(run)
        expect(interrupt).toHaveBeenCalledOnce()
        expect(yield* Deferred.await(ended)).toBe(1001)
      }).pipe(Effect.provide(server))
    })
  )
})

describe("opening", () => {
  it.scoped("a refused handshake is Open, and its cause has the whole response", () =>
    Effect.gen(function* () {
      const server = serving(() => Effect.void, {
        authorize: () =>
          Effect.fail(Handshake.reject({ status: 401, fields: { "WWW-Authenticate": "Basic" }, body: "who?" }))
      } as WebSocketServer.ServeOptions)
      const error = yield* Effect.provide(
        Effect.flatMap(PlatformSocket.connect(uri), (socket) => Effect.flip(socket.run(() => {}))),
        server
      )
      expect(error.reason).toBe("Open")
      const cause = error.cause as Handshake.HandshakeFailure
      if (cause._tag !== "HandshakeError") throw cause
      const { body, head } = Option.getOrThrow(cause.response)
      expect([head.status, head.fields.get("WWW-Authenticate"), new TextDecoder().decode(body)]).toEqual([
        401,
        "Basic",
        "who?"
      ])
    })
  )

  it.scoped("a handshake that takes too long is OpenTimeout", () =>
    Effect.gen(function* () {
      const socket = yield* PlatformSocket.connect(uri, { limits: { handshakeTimeout: "3 seconds" } })
      const run = yield* Effect.fork(Effect.flip(socket.run(() => {})))
      yield* turns()
      yield* TestClock.adjust("3 seconds")
      expect((yield* Fiber.join(run)).reason).toBe("OpenTimeout")
    }).pipe(Effect.provide(memory))
  )

  it.scoped("what the URI fails with is the cause, and a SocketError stays itself", () =>
    Effect.gen(function* () {
      const socket = yield* PlatformSocket.connect(Effect.fail("no token"))
      expect(yield* Effect.flip(socket.run(() => {}))).toMatchObject({ reason: "Open", cause: "no token" })
      const own = new Socket.SocketGenericError({ reason: "Read", cause: 1 })
      const other = yield* PlatformSocket.toSocket(Effect.fail(own))
      expect(yield* Effect.flip(other.run(() => {}))).toBe(own)
    }).pipe(Effect.provide(memory))
  )

  it.scoped("run connects anew each time, with a URI made for each; the writer lives through it", () =>
    Effect.gen(function* () {
      const targets: Array<string> = []
      const server = serving((ws) =>
        Effect.gen(function* () {
          targets.push(ws.negotiated.request.target)
          yield* ws.send(`echo ${yield* ws.receive}`)
        })
      )
      yield* Effect.gen(function* () {
        let attempt = 0
        const socket = yield* PlatformSocket.connect(Effect.sync(() => `ws://any.host/${++attempt}`))
        const write = yield* socket.writer
        const seen: Array<string | Uint8Array> = []
        for (const message of ["one", "two"]) {
          // Nothing is open yet: it waits.
          yield* Effect.fork(write(message))
          yield* turns()
          yield* socket.runRaw((answer) => void seen.push(answer))
        }
        expect(targets).toEqual(["/1", "/2"])
        expect(seen).toEqual(["echo one", "echo two"])
      }).pipe(Effect.provide(server))
    })
  )

  it.scoped("onOpen runs when the connection is open, before the first message", () =>
    Effect.gen(function* () {
      const socket = yield* PlatformSocket.connect(uri)
      const events: Array<string> = []
      yield* socket.runRaw((message) => void events.push(String(message)), {
        onOpen: Effect.zipRight(
          turns(),
          Effect.sync(() => void events.push("open"))
        )
      })
      expect(events).toEqual(["open", "hello"])
    }).pipe(Effect.provide(sending(["hello"])))
  )
})

describe("writing", () => {
  it.scoped("a CloseEvent closes with its code and reason", () =>
    Effect.gen(function* () {
      const socket = yield* PlatformSocket.connect(uri)
      const write = yield* socket.writer
      const exit = yield* Effect.exit(socket.run(() => write(new Socket.CloseEvent(4001, "enough"))))
      expect(failureOf(exit)).toMatchObject({ reason: "Close", code: 4001, closeReason: "enough" })
    }).pipe(Effect.provide(serving((ws) => Effect.zipRight(ws.send("x"), ws.closed))))
  )

  it.scoped("RFC 6455 §7.4: a code that may not be sent is a Write error", () =>
    Effect.gen(function* () {
      const socket = yield* PlatformSocket.connect(uri)
      const write = yield* socket.writer
      const error = yield* Effect.flip(socket.run(() => write(new Socket.CloseEvent(1006))))
      expect(error).toMatchObject({ reason: "Write", cause: { reason: { _tag: "BadCloseCode" } } })
    }).pipe(Effect.provide(serving((ws) => Effect.zipRight(ws.send("x"), ws.closed))))
  )

  it.scoped(
    "a Socket of an open connection is written to before it runs, and fails with the code when it has ended",
    () =>
      Effect.gen(function* () {
        const ws = yield* WebSocket.connect(uri)
        const socket = yield* PlatformSocket.fromWebSocket(ws)
        const write = yield* socket.writer
        yield* write("early")
        const seen: Array<unknown> = []
        const error = yield* Effect.flip(socket.runRaw((message) => void seen.push(message)))
        expect(seen).toEqual(["early"])
        expect(error).toMatchObject({ code: 4000 })
        expect(yield* Effect.flip(write("late"))).toMatchObject({ reason: "Close", code: 4000, closeReason: "bye" })
      }).pipe(
        Effect.provide(
          serving((ws) => Effect.flatMap(ws.receive, (m) => Effect.zipRight(ws.send(m), ws.close(4000, "bye"))))
        )
      )
  )
})

describe("the context of handlers", () => {
  it.scoped("has the connection", () =>
    Effect.gen(function* () {
      const socket = yield* PlatformSocket.connect(uri, { subprotocols: ["v1"] })
      const seen: Array<string | undefined> = []
      const handler = Effect.map(Effect.serviceOption(PlatformSocket.Connection), (ws) =>
        seen.push(Option.getOrThrow(ws).negotiated.subprotocol)
      )
      yield* socket.run(() => handler)
      expect(seen).toEqual(["v1"])
    }).pipe(Effect.provide(serving((ws) => ws.send("x"), { subprotocols: ["v1"] })))
  )
})

describe("layers", () => {
  it.scoped("layerSocket provides the Socket of @effect/platform", () =>
    Effect.gen(function* () {
      const socket = yield* Socket.Socket
      const seen: Array<unknown> = []
      yield* socket.runRaw((message) => void seen.push(message))
      expect(seen).toEqual(["hello"])
      expect(Socket.isSocket(socket)).toBe(true)
    }).pipe(Effect.provide(Layer.provide(PlatformSocket.layerSocket(uri), sending(["hello"]))))
  )

  it.scoped("a slow network changes nothing (octets one by one)", () =>
    Effect.gen(function* () {
      const socket = yield* PlatformSocket.connect(uri)
      const seen: Array<unknown> = []
      yield* socket.runRaw((message) => void seen.push(message))
      expect(seen).toEqual(["hello", "again"])
    }).pipe(
      Effect.provide(
        Layer.fresh(
          Layer.provideMerge(
            sending(["hello", "again"]),
            Layer.provideMerge(WebSocket.layer, MemoryTransport.layerWith({ maxChunk: 1 }))
          )
        )
      )
    )
  )
})

describe("a write that comes too late", () => {
  const closing = serving((ws) => Effect.zipRight(ws.send("go"), ws.close(1000, "bye")))

  it.scoped("fails in a handler, with the end of its connection", () =>
    Effect.gen(function* () {
      const socket = yield* PlatformSocket.connect(uri)
      const write = yield* socket.writer
      let failure: Socket.SocketError | undefined
      const answer = Effect.zipRight(
        turns(),
        Effect.flip(Effect.forever(Effect.zipRight(write("answer"), Effect.yieldNow())))
      )
      yield* socket.run(() =>
        Effect.map(answer, (error) => {
          failure = error
        })
      )
      expect(failure).toMatchObject({ reason: "Close", code: 1000, closeReason: "bye" })
    }).pipe(Effect.provide(closing))
  )

  it.scoped("waits for the next connection otherwise", () =>
    Effect.gen(function* () {
      const received: Array<unknown> = []
      let connections = 0
      const server = serving((ws) =>
        Effect.gen(function* () {
          if (++connections > 1) return void received.push(yield* ws.receive)
          yield* ws.send("go")
          yield* ws.close()
        })
      )
      yield* Effect.gen(function* () {
        const socket = yield* PlatformSocket.connect(uri)
        const write = yield* socket.writer
        const gate = yield* Deferred.make<void>()
        const first = yield* Effect.fork(socket.run(() => Deferred.await(gate)))
        yield* turns()
        const late = yield* Effect.fork(write("late"))
        yield* turns()
        yield* Deferred.succeed(gate, undefined)
        yield* Fiber.join(first)
        yield* socket.run(() => {})
        yield* Fiber.join(late)
        expect(received).toEqual(["late"])
      }).pipe(Effect.provide(server))
    })
  )
})
