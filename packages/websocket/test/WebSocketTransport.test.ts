import { describe, expect, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { reject } from "../src/Handshake.js"
import { Listener, uri } from "../src/Listener.js"
import * as MemoryTransport from "../src/MemoryTransport.js"
import { Transport } from "../src/Transport.js"
import { transportContract } from "../src/testing/transportContract.js"
import * as WebSocket from "../src/WebSocket.js"
import type { TransportError } from "../src/WebSocketError.js"
import * as WebSocketServer from "../src/WebSocketServer.js"
import * as WebSocketTransport from "../src/WebSocketTransport.js"
import { test, turns } from "./support/leavesNothing.js"
import { pass } from "./support/passing.js"
import { concat, type OpenOptions, octets, open, type Role, roles, until, utf8 } from "./support/peer.js"
import { tunnel } from "./support/tunnel.js"

/** What a WebSocket can not do, and the clause of the contract that demands it. */
const impossible: Readonly<Record<string, string>> = {
  "half-close: the other direction goes on": "a Close frame ends both directions (RFC 6455 §5.5.1)",
  "RFC 6455 §7.1.1: the server ends at once, and waits for the client's end":
    "the client's Close frame is the answer of its WebSocket, and comes by itself",
  "connections that come before accept are kept, and so is what they sent":
    "a client is connected when the handshake is made, which accept does"
}

describe("the contract of a transport", () => {
  for (const [name, layer] of Object.entries({
    "a WebSocket over memory": tunnel(),
    "a WebSocket over memory with little room, and chunks of 100 octets": tunnel({ capacity: 1000, maxChunk: 100 }),
    "a WebSocket within small limits": tunnel(
      {},
      { limits: { highWaterMark: 0, fragmentSize: 1000, readAhead: 0 } },
      { limits: { highWaterMark: 0, fragmentSize: 1000, readAhead: 0 } }
    )
  })) {
    describe(`over ${name}`, () => {
      for (const { effect, name } of transportContract) {
        if (!(name in impossible)) it.scoped(name, () => Effect.provide(effect, layer))
      }
    })
  }

  it("the clauses which a WebSocket can not keep are clauses of it", () => {
    const names = transportContract.map(({ name }) => name)
    expect(Object.keys(impossible).filter((name) => !names.includes(name))).toEqual([])
  })
})

/** A WebSocket in this role as a Duplex, and the peer in the hands of the test. */
const opened = (role: Role, options?: OpenOptions) =>
  Effect.gen(function* () {
    const { peer, ws } = yield* open(role, options)
    return { peer, ws, duplex: yield* WebSocketTransport.toDuplex(ws) }
  })

const closedWith = ({ cause }: TransportError) => cause as { readonly _tag: string }

for (const role of roles) {
  describe(`PARITY L-29: toDuplex of the WebSocket of a ${role}`, () => {
    test("what is written leaves in binary messages; it may be reused when nothing is buffered", function* () {
      const { duplex, peer } = yield* opened(role)
      const buffer = octets(3)
      duplex.unsafeWrite([buffer, new Uint8Array(0), octets(2)])
      expect(duplex.unsafeBuffered()).toBe(5)
      yield* duplex.drain
      expect(duplex.unsafeBuffered()).toBe(0)
      buffer.fill(0xff)
      yield* peer.until(2)
      expect(peer.briefs).toEqual(["binary 00070e", "binary 0007"])
    })

    test("what is longer than 64 KiB is cut into messages, of one frame each", function* () {
      const { duplex, peer } = yield* opened(role)
      const sent = octets(200_000)
      duplex.unsafeWrite([sent])
      yield* duplex.drain
      yield* peer.until(4)
      expect(peer.frames.map(({ fin, payload }) => [fin, payload.length])).toEqual([
        [true, 65_536],
        [true, 65_536],
        [true, 65_536],
        [true, 3392]
      ])
      expect(concat(...peer.frames.map(({ payload }) => payload))).toEqual(sent)
    })

    test("binary messages are octets, wherever they are cut; empty ones are nothing", function* () {
      const { duplex, peer } = yield* opened(role)
      peer.send(2, "ab", { fin: false })
      peer.send(0, "c")
      peer.send(2, "")
      peer.send(2, "de")
      peer.close()
      let text = ""
      const reading = Effect.forever(
        Effect.map(duplex.pull, (chunks) => {
          expect(chunks.every(({ length }) => length > 0)).toBe(true)
          text += Buffer.concat(chunks).toString()
        })
      )
      expect((yield* Effect.flip(reading)).reason._tag).toBe("EndOfStream")
      expect(text).toBe("abcde")
    })

    test("RFC 6455 §7.4.1: a text message is a failure, behind what came before it, and closes with 1003", function* () {
      const { duplex, peer } = yield* opened(role)
      peer.send(2, "before")
      peer.send(1, "text")
      peer.send(2, "behind")
      expect(String(Buffer.concat(yield* duplex.pull))).toBe("before")
      const error = yield* Effect.flip(duplex.pull)
      expect(error.message).toBe("this transport does not support text messages in a stream of octets")
      yield* peer.until(1)
      expect(peer.briefs).toEqual(["close 1003 octets travel in binary messages"])
      expect(yield* Effect.flip(duplex.pull)).toBe(error)
      expect(yield* Effect.flip(duplex.drain)).toBe(error)
    })

    for (const [code, tag] of [
      [1000, "EndOfStream"],
      [undefined, "EndOfStream"],
      [1001, "Reset"],
      [1011, "Reset"],
      [4000, "Reset"]
    ] as const) {
      test(`a Close frame with ${code ?? "no code"} is ${tag}`, function* () {
        const { duplex, peer } = yield* opened(role)
        if (code === undefined) peer.send(8)
        else peer.close(code)
        const error = yield* Effect.flip(duplex.pull)
        expect([error.reason._tag, closedWith(error)._tag]).toEqual([tag, "Closed"])
      })
    }

    test("RFC 6455 §7.1.5: an end without a Close frame is never EndOfStream", function* () {
      const { duplex, peer } = yield* opened(role)
      yield* peer.duplex.end
      const error = yield* Effect.flip(duplex.pull)
      expect(error.reason._tag).toBe("Reset")
      expect(error.cause).toMatchObject({ _tag: "TransportError", reason: { _tag: "EndOfStream" } })
    })

    test("what breaks the protocol is Read, with its cause", function* () {
      const { duplex, peer } = yield* opened(role)
      peer.send(3)
      const error = yield* Effect.flip(duplex.pull)
      expect([error.reason._tag, closedWith(error)._tag]).toEqual(["Read", "ProtocolError"])
    })

    test("end is a Close frame with 1000 behind what is buffered; then nothing is written", function* () {
      const { duplex, peer } = yield* opened(role, { memory: { capacity: 0 } })
      peer.pause()
      duplex.unsafeWrite([octets(300_000)])
      yield* duplex.end
      yield* duplex.end
      duplex.unsafeWrite([octets(1)])
      yield* turns()
      expect(duplex.unsafeBuffered()).toBeGreaterThan(0)
      peer.resume()
      yield* peer.until(6)
      expect(peer.frames.map(({ opcode }) => opcode)).toEqual([2, 2, 2, 2, 2, 8])
      expect(peer.briefs.at(-1)).toBe("close 1000")
      peer.close()
      expect((yield* Effect.flip(duplex.pull)).reason._tag).toBe("EndOfStream")
    })

    test("after end octets of the peer are discarded: there is no half-close", function* () {
      const { duplex, peer } = yield* opened(role)
      yield* duplex.end
      yield* peer.until(1)
      peer.send(2, "late")
      peer.close()
      expect((yield* Effect.flip(duplex.pull)).reason._tag).toBe("EndOfStream")
    })

    test("a peer that does not read: what waits above the high-water mark is buffered, and drain waits for it", function* () {
      const { duplex, peer } = yield* opened(role, { limits: { highWaterMark: 1000 }, memory: { capacity: 0 } })
      peer.pause()
      for (let chunk = 0; chunk < 5; chunk++) duplex.unsafeWrite([octets(600)])
      yield* turns()
      expect(duplex.unsafeBuffered()).toBe(1800)
      const draining = yield* Effect.fork(duplex.drain)
      yield* turns()
      expect(yield* Fiber.poll(draining)).toEqual(Option.none())
      peer.resume()
      yield* Fiber.join(draining)
      yield* peer.until(5)
      expect(duplex.unsafeBuffered()).toBe(0)
    })

    test("reading ahead is bounded: who does not pull does not read", function* () {
      const { duplex, peer } = yield* opened(role, { limits: { readAhead: 1000 }, memory: { capacity: 0 } })
      for (let message = 0; message < 100; message++) peer.send(2, octets(100))
      yield* turns()
      const before = peer.duplex.unsafeBuffered()
      expect(before).toBeGreaterThan(5000)
      let length = 0
      while (length < 10_000) for (const chunk of yield* duplex.pull) length += chunk.length
      expect(peer.duplex.unsafeBuffered()).toBe(0)
    })

    test("abort is a Close frame with 1001, for which nobody waits; what is buffered is dropped", function* () {
      const { duplex, peer } = yield* opened(role, { limits: { highWaterMark: 0 }, memory: { capacity: 0 } })
      peer.pause()
      duplex.unsafeWrite([octets(10), octets(100_000)])
      yield* turns()
      yield* duplex.abort
      expect(duplex.unsafeBuffered()).toBe(0)
      expect(Exit.isFailure(yield* Effect.exit(duplex.pull))).toBe(true)
      peer.resume()
      yield* peer.until(2)
      expect(peer.briefs.at(-1)).toBe("close 1001")
    })

    test("the end of the Scope aborts, unless both had ended", function* () {
      for (const isEnded of [false, true]) {
        const { peer, ws } = yield* open(role)
        const scope = yield* Scope.make()
        const duplex = yield* Scope.extend(WebSocketTransport.toDuplex(ws), scope)
        if (isEnded) {
          yield* duplex.end
          yield* peer.until(1)
          peer.close()
          yield* Effect.flip(duplex.pull)
        }
        yield* Scope.close(scope, Exit.void)
        yield* peer.until(1)
        expect(peer.briefs).toEqual([isEnded ? "close 1000" : "close 1001"])
        peer.close()
      }
    })

    test("writing to one that has ended fails, with why", function* () {
      const { duplex, peer } = yield* opened(role)
      peer.close()
      yield* Effect.flip(duplex.pull)
      duplex.unsafeWrite([octets(3)])
      const error = yield* Effect.flip(duplex.drain)
      expect([error.reason._tag, closedWith(error)._tag]).toEqual(["Write", "SendError"])
    })
  })
}

const memory = Layer.merge(WebSocket.layer, MemoryTransport.layer)

/** Connects through a layer over a server with these options. */
const connected = (options: WebSocketServer.ServeOptions<unknown>, target = {}) =>
  Effect.gen(function* () {
    const server = WebSocketServer.serve(options, (ws) => ws.run((message) => ws.send(message)))
    const client = WebSocketTransport.layerTransport("ws://user:secret@any.host/path?token=secret")
    const layers = Layer.provide(client, Layer.provideMerge(server, memory))
    const { connect } = Context.get(yield* Layer.build(layers), Transport)
    return yield* connect({ host: "ignored", port: 1, secure: false, ...target })
  })

describe("WebSocketTransport.layerTransport", () => {
  test("opens a WebSocket to the URI, whatever the target is", function* () {
    const duplex = yield* connected({ origin: "any" })
    duplex.unsafeWrite([utf8("hello")])
    expect(String(Buffer.concat(yield* duplex.pull))).toBe("hello")
    expect(Option.getOrThrow(duplex.info.remote)).toEqual({ _tag: "MemoryAddress", name: "memory" })
  })

  test("a refusal is Open, with the whole of it as cause, and no secret in the message", function* () {
    const error = yield* Effect.flip(connected({ authorize: () => reject({ status: 403 }) }))
    expect(error.message).toBe("the connection to any.host could not be opened")
    expect(error.cause).toMatchObject({ _tag: "HandshakeError", reason: { _tag: "UpgradeDeclined" } })
  })

  test("wss: is Unsupported: TLS within the WebSocket is a layer of its own", function* () {
    const error = yield* Effect.flip(connected({}, { secure: true }))
    expect(error).toMatchObject({ reason: { _tag: "Unsupported" } })
  })

  test("a failure of the Transport beneath is its own", function* () {
    const client = WebSocketTransport.layerTransport("wss://any.host/")
    const { connect } = Context.get(yield* Layer.build(Layer.provide(client, memory)), Transport)
    const error = yield* Effect.flip(connect({ host: "any.host", port: 80, secure: false }))
    expect(error.reason).toMatchObject({ _tag: "Unsupported", feature: "wss: without TLS" })
  })

  test("a URI that is none is an OptionError of the layer", function* () {
    const layer = Layer.provide(WebSocketTransport.layerTransport("ftp://any.host/"), memory)
    expect(yield* Effect.flip(Effect.scoped(Layer.build(layer)))).toMatchObject({ _tag: "OptionError", option: "uri" })
  })
})

describe("WebSocketTransport.layerListener", () => {
  const listening = (options?: WebSocketTransport.ListenerOptions) =>
    Layer.provideMerge(WebSocketTransport.layerListener(options), memory)

  test("has the address of the one beneath", function* () {
    const { address, secure } = yield* Effect.provide(Listener, listening())
    expect([address, secure]).toEqual([{ _tag: "MemoryAddress", name: "memory" }, false])
  })

  test("a request that is refused is answered, and no connection", function* () {
    const context = yield* Layer.build(listening({ hosts: ["other.host"] }))
    let count = 0
    const serve = Effect.flatMap(Listener, ({ accept }) => accept(() => Effect.sync(() => void count++)))
    yield* Effect.forkScoped(Effect.provide(serve, context))
    const error = yield* Effect.flip(Effect.provide(WebSocket.connect("ws://any.host/"), context))
    expect(error).toMatchObject({ _tag: "HandshakeError", reason: { _tag: "UpgradeDeclined" } })
    expect(Option.getOrThrow((error as { response: Option.Option<{ head: object }> }).response).head).toMatchObject({
      status: 421
    })
    expect(count).toBe(0)
  })

  test("limits that are none are an OptionError of the layer", function* () {
    const build = Effect.scoped(Layer.build(listening({ limits: { maxMessageSize: 0 } })))
    expect(yield* Effect.flip(build)).toMatchObject({ _tag: "OptionError" })
  })
})

describe("PARITY L-29: a WebSocket within a WebSocket", () => {
  const echo = WebSocketServer.serve((ws) => ws.run((message) => ws.send(message)))

  test("messages of every kind and size go through, and the closing handshake of both", function* () {
    const layers = Layer.provideMerge(echo, Layer.merge(WebSocket.layer, tunnel()))
    const program = Effect.gen(function* () {
      const ws = yield* WebSocket.connect(yield* uri("/chat"))
      for (const message of ["text", "", octets(1), octets(70_000), octets(1_000_000)]) {
        yield* ws.send(message)
        expect(yield* ws.receive).toEqual(message)
      }
      yield* ws.ping()
      return yield* ws.close(4000, "bye")
    })
    const closure = yield* Effect.scoped(Effect.provide(program, layers))
    expect(closure).toMatchObject({ clean: true, initiator: "local" })
  })

  test("three of them, one in the other", function* () {
    const within = (lower: Layer.Layer<Transport | Listener, unknown>) =>
      Layer.merge(WebSocketTransport.layerTransport("ws://any.host/"), WebSocketTransport.layerListener()).pipe(
        Layer.provide(Layer.merge(WebSocket.layer, lower))
      )
    const layers = Layer.provideMerge(echo, Layer.merge(WebSocket.layer, within(within(MemoryTransport.layer))))
    const program = Effect.gen(function* () {
      const ws = yield* WebSocket.connect("ws://any.host/")
      yield* ws.send("deep")
      return yield* ws.receive
    })
    expect(yield* Effect.scoped(Effect.provide(program, layers))).toBe("deep")
  })

  test("back-pressure goes through both: a sender waits for a reader at the far end", function* () {
    let taken = 0
    let isOpen = false
    const slow = WebSocketServer.serve((ws) =>
      ws.run(() =>
        Effect.suspend(() => {
          taken++
          return until(() => isOpen)
        })
      )
    )
    const layers = Layer.provideMerge(slow, Layer.merge(WebSocket.layer, tunnel({ capacity: 0 })))
    const program = Effect.gen(function* () {
      const ws = yield* WebSocket.connect("ws://any.host/")
      let sent = 0
      const sending = yield* Effect.fork(
        Effect.forever(
          Effect.zipRight(
            ws.send(octets(10_000)),
            Effect.sync(() => void sent++)
          )
        ).pipe(Effect.race(until(() => sent >= 300)))
      )
      yield* turns(200)
      expect([taken, sent < 100]).toEqual([1, true])
      isOpen = true
      yield* Fiber.join(sending)
    })
    yield* Effect.scoped(Effect.provide(program, layers))
  })

  test("the silence of a client is seen, and ends both", function* () {
    const idle = { limits: { idleTimeout: "10 seconds", keepAlive: false } } as const
    const ends: Array<string> = []
    const server = WebSocketServer.serve(idle, (ws) =>
      Effect.map(ws.closed, ({ cause }) => void ends.push(cause?._tag ?? "clean"))
    )
    const layers = Layer.provideMerge(server, Layer.merge(WebSocket.layer, tunnel()))
    const program = Effect.gen(function* () {
      const ws = yield* WebSocket.connect("ws://any.host/")
      const closed = yield* Effect.fork(ws.closed)
      yield* turns()
      yield* pass("10 seconds")
      return yield* Fiber.join(closed)
    })
    const { cause } = yield* Effect.scoped(Effect.provide(program, layers))
    expect([ends, cause?._tag]).toEqual([["TimeoutError"], "TransportError"])
  })
})
