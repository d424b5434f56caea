import { describe, expect } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import { type HandshakeFailure, reject } from "../src/Handshake.js"
import { Listener } from "../src/Listener.js"
import * as MemoryTransport from "../src/MemoryTransport.js"
import { everyFailureAt, layerListenerAt } from "../src/testing/FailingTransport.js"
import * as WebSocket from "../src/WebSocket.js"
import { TransportError } from "../src/WebSocketError.js"
import * as WebSocketServer from "../src/WebSocketServer.js"
import { test, turns } from "./support/leavesNothing.js"
import { fieldOf, parseResponse, request } from "./support/sample.js"
import { echo, serving } from "./support/serving.js"
import { closePayload, frame, maskedFrame, rawClient, type Wire } from "./support/wire.js"

class Wrong extends Data.TaggedError("Wrong")<{}> {}

const upgraded = (peer: Wire, octets = request()) =>
  Effect.gen(function* () {
    yield* peer.write(octets)
    return parseResponse(yield* peer.until("\r\n\r\n"), "HEAD")
  })

const closeFrame = (code: number) => frame(8, closePayload(code))

describe("a handler runs for each connection", () => {
  test("PARITY S6: it gets the connection, and what was negotiated", function* () {
    const { connect } = yield* serving((ws) => ws.send(`${ws.negotiated.role} ${ws.negotiated.subprotocol}`), {
      subprotocols: ["a"]
    })
    const ws = yield* connect({ subprotocols: ["a"] })
    expect(yield* ws.receive).toBe("server a")
    expect(ws.negotiated.subprotocol).toBe("a")
  })

  test("PARITY S13: and the session that `authorize` found out", function* () {
    const { connect } = yield* serving((ws, session: { readonly user: string }) => ws.send(session.user), {
      authorize: ({ head }) =>
        Option.match(Option.fromNullable(head.fields.get("X-User")), {
          onNone: () => Effect.fail(reject({ status: 401 })),
          onSome: (user) => Effect.succeed({ user })
        })
    })
    const ws = yield* connect({ fields: { "X-User": "anna" } })
    expect(yield* ws.receive).toBe("anna")
    expect(yield* Effect.flip(connect())).toMatchObject({ reason: { response: { status: 401 } } })
  })

  test("PARITY S15, SH-20: frames that come along with the request are delivered", function* () {
    for (const maxChunk of [1, 10_000]) {
      const { client } = yield* serving(echo, {}, { maxChunk })
      const peer = yield* client
      expect((yield* upgraded(peer, request() + maskedFrame(1, "early"))).status).toBe(101)
      expect(yield* peer.take(7)).toBe("\x81\x05early")
    }
  })

  test("HARDENING S14: 100 connections at a time, each with a session of its own", function* () {
    let users = 0
    const authorize = () =>
      Effect.delay(
        Effect.sync(() => users++),
        `${(users * 37) % 100} millis`
      )
    const { connect } = yield* serving(
      (ws, session) =>
        Effect.zipRight(
          ws.send(String(session)),
          ws.run((message) => ws.send(`${session} ${message}`))
        ),
      { authorize }
    )
    const talk = (number: number) =>
      Effect.gen(function* () {
        const ws = yield* connect()
        const session = yield* ws.receive
        yield* ws.send(`from ${number}`)
        return [session, yield* ws.receive, number] as const
      })
    const talking = yield* Effect.fork(
      Effect.all(
        Array.from({ length: 100 }, (_, number) => talk(number)),
        { concurrency: "unbounded" }
      )
    )
    yield* turns(100)
    yield* TestClock.adjust("1 seconds")
    const all = yield* Fiber.join(talking)
    expect(new Set(all.map(([session]) => session)).size).toBe(100)
    for (const [session, answer, number] of all) expect(answer).toBe(`${session} from ${number}`)
  })
})

describe("the end of a handler", () => {
  const rows: ReadonlyArray<readonly [string, Effect.Effect<unknown, unknown>, number, ReadonlyArray<string>]> = [
    ["success", Effect.void, 1000, []],
    ["HARDENING S11: a failure", Effect.fail(new Wrong()), 1011, ["a WebSocket handler failed"]],
    ["HARDENING S10: a defect", Effect.die("boom"), 1011, ["a WebSocket handler failed"]],
    [
      "a thrown error",
      Effect.sync(() => {
        throw new Error("boom")
      }),
      1011,
      ["a WebSocket handler failed"]
    ],
    ["HARDENING S12: its own interruption", Effect.interrupt, 1001, []]
  ]

  for (const [name, ending, code, logs] of rows) {
    test(`${name}: ${code}, and others are unharmed`, function* () {
      const { client, connect, errors } = yield* serving((ws) =>
        Effect.flatMap(ws.receive, (message) => (message === "stop" ? ending : echo(ws)))
      )
      const other = yield* connect()
      yield* other.send("go on")
      const peer = yield* client
      yield* upgraded(peer)
      yield* peer.write(maskedFrame(1, "stop"))
      expect(yield* peer.take(4)).toBe(closeFrame(code))
      yield* peer.write(maskedFrame(8, closePayload(code)))
      expect((yield* peer.rest).reason).toBe("EndOfStream")
      yield* other.send("hello")
      expect(yield* other.receive).toBe("hello")
      expect(errors()).toEqual(logs)
    })
  }

  const ends: ReadonlyArray<readonly [string, (peer: Wire) => Effect.Effect<unknown>]> = [
    ["the client closes", (peer) => peer.write(maskedFrame(8, closePayload(1000)))],
    ["the client goes away without a Close", (peer) => peer.duplex.end],
    ["the client resets", (peer) => peer.duplex.abort],
    ["the client breaks the protocol", (peer) => peer.write("\x81\x00")]
  ]

  for (const [name, end] of ends) {
    test(`a handler that fails because ${name} is no failure of the application`, function* () {
      const { client, errors } = yield* serving((ws) => Effect.forever(ws.receive))
      const peer = yield* client
      yield* upgraded(peer)
      yield* end(peer)
      yield* turns()
      expect(errors()).toEqual([])
    })
  }

  test("what may not be sent is a failure of the application", function* () {
    const { connect, errors } = yield* serving((ws) => ws.send(Uint8Array.of(0xff), { kind: "text" }))
    const ws = yield* connect()
    yield* Effect.exit(ws.receive)
    yield* turns()
    expect(errors()).toEqual(["a WebSocket handler failed"])
  })

  test("sending to a connection that has ended is none", function* () {
    const { connect, errors } = yield* serving((ws) => Effect.zipRight(ws.closed, ws.send("late")))
    const ws = yield* connect()
    yield* ws.close()
    yield* turns()
    expect(errors()).toEqual([])
  })

  test("a failure together with an end of the connection is logged with its cause", function* () {
    const { connect, logs } = yield* serving(() => Effect.fail(new Wrong()))
    const ws = yield* connect()
    yield* Effect.exit(ws.receive)
    yield* turns()
    expect(logs.map(({ cause }) => Option.getOrUndefined(Cause.failureOption(cause)))).toEqual([new Wrong()])
  })
})

describe("RFC 6455 §7.4.1: the end of the server is 1001 for all", () => {
  const closing = (options: WebSocketServer.ServeOptions = {}) =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { client, errors } = yield* Scope.extend(
        serving((ws) => ws.run(() => {}), options),
        scope
      )
      const peers = [yield* client, yield* client, yield* client]
      for (const peer of peers) yield* upgraded(peer)
      return { scope, peers, errors, client }
    })

  test("HARDENING S08: those who answer are done at once", function* () {
    const { errors, peers, scope } = yield* closing()
    const ending = yield* Effect.fork(Scope.close(scope, Exit.void))
    for (const peer of peers) {
      expect(yield* peer.take(4)).toBe(closeFrame(1001))
      yield* peer.write(maskedFrame(8, closePayload(1001)))
      expect((yield* peer.rest).reason).toBe("EndOfStream")
      yield* peer.duplex.end
    }
    yield* Fiber.join(ending)
    expect(errors()).toEqual([])
  })

  test("HARDENING S08: one that does not answer is given up within limits.closeTimeout, twice at most", function* () {
    const { peers, scope } = yield* closing()
    const ending = yield* Effect.fork(Scope.close(scope, Exit.void))
    for (const peer of peers) expect(yield* peer.take(4)).toBe(closeFrame(1001))
    for (const peer of peers.slice(1)) {
      yield* peer.write(maskedFrame(8, closePayload(1001)))
      yield* peer.duplex.end
    }
    yield* turns()
    expect((yield* Fiber.poll(ending))._tag).toBe("None")
    yield* TestClock.adjust("10 seconds")
    yield* turns()
    yield* TestClock.adjust("10 seconds")
    yield* Fiber.join(ending)
    expect((yield* peers[0]!.rest).reason).toMatch(/EndOfStream|Reset/)
  })

  test("a handshake that is in progress is given up, and nobody is accepted any more", function* () {
    const { client, peers, scope } = yield* closing()
    const late = yield* client
    yield* late.write(request().slice(0, 30))
    yield* turns()
    for (const peer of peers) yield* peer.duplex.abort
    yield* Scope.close(scope, Exit.void)
    expect((yield* late.rest).reason).toBe("Reset")
    expect(Exit.isFailure(yield* Effect.exit(client))).toBe(true)
  })

  test("`run` serves until it is interrupted", function* () {
    const program = Effect.gen(function* () {
      const running = yield* Effect.fork(WebSocketServer.run(echo))
      const peer = yield* rawClient
      expect((yield* upgraded(peer)).status).toBe(101)
      const stopping = yield* Effect.fork(Fiber.interrupt(running))
      expect(yield* peer.take(4)).toBe(closeFrame(1001))
      yield* peer.duplex.abort
      expect(Exit.isInterrupted(yield* Fiber.join(stopping))).toBe(true)
    })
    yield* program.pipe(Effect.provide(WebSocket.layer), Effect.provide(MemoryTransport.layer))
  })

  test("`run` takes its options first too", function* () {
    const program = Effect.gen(function* () {
      yield* Effect.fork(WebSocketServer.run({ authorize: () => Effect.succeed("anna") }, (ws, user) => ws.send(user)))
      const ws = yield* WebSocket.connect("ws://a/")
      expect(yield* ws.receive).toBe("anna")
      yield* Effect.exit(ws.receive)
    })
    yield* Effect.scoped(program).pipe(Effect.provide(WebSocket.layer), Effect.provide(MemoryTransport.layer))
  })
})

describe("admission", () => {
  for (const [name, options, isOpen] of [
    ["maxConnections", { maxConnections: 2 }, true],
    ["maxHandshakes", { maxHandshakes: 2 }, false]
  ] as const) {
    test(`${name}: one too many gets 503 with Retry-After, and ServerBusy is told`, function* () {
      const failures: Array<HandshakeFailure> = []
      const onHandshakeError = (error: HandshakeFailure) => Effect.sync(() => failures.push(error))
      const { client } = yield* serving(echo, { ...options, onHandshakeError })
      const peers = [yield* client, yield* client]
      for (const peer of peers) yield* isOpen ? upgraded(peer) : peer.write("GET")
      yield* turns()
      for (let attempt = 0; attempt < 3; attempt++) {
        const late = yield* client
        const { reason, text } = yield* late.rest
        const answer = parseResponse(text)
        expect(answer.startLine).toBe("HTTP/1.1 503 Service Unavailable")
        expect(fieldOf(answer, "Retry-After")).toBe("1")
        expect([fieldOf(answer, "Connection"), fieldOf(answer, "Content-Length")]).toEqual(["close", "0"])
        expect(reason).toBe("EndOfStream")
        yield* late.duplex.end
      }
      yield* turns()
      expect(failures.length).toBe(3)
      expect(failures[0]).toMatchObject({ reason: { _tag: "ServerBusy", retryAfter: 1 }, keepAlive: false })
      expect(failures[0]?.message).toBe(
        "RFC 9110 §15.6.4: the server has as many connections as it may have (status 503)"
      )

      yield* peers[0]!.duplex.abort
      yield* turns()
      expect((yield* upgraded(yield* client)).status).toBe(101)
    })
  }

  test("maxHandshakes counts no open connections", function* () {
    const { client } = yield* serving(echo, { maxHandshakes: 1 })
    for (let number = 0; number < 3; number++) {
      expect((yield* upgraded(yield* client)).status).toBe(101)
      yield* turns()
    }
  })
})

describe("onHandshakeError", () => {
  const told = (options: WebSocketServer.ServeOptions, behave: (peer: Wire) => Effect.Effect<unknown, unknown>) =>
    Effect.gen(function* () {
      const failures: Array<string> = []
      const onHandshakeError = (error: HandshakeFailure) =>
        Effect.sync(() => failures.push("reason" in error ? `${error._tag} ${error.reason._tag}` : error._tag))
      const { client, errors } = yield* serving(echo, { ...options, onHandshakeError })
      const peer = yield* client
      yield* behave(peer)
      yield* turns()
      yield* TestClock.adjust("30 seconds")
      yield* turns()
      yield* peer.duplex.abort
      yield* turns()
      expect(errors()).toEqual([])
      return failures
    })

  for (const [name, options, behave, expected] of [
    ["a refusal", {}, (peer: Wire) => peer.write("x\r\n\r\n"), "HandshakeError HttpError"],
    [
      "a policy",
      { authorize: () => Effect.fail(reject({ status: 403 })) },
      (peer: Wire) => peer.write(request()),
      "HandshakeError Rejected"
    ],
    [
      "a head that ends early",
      {},
      (peer: Wire) => Effect.zipRight(peer.write("GET"), peer.duplex.end),
      "HandshakeError HttpError"
    ],
    ["a client that says nothing", {}, () => Effect.void, "TimeoutError"],
    ["a client that leaves", {}, (peer: Wire) => peer.duplex.end, "TransportError EndOfStream"],
    ["a reset", {}, (peer: Wire) => peer.duplex.abort, "TransportError Reset"],
    [
      "our own mistake",
      { decorateResponse: () => ({ Upgrade: "x" }) },
      (peer: Wire) => peer.write(request()),
      "OptionError"
    ]
  ] as const) {
    test(`is told of ${name}`, function* () {
      expect(yield* told(options, behave)).toEqual([expected])
    })
  }

  test("without it failures are logged, for who debugs", function* () {
    const { client, logs } = yield* serving(echo)
    const peer = yield* client
    yield* peer.write("x\r\n\r\n")
    yield* peer.rest
    yield* peer.duplex.end
    yield* turns()
    expect(logs.map(({ level, message }) => [level, message])).toMatchObject([
      ["DEBUG", expect.stringContaining("a handshake failed")]
    ])
  })
})

describe("a client that leaves at any moment harms nobody", () => {
  const conversation = request() + maskedFrame(1, "hello")

  for (const stop of ["abort", "end"] as const) {
    test(`${stop} after each octet`, function* () {
      const { client, connect, errors } = yield* serving(echo)
      const other = yield* connect()
      for (let count = 0; count <= conversation.length; count += 7) {
        const peer = yield* client
        yield* peer.write(conversation.slice(0, count))
        yield* turns(3)
        yield* peer.duplex[stop]
      }
      yield* turns()
      yield* other.send("still here")
      expect(yield* other.receive).toBe("still here")
      expect(errors()).toEqual([])
    })
  }

  test("every operation of the server may fail", function* () {
    const served = (point: Parameters<typeof layerListenerAt>[0]) => {
      const listener = Layer.provideMerge(layerListenerAt(point), MemoryTransport.layer)
      const program = Effect.gen(function* () {
        yield* Effect.fork(WebSocketServer.run((ws) => ws.send("hello")))
        const ws = yield* WebSocket.connect("ws://a/")
        expect(yield* ws.receive).toBe("hello")
        return yield* ws.closed
      })
      return Effect.scoped(program).pipe(Effect.provide(Layer.merge(WebSocket.layer, listener)))
    }
    const running = yield* Effect.fork(everyFailureAt(served))
    while (Option.isNone(yield* Fiber.poll(running))) {
      yield* turns(10)
      yield* TestClock.adjust("1 seconds")
    }
    const exits = yield* Fiber.join(running)
    expect(exits.length).toBeGreaterThan(3)
    expect(Exit.isSuccess(exits.at(-1)!)).toBe(true)
    for (const exit of exits) expect(Exit.isFailure(exit) && Cause.isDie(exit.cause)).toBe(false)
  })
})

describe("options are checked before anybody is accepted", () => {
  for (const [option, options] of [
    ["maxConnections", { maxConnections: 0 }],
    ["maxConnections", { maxConnections: 1.5 }],
    ["maxConnectionsPerAddress", { maxConnectionsPerAddress: 0 }],
    ["maxHandshakes", { maxHandshakes: -1 }],
    ["maxHandshakes", { maxHandshakes: Number.NaN }],
    ["maxHandshakesPerSecondPerAddress", { maxHandshakesPerSecondPerAddress: 0.5 }],
    ["limits.maxFields", { limits: { maxFields: 0 } }]
  ] as const) {
    test(`${JSON.stringify(options)}: OptionError for ${option}`, function* () {
      expect(yield* Effect.flip(serving(echo, options))).toMatchObject({ _tag: "OptionError", option })
      const run = WebSocketServer.run(echo, options)
      const error = yield* run.pipe(Effect.flip, Effect.provide(WebSocket.layer), Effect.provide(MemoryTransport.layer))
      expect(error).toMatchObject({ _tag: "OptionError", option })
    })
  }

  test("Infinity is no limit", function* () {
    const options = { maxConnections: Number.POSITIVE_INFINITY, maxHandshakes: Number.POSITIVE_INFINITY }
    const { client } = yield* serving(echo, options)
    expect((yield* upgraded(yield* client)).status).toBe(101)
  })
})

describe("a listener that fails", () => {
  const error = new TransportError({ reason: { _tag: "Read" } })
  const failing = Layer.succeed(Listener, {
    address: { _tag: "MemoryAddress", name: "a" },
    secure: false,
    accept: () => Effect.fail(error)
  })

  test("is what `run` fails with", function* () {
    const run = WebSocketServer.run(echo).pipe(Effect.provide(WebSocket.layer), Effect.provide(failing))
    expect(yield* Effect.flip(run)).toBe(error)
  })

  test("is logged by `serve`", function* () {
    const logged = yield* Deferred.make<string>()
    const logger = Logger.add(
      Logger.make(({ message }) => Deferred.unsafeDone(logged, Effect.succeed(String(message))))
    )
    const server = WebSocketServer.serve(echo).pipe(Layer.provide([WebSocket.layer, failing, logger]))
    yield* Layer.build(server)
    expect(yield* Deferred.await(logged)).toBe("the listener failed")
  })

  test("is not logged when it was interrupted", function* () {
    const logs: Array<unknown> = []
    const logger = Logger.add(Logger.make(({ message }) => void logs.push(message)))
    const stopped = Layer.succeed(Listener, {
      address: { _tag: "MemoryAddress", name: "a" },
      secure: false,
      accept: () => Effect.interrupt
    })
    yield* Layer.build(WebSocketServer.serve(echo).pipe(Layer.provide([WebSocket.layer, stopped, logger])))
    yield* turns()
    expect(logs).toEqual([])
  })
})
