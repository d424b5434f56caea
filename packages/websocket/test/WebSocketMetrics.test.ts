import { describe, expect } from "@effect/vitest"
import type { Negotiated } from "@effect-websocket/protocol/handshake/Negotiated"
import { Fields } from "@effect-websocket/protocol/http/Fields"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as MetricLabel from "effect/MetricLabel"
import * as TestClock from "effect/TestClock"
import * as Broadcast from "../src/Broadcast.js"
import type { CompressionService } from "../src/Compression.js"
import * as FrameLog from "../src/FrameLog.js"
import { FrameStream, layer as frameStream } from "../src/FrameStream.js"
import { reject } from "../src/Handshake.js"
import { hostTurn } from "../src/host/HostTurn.js"
import * as MemoryTransport from "../src/MemoryTransport.js"
import { observed } from "../src/observing/observed.js"
import * as StoredCompression from "../src/testing/StoredCompression.js"
import * as WebSocket from "../src/WebSocket.js"
import * as WebSocketMetrics from "../src/WebSocketMetrics.js"
import * as WebSocketServer from "../src/WebSocketServer.js"
import * as WebSocketTracing from "../src/WebSocketTracing.js"
import { orEffect } from "../src/waiting/orEffect.js"
import { test, turns } from "./support/leavesNothing.js"
import { negotiated, open } from "./support/peer.js"
import { echo, serving } from "./support/serving.js"

type Tags = Readonly<Record<string, string>>

const labelsOf = (tags: Tags) => Object.entries(tags).map(([key, value]) => MetricLabel.make(key, value))

/** The count of a counter, or of a histogram. */
const countOf = (metric: Metric.Metric.Counter<number> | Metric.Metric.Histogram<number>, tags: Tags) =>
  Effect.map(
    Metric.value(Metric.taggedWithLabels(metric as Metric.Metric.Counter<number>, labelsOf(tags))),
    ({ count }) => count
  )

/** What has been added since `before` was asked. */
const since = (metric: Metric.Metric.Counter<number> | Metric.Metric.Histogram<number>, tags: Tags) =>
  Effect.map(countOf(metric, tags), (before) => Effect.map(countOf(metric, tags), (now) => now - before))

const metered = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.provide(effect, WebSocketMetrics.layer)

describe("L3: WebSocketMetrics", () => {
  test("without it a connection is built of the same parts, and nothing is counted", function* () {
    const [duplex] = yield* MemoryTransport.pair()
    const compression = { agreed: {}, threshold: 0, open: () => {}, shared: {} } as never
    const parts = { duplex, negotiated: negotiated("server"), compression }
    const observe = Effect.flatMap(Effect.context<never>(), (context) => orEffect(observed(context, parts)))
    const plain = yield* observe
    expect([plain.duplex === duplex, plain.compression === compression]).toEqual([true, true])
    expect(plain.onOpen).toBe(undefined)
    const counting = yield* metered(observe)
    expect([counting.duplex === duplex, counting.compression === compression]).toEqual([false, false])
    const silent = yield* Effect.provide(observe, FrameLog.layer)
    expect(silent.duplex === duplex).toBe(true)

    const counts = [
      yield* since(WebSocketMetrics.messages, { role: "server", direction: "sent" }),
      yield* since(WebSocketMetrics.connections, { role: "server" }),
      yield* since(WebSocketMetrics.queue, { role: "server" })
    ]
    const { peer, ws } = yield* open("server")
    yield* ws.send("a")
    yield* peer.until(1)
    yield* turns(2)
    for (const count of counts) expect(yield* count).toBe(0)
  })

  test("messages and octets of payload each way, put there once for a turn of the event loop", function* () {
    const { peer, ws } = yield* metered(open("server", { limits: { fragmentSize: 300 } }))
    const sent = yield* since(WebSocketMetrics.messages, { role: "server", direction: "sent" })
    const octetsSent = yield* since(WebSocketMetrics.octets, { role: "server", direction: "sent" })
    const received = yield* since(WebSocketMetrics.messages, { role: "server", direction: "received" })
    const octetsReceived = yield* since(WebSocketMetrics.octets, { role: "server", direction: "received" })
    const queue = yield* since(WebSocketMetrics.queue, { role: "server" })
    for (let count = 0; count < 100; count++) expect(ws.unsafeSend("€")).toBe(true)
    yield* Effect.yieldNow()
    expect([yield* sent, yield* octetsSent]).toEqual([0, 0])
    yield* hostTurn
    expect([yield* sent, yield* octetsSent, yield* queue]).toEqual([100, 300, 1])
    yield* ws.send("x".repeat(1000))
    yield* ws.pong(new Uint8Array(50))
    peer.write(peer.frame(1, "He", { fin: false }), peer.frame(9, "ping"), peer.frame(0, "llo"), peer.frame(2, ""))
    yield* ws.receive
    yield* ws.receive
    yield* turns(2)
    expect([yield* sent, yield* octetsSent]).toEqual([101, 1300])
    expect([yield* received, yield* octetsReceived]).toEqual([2, 5])
  })

  test("what came with the handshake counts; a peer that breaks a rule is no reason to count on", function* () {
    const received = yield* since(WebSocketMetrics.messages, { role: "client", direction: "received" })
    const leftover = Uint8Array.of(0x81, 1, 0x61, 0x81, 0x80)
    const { ws } = yield* metered(open("client", { leftover }))
    expect(yield* ws.receive).toBe("a")
    expect((yield* Effect.flip(ws.receive))._tag).toBe("ProtocolError")
    yield* turns(2)
    expect(yield* received).toBe(1)
  })

  test("open connections, and how they ended: codes that peers make up are one for each thousand", function* () {
    const connections = yield* since(WebSocketMetrics.connections, { role: "server" })
    const expected = [
      [(peer: { close: (code: number) => void }) => peer.close(1000), "1000", "remote"],
      [(peer: { close: (code: number) => void }) => peer.close(4321), "4xxx", "remote"],
      [(peer: { close: (code: number) => void }) => peer.close(3999), "3xxx", "remote"]
    ] as const
    for (const [close, code, initiator] of expected) {
      const closes = yield* since(WebSocketMetrics.closes, { role: "server", code, initiator })
      const { peer, ws } = yield* metered(open("server"))
      expect(yield* connections).toBe(1)
      close(peer)
      yield* ws.closed
      yield* turns(2)
      expect([yield* closes, yield* connections]).toEqual([1, 0])
    }
    const lost = yield* since(WebSocketMetrics.closes, { role: "server", code: "1006", initiator: "remote" })
    const { peer, ws } = yield* metered(open("server"))
    yield* peer.duplex.abort
    yield* ws.closed
    yield* turns(2)
    expect([yield* lost, yield* connections]).toEqual([1, 0])
  })

  test("PARITY T-06: the time between Pings and Pongs, those of the keep-alive too, in seconds", function* () {
    const limits = { idleTimeout: "10 seconds", keepAlive: true } as const
    const { peer, ws } = yield* metered(open("client", { limits }))
    const count = yield* since(WebSocketMetrics.roundTrip, { role: "client" })
    const before = yield* Metric.value(Metric.tagged(WebSocketMetrics.roundTrip, "role", "client"))
    const ping = yield* Effect.fork(ws.ping())
    yield* peer.until(1)
    yield* TestClock.adjust("3 seconds")
    peer.send(10, peer.frames[0]?.payload)
    expect(Duration.toMillis(yield* Fiber.join(ping))).toBe(3000)
    yield* TestClock.adjust("5 seconds")
    yield* peer.until(2)
    expect(peer.briefs[1]).toBe("ping")
    yield* TestClock.adjust("1 second")
    peer.send(10)
    yield* turns(3)
    const after = yield* Metric.value(Metric.tagged(WebSocketMetrics.roundTrip, "role", "client"))
    expect([yield* count, after.sum - before.sum]).toEqual([2, 4])
  })

  test("octets before and after compression, and their ratio", function* () {
    const frames = yield* Layer.build(Layer.merge(StoredCompression.layer, WebSocketMetrics.layer))
    const extensions = Fields.from({ "Sec-WebSocket-Extensions": "permessage-deflate" })
    const agreed: Negotiated = {
      ...negotiated("server"),
      extensions: [{ name: "permessage-deflate", parameters: [] }],
      request: { method: "GET", target: "/", version: "1.1", fields: extensions }
    }
    const [client, server] = yield* MemoryTransport.pair()
    const wsOf = Effect.flatMap(FrameStream, ({ open }) => open(server, agreed, { compression: { threshold: 10 } }))
    const context = yield* Layer.build(frameStream)
    const plain = yield* since(WebSocketMetrics.compression, { role: "server", direction: "sent", form: "plain" })
    const packed = yield* since(WebSocketMetrics.compression, { role: "server", direction: "sent", form: "compressed" })
    const read = yield* since(WebSocketMetrics.compression, { role: "server", direction: "received", form: "plain" })
    const ws = yield* wsOf.pipe(Effect.provide(context), Effect.provide(frames))
    yield* ws.send("x".repeat(100))
    yield* ws.send("short")
    // RFC 7692 §7.2.3.3: "Hello" in a stored block, masked with the key 0.
    client.unsafeWrite([
      Uint8Array.from([0xc1, 0x8b, 0, 0, 0, 0, 0, 5, 0, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0])
    ])
    expect(yield* ws.receive).toBe("Hello")
    yield* turns(2)
    expect([yield* plain, yield* packed, yield* read]).toEqual([100, 106, 5])
    const labels = labelsOf({ role: "server", direction: "sent" })
    const ratio = yield* Metric.value(Metric.taggedWithLabels(WebSocketMetrics.compressionRatio, labels))
    expect(ratio.value).toBe(1.06)
    yield* client.abort
  })

  test("a message that was compressed once for many counts for each connection that sends it", function* () {
    let compressed = 0
    const compression: CompressionService = {
      open: () => ({
        deflater: {
          deflate: (octets) => {
            compressed++
            return octets.subarray(0, octets.length / 4)
          },
          reset: () => {}
        },
        inflater: { isPaused: false, push: () => undefined, resume: () => undefined, end: () => undefined },
        close: () => {}
      })
    }
    const sides = [yield* metered(open("server", { compression })), yield* metered(open("server", { compression }))]
    const counts = [
      yield* since(WebSocketMetrics.compression, { role: "server", direction: "sent", form: "plain" }),
      yield* since(WebSocketMetrics.compression, { role: "server", direction: "sent", form: "compressed" }),
      yield* since(WebSocketMetrics.octets, { role: "server", direction: "sent" })
    ]
    const rooms = yield* Broadcast.make()
    for (const { ws } of sides) yield* rooms.subscribe("tea", ws)
    expect(yield* rooms.publish("tea", "€".repeat(100))).toBe(2)
    for (const { peer } of sides) yield* peer.until(1)
    yield* turns(2)
    expect([compressed, yield* Effect.all(counts)]).toEqual([1, [600, 150, 150]])
    for (const { peer } of sides) yield* peer.duplex.abort
  })

  test("handshakes by outcome, each once, on both sides", function* () {
    const of = (role: string, outcome: string) => since(WebSocketMetrics.handshakes, { role, outcome })
    const authorize = () => Effect.fail(reject({ status: 403 }))
    const counts = {
      accepted: [yield* of("server", "Accepted"), yield* of("client", "Accepted")],
      rejected: [yield* of("server", "Rejected"), yield* of("client", "UpgradeDeclined")],
      broken: [yield* of("server", "HttpError")],
      timeout: [yield* of("server", "HandshakeTimeout")],
      busy: [yield* of("server", "ServerBusy")]
    }
    const told = (name: keyof typeof counts) => Effect.all(counts[name])
    const { connect } = yield* metered(serving(echo))
    yield* metered(connect())
    expect(yield* told("accepted")).toEqual([1, 1])
    const refusing = yield* metered(serving(echo, { authorize }))
    yield* Effect.flip(metered(refusing.connect()))
    yield* turns()
    expect(yield* told("rejected")).toEqual([1, 1])
    const strict = yield* metered(serving(echo, { limits: { handshakeTimeout: "5 seconds" }, maxConnections: 1 }))
    const wire = yield* strict.client
    yield* turns(2)
    const second = yield* strict.client
    yield* second.write("x")
    yield* turns()
    expect(yield* told("busy")).toEqual([1])
    yield* TestClock.adjust("5 seconds")
    yield* turns()
    expect(yield* told("timeout")).toEqual([1])
    yield* wire.duplex.abort
    const other = yield* (yield* metered(serving(echo))).client
    yield* other.write("no request\r\n\r\n")
    yield* turns()
    expect(yield* told("broken")).toEqual([1])
  })

  test("what an application fails with is not told, and an interruption is one", function* () {
    const of = (outcome: string) => since(WebSocketMetrics.handshakes, { role: "client", outcome })
    const [other, option, interrupted] = [yield* of("Other"), yield* of("OptionError"), yield* of("Interrupted")]
    const base = Layer.mergeAll(WebSocket.layer, MemoryTransport.layer, WebSocketMetrics.layer)
    const connect = (options: WebSocket.ConnectOptions<string>) =>
      WebSocket.connect("ws://a/", options).pipe(Effect.scoped, Effect.provide(base))
    yield* Effect.flip(connect({ decorateRequest: () => Effect.fail("secret") }))
    yield* Effect.flip(connect({ decorateRequest: () => ({ "no field": "x" }) }))
    const waiting = yield* Effect.fork(connect({}))
    yield* turns()
    yield* Fiber.interrupt(waiting)
    expect([yield* other, yield* option, yield* interrupted]).toEqual([1, 1, 1])
  })

  test("all three layers may be merged with others, in any order", function* () {
    const server = WebSocketServer.serve(echo)
    const observing = Layer.mergeAll(WebSocketMetrics.layer, WebSocketTracing.layer, FrameLog.layer)
    const base = Layer.mergeAll(observing, WebSocket.layer, MemoryTransport.layer)
    const sent = yield* since(WebSocketMetrics.messages, { role: "server", direction: "sent" })
    yield* Effect.gen(function* () {
      const ws = yield* WebSocket.connect("ws://a/")
      yield* ws.send("a")
      yield* ws.receive
    }).pipe(Effect.scoped, Effect.provide(Layer.provideMerge(server, base)))
    yield* turns(2)
    expect(yield* sent).toBe(1)
  })
})
