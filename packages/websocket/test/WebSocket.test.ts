import { describe, expect } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import * as MemoryTransport from "../src/MemoryTransport.js"
import { Transport } from "../src/Transport.js"
import { everyFailure } from "../src/testing/FailingTransport.js"
import * as WebSocket from "../src/WebSocket.js"
import { TransportError } from "../src/WebSocketError.js"
import * as WebSocketServer from "../src/WebSocketServer.js"
import { fakeServer } from "./support/fakeServer.js"
import { test, turns } from "./support/leavesNothing.js"
import { sampleEntropy, switching } from "./support/sample.js"
import { echo } from "./support/serving.js"
import { closePayload, frame, maskedFrame, type Wire } from "./support/wire.js"

class Wrong extends Data.TaggedError("Wrong")<{}> {}

const layer = Layer.merge(WebSocket.layer, sampleEntropy)

/** `connect` against a server in the hands of the test; the Scope it is given lives on. */
const connecting = (options?: WebSocket.ConnectOptions<Wrong>, uri: string | URL = "ws://server.example.com/chat") =>
  Effect.gen(function* () {
    const server = yield* fakeServer
    const context = yield* Layer.build(layer)
    const scope = yield* Effect.scope
    const connect = WebSocket.connect(uri, options).pipe(
      Effect.provide(server.transport),
      Effect.provide(context),
      Scope.extend(scope)
    )
    return { ...server, connect }
  })

const answering = (server: Effect.Effect<Wire>, response: string) =>
  Effect.gen(function* () {
    const peer = yield* server
    yield* peer.until("\r\n\r\n")
    yield* peer.write(response)
    return peer
  })

describe("RFC 6455 §3: the URI of `connect`", () => {
  for (const [uri, expected, host] of [
    ["ws://example.com", { host: "example.com", port: 80, secure: false }, "example.com"],
    ["wss://example.com/a", { host: "example.com", port: 443, secure: true }, "example.com"],
    ["http://EXAMPLE.com:81/a", { host: "example.com", port: 81, secure: false }, "example.com:81"],
    ["https://[::1]:9/", { host: "::1", port: 9, secure: true }, "[::1]:9"],
    ["ws://127.1/", { host: "127.1", port: 80, secure: false }, "127.1"],
    [new URL("ws://example.com/\u00e9?\u00fc=1"), { host: "example.com", port: 80, secure: false }, "example.com"]
  ] as const) {
    test(`HARDENING A21: ${String(uri)}`, function* () {
      const { accept, connect, targets } = yield* connecting({}, uri)
      yield* Effect.fork(connect)
      const head = yield* (yield* accept).until("\r\n\r\n")
      expect(targets).toMatchObject([expected])
      expect(head).toContain(`\r\nHost: ${host}\r\n`)
    })
  }

  test("HARDENING A19: characters that may not stand in a target are encoded", function* () {
    const { accept, connect } = yield* connecting({}, "ws://a/ b/é?c d")
    yield* Effect.fork(connect)
    expect(yield* (yield* accept).until("\r\n\r\n")).toMatch(/^GET \/%20b\/%C3%A9\?c%20d HTTP\/1\.1\r\n/)
  })

  for (const uri of [
    "ws://h/#x",
    "ftp://h/",
    "ws:///x",
    "ws://h:0/",
    "ws://h:65536/",
    "//h/",
    "",
    "ws://h/a\r\nX: y",
    "ws://h\0/"
  ]) {
    test(`HARDENING A20, A21: ${JSON.stringify(uri)} is an OptionError, and nothing is connected`, function* () {
      const { connect, targets } = yield* connecting({}, uri)
      expect(yield* Effect.flip(connect)).toMatchObject({ _tag: "OptionError", option: "uri" })
      expect(targets).toEqual([])
    })
  }

  test("HARDENING G02: no secret of a URI is part of its error", function* () {
    const { connect } = yield* connecting({}, "ws://anna:hunter2@h:0/?token=s3cr3t")
    const error = yield* Effect.flip(connect)
    expect(`${error.message} ${String(error)}`).not.toMatch(/anna|hunter2|s3cr3t/)
  })
})

describe("options are checked before anything is connected", () => {
  for (const [option, options] of [
    ["limits.maxMessageSize", { limits: { maxMessageSize: 0 } }],
    ["limits.closeTimeout", { limits: { closeTimeout: -1 } }],
    ["subprotocols", { subprotocols: ["a,b"] }],
    ["subprotocols", { subprotocols: ["a", "a"] }],
    ["X-A", { fields: { "X-A": "a\r\nX: y" } }],
    ["Connection", { fields: { Connection: "close" } }],
    ["Host", { fields: { Host: "a b" } }]
  ] as const) {
    test(`HARDENING A16–A23: ${JSON.stringify(options)}`, function* () {
      const { connect, targets } = yield* connecting(options)
      expect(yield* Effect.flip(connect)).toMatchObject({ _tag: "OptionError", option })
      expect(targets).toEqual([])
    })
  }
})

describe("what `connect` gives", () => {
  test("PARITY S5, CH-09: the negotiated response, and frames that came along with it", function* () {
    const { accept, connect } = yield* connecting()
    const peer = yield* Effect.fork(answering(accept, `${switching({ "X-A": "1" })}${frame(1, "early")}`))
    const ws = yield* connect
    expect(ws.negotiated.response.fields.get("x-a")).toBe("1")
    expect(yield* ws.receive).toBe("early")
    yield* (yield* Fiber.join(peer)).duplex.abort
  })

  for (const [name, ending, code] of [
    ["success", Effect.void, 1000],
    ["failure", Effect.fail(new Wrong()), 1011],
    ["a defect", Effect.die("boom"), 1011],
    ["interruption", Effect.interrupt, 1001]
  ] as const) {
    test(`the end of the Scope by ${name} closes with ${code}`, function* () {
      const server = yield* fakeServer
      const running = yield* Effect.fork(
        WebSocket.connect("ws://a/").pipe(
          Effect.zipRight(ending),
          Effect.scoped,
          Effect.provide(server.transport),
          Effect.provide(layer)
        )
      )
      const peer = yield* answering(server.accept, switching())
      expect(yield* peer.take(8)).toBe(maskedFrame(8, closePayload(code)))
      yield* peer.write(frame(8, closePayload(code)))
      yield* peer.duplex.end
      yield* Fiber.await(running)
    })
  }
})

describe("a failed `connect` leaves nothing, also in a Scope that lives on", () => {
  const refusal = "HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nhello"

  for (const [name, response, tag] of [
    ["a refusal", refusal, "HandshakeError"],
    ["a response that breaks a rule", switching({ Upgrade: undefined }), "HandshakeError"],
    ["what is not HTTP", "x\r\n\r\n", "HandshakeError"]
  ] as const) {
    test(`${name}: the socket is closed at once`, function* () {
      const { accept, connect } = yield* connecting()
      const peer = yield* Effect.fork(answering(accept, response))
      expect((yield* Effect.flip(connect))._tag).toBe(tag)
      expect((yield* (yield* Fiber.join(peer)).rest).reason).toBe("Reset")
    })
  }

  test("a decorator that fails with an error of its own", function* () {
    const { accept, connect } = yield* connecting({ decorateRequest: () => Effect.fail(new Wrong()) })
    expect(yield* Effect.flip(connect)).toEqual(new Wrong())
    expect(yield* (yield* accept).rest).toEqual({ text: "", reason: "Reset" })
  })

  test("ERRORS TransportError: what cannot be opened", function* () {
    const open = new TransportError({ reason: { _tag: "Open", address: "127.0.0.1:1" }, cause: "ECONNREFUSED" })
    const transport = Layer.succeed(Transport, { connect: () => Effect.fail(open) })
    const error = yield* Effect.flip(
      Effect.scoped(WebSocket.connect("ws://a/")).pipe(Effect.provide([layer, transport]))
    )
    expect(error).toBe(open)
    expect(error.message).toBe("the connection to 127.0.0.1:1 could not be opened")
  })

  test("ERRORS TransportError: wss: without TLS", function* () {
    const transport = MemoryTransport.layer
    const error = yield* Effect.flip(
      Effect.scoped(WebSocket.connect("wss://a/")).pipe(Effect.provide([layer, transport]))
    )
    expect(error).toMatchObject({ _tag: "TransportError", reason: { _tag: "Unsupported" } })
  })
})

describe("the deadline of `connect` is a total", () => {
  test("HARDENING T20: TimeoutError Connect while the transport connects, which is interrupted", function* () {
    const events: Array<string> = []
    const never = Effect.onInterrupt(Effect.never, () => Effect.sync(() => events.push("interrupted")))
    const transport = Layer.succeed(Transport, { connect: () => never })
    const connect = Effect.scoped(WebSocket.connect("ws://a/")).pipe(Effect.provide([layer, transport]))
    const failing = yield* Effect.fork(Effect.flip(connect))
    yield* turns()
    yield* TestClock.adjust("30 seconds")
    const error = yield* Fiber.join(failing)
    expect(error).toMatchObject({ _tag: "TimeoutError", phase: "Connect" })
    expect(error.message).toBe("waited 30s for the connection to open")
    expect(events).toEqual(["interrupted"])
  })

  for (const [name, octets] of [
    ["a server that is silent", ""],
    ["a trickle of octets", switching()]
  ] as const) {
    test(`HARDENING T18: TimeoutError Handshake with ${name}, and the socket is closed`, function* () {
      const { accept, connect } = yield* connecting({ limits: { handshakeTimeout: "5 seconds" } })
      const failing = yield* Effect.fork(Effect.flip(connect))
      const peer = yield* accept
      yield* peer.until("\r\n\r\n")
      for (const octet of octets.padEnd(5, octets === "" ? "" : "x").slice(0, 5)) {
        yield* peer.write(octet)
        yield* turns(4)
        yield* TestClock.adjust("1 seconds")
      }
      if (octets === "") yield* TestClock.adjust("5 seconds")
      expect(yield* Fiber.join(failing)).toMatchObject({ _tag: "TimeoutError", phase: "Handshake" })
      expect((yield* peer.rest).reason).toBe("Reset")
    })
  }

  test("connecting and the handshake share one deadline", function* () {
    const server = yield* fakeServer
    const transport = Layer.effect(
      Transport,
      Effect.map(Transport, ({ connect }) => ({
        connect: (target) => Effect.zipRight(Effect.sleep("20 seconds"), connect(target))
      }))
    ).pipe(Layer.provide(Layer.succeedContext(server.transport)))
    const connect = Effect.scoped(WebSocket.connect("ws://a/")).pipe(Effect.provide([layer, transport]))
    const failing = yield* Effect.fork(Effect.flip(connect))
    yield* turns()
    yield* TestClock.adjust("20 seconds")
    yield* (yield* server.accept).until("\r\n\r\n")
    yield* TestClock.adjust("10 seconds")
    expect(yield* Fiber.join(failing)).toMatchObject({ _tag: "TimeoutError", phase: "Handshake" })
  })

  test("PARITY L-17: it ends with the handshake: nothing is to be turned off afterwards", function* () {
    const { accept, connect } = yield* connecting({ limits: { handshakeTimeout: "5 seconds" } })
    const peer = yield* Effect.fork(answering(accept, switching()))
    const ws = yield* connect
    const { duplex, write } = yield* Fiber.join(peer)
    yield* TestClock.adjust("1 hour")
    yield* turns()
    yield* write(frame(1, "an hour later"))
    expect(yield* ws.receive).toBe("an hour later")
    expect(yield* ws.isOpen).toBe(true)
    yield* duplex.abort
  })

  test("a refusal whose body is slow is given with what had come of it", function* () {
    const { accept, connect } = yield* connecting()
    const failing = yield* Effect.fork(Effect.flip(connect))
    yield* answering(accept, "HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nhello")
    yield* turns()
    yield* TestClock.adjust("10 seconds")
    const error = yield* Fiber.join(failing)
    if (error._tag !== "HandshakeError") return yield* Effect.dieMessage(error.message)
    expect(Buffer.from(Option.getOrThrow(error.response).body).toString()).toBe("hello")
  })

  test("also when the deadline of the handshake comes first", function* () {
    const { accept, connect } = yield* connecting({ limits: { handshakeTimeout: "2 seconds" } })
    const failing = yield* Effect.fork(Effect.flip(connect))
    yield* answering(accept, "HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nhello")
    yield* turns()
    yield* TestClock.adjust("2 seconds")
    expect((yield* Fiber.join(failing))._tag).toBe("HandshakeError")
  })
})

describe("HARDENING A29: interruption at any moment of `connect` closes the socket", () => {
  const refusal = "HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nhello"
  const parts = [
    ...Array.from({ length: 9 }, (_, index) => switching().slice(0, index * 16)),
    refusal.slice(0, 20),
    refusal,
    "HTTP/1.1 403 Forbidden\r\n\r\nuntil the end",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 1"
  ]

  test("A29: while the transport connects", function* () {
    const begun = yield* Deferred.make<void>()
    const events: Array<string> = []
    const never = Effect.zipRight(Deferred.succeed(begun, undefined), Effect.never).pipe(
      Effect.onInterrupt(() => Effect.sync(() => events.push("interrupted")))
    )
    const transport = Layer.succeed(Transport, { connect: () => never })
    const fiber = yield* Effect.fork(WebSocket.connect("ws://a/").pipe(Effect.provide([layer, transport])))
    yield* Deferred.await(begun)
    expect(Exit.isInterrupted(yield* Fiber.interrupt(fiber))).toBe(true)
    expect(events).toEqual(["interrupted"])
  })

  test("A29: while a decorator is at work", function* () {
    const { accept, connect } = yield* connecting({ decorateRequest: () => Effect.never })
    const fiber = yield* Effect.fork(connect)
    const peer = yield* accept
    yield* turns(4)
    yield* Fiber.interrupt(fiber)
    expect(yield* peer.rest).toEqual({ text: "", reason: "Reset" })
  })

  for (const part of parts) {
    test(`A29: after ${JSON.stringify(part.slice(-24))}`, function* () {
      const { accept, connect } = yield* connecting()
      const fiber = yield* Effect.fork(connect)
      const peer = yield* answering(accept, part)
      yield* turns(4)
      expect(Exit.isInterrupted(yield* Fiber.interrupt(fiber))).toBe(true)
      expect((yield* peer.rest).reason).toBe("Reset")
    })
  }

  test("A29: the end of the Scope does the same", function* () {
    const server = yield* fakeServer
    const scope = yield* Scope.make()
    const connect = WebSocket.connect("ws://a/").pipe(Effect.provide(server.transport), Effect.provide(layer))
    const fiber = yield* Effect.forkIn(Scope.extend(connect, scope), scope)
    const peer = yield* server.accept
    yield* peer.until("\r\n\r\n")
    yield* Scope.close(scope, Exit.void)
    expect(Exit.isInterrupted(yield* Fiber.await(fiber))).toBe(true)
    expect((yield* peer.rest).reason).toBe("Reset")
  })
})

describe("every operation of the transport may fail", () => {
  for (const [name, options, isAccepted] of [
    ["an accepted handshake", {}, true],
    ["a refused handshake", { hosts: [] }, false],
    ["a handshake that is refused and then asked for again", { keepAlive: "allow", hosts: [] }, false]
  ] as const) {
    test(`${name}: each ends with the error of the transport, and leaves nothing`, function* () {
      const error = new TransportError({ reason: { _tag: "Write" }, cause: "injected" })
      const program = Effect.gen(function* () {
        const ws = yield* WebSocket.connect("ws://a/")
        yield* ws.send("hello")
        expect(yield* ws.receive).toBe("hello")
        return yield* ws.close()
      })
      const tested = Effect.zipRight(
        Effect.fork(WebSocketServer.run(echo, options)),
        everyFailure(Effect.exit(Effect.scoped(program)), { error })
      )
      const running = yield* Effect.fork(
        tested.pipe(Effect.scoped, Effect.provide(MemoryTransport.layer), Effect.provide(WebSocket.layer))
      )
      while (Option.isNone(yield* Fiber.poll(running))) {
        yield* turns(10)
        yield* TestClock.adjust("1 seconds")
      }
      const exits = (yield* Fiber.join(running)).map((exit) => Exit.flatten(exit))
      expect(exits.length).toBeGreaterThan(3)
      const last = exits.at(-1)!
      expect(Exit.isSuccess(last)).toBe(isAccepted)
      for (const exit of exits.slice(0, -1)) {
        if (Exit.isSuccess(exit)) {
          expect(exit.value.clean || exit.value.cause === error).toBe(true)
          continue
        }
        expect(Cause.isDie(exit.cause)).toBe(false)
        const failure = Option.getOrThrow(Cause.failureOption(exit.cause))
        if (failure._tag === "SendError") expect(failure.reason).toMatchObject({ failure: error })
        else if (isAccepted || failure._tag === "TransportError") expect(failure).toBe(error)
        else expect(failure._tag).toBe("HandshakeError")
      }
    })
  }
})
