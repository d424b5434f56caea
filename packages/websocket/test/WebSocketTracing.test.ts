import { describe, expect } from "@effect/vitest"
import { Fields } from "@effect-websocket/protocol/http/Fields"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import * as Tracer from "effect/Tracer"
import { reject } from "../src/Handshake.js"
import * as MemoryTransport from "../src/MemoryTransport.js"
import { parse } from "../src/observing/traceContext.js"
import * as WebSocket from "../src/WebSocket.js"
import * as WebSocketServer from "../src/WebSocketServer.js"
import * as WebSocketTracing from "../src/WebSocketTracing.js"
import { test, turns } from "./support/leavesNothing.js"
import { request } from "./support/sample.js"
import { rawClient } from "./support/wire.js"

/** A tracer that writes down its spans, and how they ended. */
const tracing = () => {
  const spans: Array<Tracer.Span> = []
  const links: Array<Tracer.SpanLink> = []
  const native = Tracer.make({
    context: (run) => run(),
    span: (name, parent, context, own, startTime, kind) => {
      const number = String(spans.length + 1)
      let status: Tracer.SpanStatus = { _tag: "Started", startTime }
      const attributes = new Map<string, unknown>()
      const span: Tracer.Span = {
        _tag: "Span",
        name,
        spanId: number.padStart(16, "0"),
        traceId: Option.match(parent, { onNone: () => number.padStart(32, "a"), onSome: ({ traceId }) => traceId }),
        parent,
        context,
        get status() {
          return status
        },
        attributes,
        links: own,
        sampled: true,
        kind,
        end: (endTime, exit) => {
          status = { _tag: "Ended", startTime, endTime, exit }
        },
        attribute: (key, value) => void attributes.set(key, value),
        event: () => {},
        addLinks: (more) => void links.push(...more)
      }
      spans.push(span)
      return span
    }
  })
  const named = (name: string) => spans.filter((span) => span.name === name)
  return { layer: Layer.merge(Layer.setTracer(native), WebSocketTracing.layer), spans, named }
}

const attributesOf = (span: Tracer.Span | undefined) => Object.fromEntries(span?.attributes ?? [])

const exitOf = (span: Tracer.Span | undefined) =>
  span?.status._tag === "Ended" ? span.status.exit : Exit.die("the span has not ended")

const failureOf = (span: Tracer.Span | undefined): Error =>
  Exit.match(exitOf(span), { onFailure: (cause) => Cause.squash(cause) as Error, onSuccess: () => new Error("none") })

const handled = (ws: WebSocket.WebSocket) => ws.run((message) => Effect.withSpan(ws.send(message), "handle a message"))

const base = Layer.merge(WebSocket.layer, MemoryTransport.layer)

const over = (layer: Layer.Layer<never>, options: WebSocketServer.ServeOptions = {}) =>
  Layer.provideMerge(WebSocketServer.serve(handled, options), Layer.merge(base, layer))

const secretUri = "ws://user:password@any.host:81/chat?token=secret"

describe("L4: WebSocketTracing", () => {
  test("a span on each side, in one trace, which ends at the 101", function* () {
    const { layer, named } = tracing()
    yield* Effect.gen(function* () {
      const ws = yield* Effect.withSpan(WebSocket.connect(secretUri, { subprotocols: ["a"] }), "outer")
      const [client] = named("websocket.connect")
      expect([client?.kind, exitOf(client)]).toEqual(["client", Exit.void])
      expect(Option.getOrThrow(client!.parent).spanId).toBe(named("outer")[0]?.spanId)
      expect(Option.getOrThrow(WebSocketTracing.spanOf(ws))).toBe(client)
      yield* ws.send("a")
      yield* ws.receive
      const [server] = named("websocket.accept")
      expect([server?.kind, exitOf(server)]).toEqual(["server", Exit.void])
      expect(Option.getOrThrow(server!.parent)).toMatchObject({
        _tag: "ExternalSpan",
        spanId: client?.spanId,
        sampled: true
      })
      expect(server?.traceId).toBe(client?.traceId)
    }).pipe(Effect.scoped, Effect.provide(over(layer, { subprotocols: ["a"] })))
    expect(attributesOf(named("websocket.connect")[0])).toEqual({
      "http.request.method": "GET",
      "http.response.status_code": 101,
      "network.protocol.name": "http",
      "network.protocol.version": "1.1",
      "network.transport": "pipe",
      "server.address": "any.host",
      "server.port": 81,
      "url.full": "ws://any.host:81/chat",
      "url.scheme": "ws",
      "websocket.subprotocol": "a"
    })
    expect(attributesOf(named("websocket.accept")[0])).toEqual({
      "http.request.method": "GET",
      "http.response.status_code": 101,
      "network.protocol.name": "http",
      "network.protocol.version": "1.1",
      "network.transport": "pipe",
      "server.address": "any.host",
      "server.port": 81,
      "url.path": "/chat",
      "url.scheme": "ws",
      "websocket.subprotocol": "a"
    })
  })

  test("what happens on the connection is linked to its handshake, and no child of it", function* () {
    const { layer, named } = tracing()
    yield* Effect.gen(function* () {
      const ws = yield* WebSocket.connect(secretUri)
      yield* WebSocketTracing.linked(ws)(Effect.withSpan(ws.send("a"), "say"))
      yield* ws.receive
    }).pipe(Effect.scoped, Effect.provide(over(layer)))
    for (const [name, handshake] of [
      ["say", "websocket.connect"],
      ["handle a message", "websocket.accept"]
    ] as const) {
      const [span] = named(name)
      expect(span?.links.map(({ span }) => span)).toEqual([named(handshake)[0]])
      expect(Option.isNone(span!.parent)).toBe(true)
    }
  })

  test("G02: a refusal is told by its reason and status; nothing secret is in any span", function* () {
    const { layer, named, spans } = tracing()
    const authorize = () => Effect.fail(reject({ status: 403, body: "secret", fields: { "X-Secret": "secret" } }))
    const fields = { Cookie: "secret", Authorization: "Bearer secret" }
    yield* Effect.flip(WebSocket.connect(secretUri, { fields })).pipe(
      Effect.scoped,
      Effect.provide(over(layer, { authorize }))
    )
    const [client, server] = [named("websocket.connect")[0], named("websocket.accept")[0]]
    expect(attributesOf(client)).toMatchObject({ "error.type": "UpgradeDeclined", "http.response.status_code": 403 })
    expect(attributesOf(server)).toMatchObject({ "error.type": "Rejected", "http.response.status_code": 403 })
    expect([failureOf(client).name, failureOf(server).name]).toEqual(["UpgradeDeclined", "Rejected"])
    expect(failureOf(server).message).toBe("RFC 6455 §4.2.2: the application refused the request (status 403)")
    for (const span of spans) {
      const all = [span.name, ...span.attributes.values(), Cause.pretty(Cause.fail(failureOf(span)))].join(" ")
      expect(all).not.toMatch(/secret|password|token|Bearer/)
      expect(JSON.stringify(failureOf(span))).not.toContain("secret")
    }
  })

  test("an application that fails, a timeout and an interruption end the span", function* () {
    const { layer, named } = tracing()
    const nobody = Layer.merge(base, layer)
    const connect = (options: WebSocket.ConnectOptions<string>) =>
      WebSocket.connect(secretUri, options).pipe(Effect.scoped, Effect.provide(nobody))
    yield* Effect.flip(connect({ decorateRequest: () => Effect.fail("secret") }))
    const waiting = yield* Effect.fork(Effect.flip(connect({ limits: { handshakeTimeout: "2 seconds" } })))
    yield* turns(2)
    yield* TestClock.adjust("2 seconds")
    yield* Fiber.join(waiting)
    const interrupted = yield* Effect.fork(connect({}))
    yield* turns(2)
    yield* Fiber.interrupt(interrupted)
    const [first, second, third] = named("websocket.connect")
    expect([attributesOf(first)["error.type"], failureOf(first).message]).toEqual(["Other", "the application failed"])
    expect(attributesOf(second)["error.type"]).toBe("HandshakeTimeout")
    expect(second?.status).toMatchObject({ endTime: 2_000_000_000n })
    expect(Exit.isInterrupted(exitOf(third))).toBe(true)
  })

  test("W3C Trace Context: the field is the span's, unless the application has one of its own", function* () {
    const { layer, named } = tracing()
    const seen: Array<string | undefined> = []
    const authorize = ({ head }: { head: { fields: Fields } }) =>
      Effect.sync((): undefined => void seen.push(head.fields.combined("traceparent")))
    const own = { traceparent: `00-${"1".repeat(32)}-${"2".repeat(16)}-00` }
    yield* Effect.gen(function* () {
      yield* WebSocket.connect(secretUri)
      yield* WebSocket.connect(secretUri, { fields: own })
      yield* WebSocket.connect(secretUri, { decorateRequest: () => own })
      yield* WebSocket.connect(secretUri).pipe(Effect.withTracerEnabled(false))
    }).pipe(Effect.scoped, Effect.provide(over(layer, { authorize })))
    const [first] = named("websocket.connect")
    expect(seen).toEqual([`00-${first?.traceId}-${first?.spanId}-01`, own.traceparent, own.traceparent, undefined])
    expect(Option.getOrThrow(named("websocket.accept")[1]!.parent)).toMatchObject({ sampled: false })
  })

  test("W3C Trace Context §3.3: what a peer notes of a trace goes on with it, within bounds, and nowhere else", function* () {
    const { layer } = tracing()
    const seen: Array<string | undefined> = []
    const far = over(layer, {
      authorize: ({ head }) => Effect.sync((): undefined => void seen.push(head.fields.combined("tracestate")))
    })
    const onwards = Effect.scoped(WebSocket.connect(secretUri)).pipe(Effect.provide(far), Effect.orDie)
    const fields = (
      tracestate: string | ReadonlyArray<string>,
      traceparent = `00-${"1".repeat(32)}-${"2".repeat(16)}-01`
    ) => Fields.from({ traceparent, tracestate })
    yield* Effect.gen(function* () {
      yield* WebSocket.connect(secretUri, { fields: fields(["a=1", "b=2"]) })
      yield* WebSocket.connect(secretUri, { fields: fields("a".repeat(513)) })
      yield* WebSocket.connect(secretUri, { fields: fields("a=1", "00-x") })
      yield* WebSocket.connect(secretUri)
    }).pipe(Effect.scoped, Effect.provide(over(layer, { authorize: () => Effect.as(onwards, undefined) })))
    expect(seen).toEqual(["a=1, b=2", undefined, undefined, undefined])
  })

  test("a peer's field that is none, or hosts and paths with anything in them, do no harm", function* () {
    const { layer, named } = tracing()
    yield* Effect.gen(function* () {
      const client = yield* rawClient
      yield* client.write(request({ traceparent: "00-x", Host: "a\u00e4b" }, "GET /%1b[31m?token=secret HTTP/1.1"))
      yield* client.rest
    }).pipe(Effect.scoped, Effect.provide(over(layer)))
    yield* Effect.gen(function* () {
      const client = yield* rawClient
      yield* client.write(request({}, "GET ws://user:password@any.host/chat HTTP/1.1"))
      yield* client.rest
    }).pipe(Effect.scoped, Effect.provide(over(layer)))
    expect(attributesOf(named("websocket.accept")[1])["url.path"]).toBe("/chat")
    const [span] = named("websocket.accept")
    expect(Option.isNone(span!.parent)).toBe(true)
    expect(attributesOf(span)).toMatchObject({ "url.path": "/%1b[31m", "http.response.status_code": 400 })
    expect(attributesOf(span)["server.address"]).toBeUndefined()
  })

  test("W3C Trace Context §3.2: four numbers of fixed length, or nothing", function* () {
    const [trace, span] = ["0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"]
    const of = (...values: ReadonlyArray<string>) => parse(Fields.from({ traceparent: values }))
    expect(of(`00-${trace}-${span}-01`)).toMatchObject({ traceId: trace, spanId: span, sampled: true })
    expect(of(`00-${trace}-${span}-02`)).toMatchObject({ sampled: false })
    expect(of(`01-${trace}-${span}-01-more`)).toMatchObject({ spanId: span })
    const wrong = [
      "",
      `ff-${trace}-${span}-01`,
      `00-${trace}-${span}-01-more`,
      `00-${"0".repeat(32)}-${span}-01`,
      `00-${trace}-${"0".repeat(16)}-01`,
      `00-${trace.toUpperCase()}-${span}-01`,
      `00-${trace}-${span}-1`,
      `00-${trace}-${span}-01 `.trimStart().replace("01 ", "01,")
    ]
    expect(wrong.filter((value) => of(value) !== undefined)).toEqual([])
    expect(of(`00-${trace}-${span}-01`, `00-${trace}-${span}-01`)).toBeUndefined()
    yield* Effect.void
  })

  test("without the layer there is no span and no field, and no handler is linked", function* () {
    const { named, spans } = tracing()
    let seen: string | undefined
    const authorize = ({ head }: { head: { fields: Fields } }) =>
      Effect.sync((): undefined => {
        seen = head.fields.get("traceparent")
      })
    yield* Effect.gen(function* () {
      const ws = yield* WebSocket.connect(secretUri)
      expect(Option.isNone(WebSocketTracing.spanOf(ws))).toBe(true)
      yield* WebSocketTracing.linked(ws)(ws.send("a"))
      yield* ws.receive
    }).pipe(Effect.scoped, Effect.provide(over(Layer.empty, { authorize })))
    expect([spans.length, named("websocket.connect").length, seen]).toEqual([0, 0, undefined])
  })
})
