import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { HttpAnswer, HttpHandler, ServeOptions } from "../../src/WebSocketServer.js"
import { chunked, exchange, get, mirror, next, post } from "../support/http.js"
import { test, turns } from "../support/leavesNothing.js"
import { fieldOf, parseResponse, request } from "../support/sample.js"
import { echo, serving } from "../support/serving.js"
import { maskedFrame } from "../support/wire.js"

const answering = (answer: HttpAnswer) => ({ http: () => Effect.succeed(answer) })

describe("ordinary HTTP on the same port", () => {
  for (const [name, sent, body] of [
    ["GET", get("/a?b=c"), "GET /a?b=c "],
    ["POST with a length", post("hello"), "POST / hello"],
    ["POST in chunks", chunked("2\r\nhe\r\n3;x\r\nllo\r\n0\r\nX: y\r\n\r\n"), "POST / hello"],
    ["OPTIONS *", get("*", "", "OPTIONS"), "OPTIONS * "]
  ] as const) {
    test(`${name} gets the application's answer, and the connection is kept`, function* () {
      const { client } = yield* serving(echo, { http: mirror })
      const peer = yield* client
      for (let time = 0; time < 2; time++) {
        yield* peer.write(sent)
        const answer = yield* next(peer)
        expect([answer.status, answer.body]).toEqual([200, body])
        expect(fieldOf(answer, "Connection")).toBe("keep-alive")
        expect(fieldOf(answer, "Content-Type")).toBe("text/plain; charset=utf-8")
      }
    })
  }

  test("RFC 9110 §9.3.2: HEAD gets the head of the answer alone", function* () {
    const { client } = yield* serving(echo, { http: mirror })
    const peer = yield* client
    yield* peer.write(get("/", "", "HEAD") + get("/x"))
    expect(fieldOf(yield* next(peer, "HEAD"), "Content-Length")).toBe("7")
    expect((yield* next(peer)).body).toBe("GET /x ")
  })

  test("RFC 9112 §9.3.2: pipelined requests are answered in order, then one of them is an upgrade", function* () {
    const { client } = yield* serving(echo, { http: mirror })
    const peer = yield* client
    yield* peer.write(get("/1") + post("x") + get("/3") + request() + maskedFrame(1, "hi"))
    const bodies = [yield* next(peer), yield* next(peer), yield* next(peer)].map(({ body }) => body)
    expect(bodies).toEqual(["GET /1 ", "POST / x", "GET /3 "])
    expect((yield* next(peer)).status).toBe(101)
    expect(yield* peer.take(4)).toBe("\x81\x02hi")
  })

  test("a body that comes octet by octet, and a request right behind it", function* () {
    const { client } = yield* serving(echo, { http: mirror }, { maxChunk: 1 })
    const peer = yield* client
    yield* peer.write(chunked("5\r\nhello\r\n0\r\n\r\n") + post("world") + get("/"))
    const bodies = [yield* next(peer), yield* next(peer), yield* next(peer)].map(({ body }) => body)
    expect(bodies).toEqual(["POST / hello", "POST / world", "GET / "])
  })

  for (const [name, sent, answer, version] of [
    ["the client says close", get("/", "Connection: close\r\n"), { status: 200 }, "close"],
    ["the client speaks HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", { status: 200 }, "close"],
    ["the answer says close", get("/"), { status: 200, fields: { Connection: "close" } }, "close"]
  ] as const) {
    test(`RFC 9112 §9.3: the connection is closed when ${name}`, function* () {
      const { reason, text } = yield* exchange(answering(answer), sent + get("/second"))
      expect(parseResponse(text)).toMatchObject({ status: 200, rest: "" })
      expect(fieldOf(parseResponse(text), "Connection")).toBe(version)
      expect(reason).toBe("EndOfStream")
    })
  }

  test("HTTP/1.0 with keep-alive is kept", function* () {
    const { client } = yield* serving(echo, { http: mirror })
    const peer = yield* client
    yield* peer.write("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    expect(fieldOf(yield* next(peer), "Connection")).toBe("keep-alive")
  })

  test("the framing of an answer is ours, its other fields are the application's", function* () {
    const fields = { "Content-Length": "99", "Transfer-Encoding": "chunked", "X-A": ["1", "2"], "content-type": "a/b" }
    const { text } = yield* exchange(answering({ status: 404, fields, body: "hello" }), get("/"))
    const answer = parseResponse(text)
    expect(answer).toMatchObject({ startLine: "HTTP/1.1 404 Not Found", body: "hello" })
    expect(answer.fields.get("x-a")).toEqual(["1", "2"])
    expect(fieldOf(answer, "content-type")).toBe("a/b")
    expect(answer.fields.has("transfer-encoding")).toBe(false)
  })

  test("a text is sent as UTF-8, octets as they are and without a type", function* () {
    const { text } = yield* exchange(answering({ status: 200, body: "\u20ac" }), get("/"))
    expect(parseResponse(text).body).toBe("\u00e2\u0082\u00ac")
    const octets = yield* exchange(answering({ status: 200, body: Uint8Array.of(255) }), get("/"))
    expect(parseResponse(octets.text).body).toBe("\u00ff")
    expect(parseResponse(octets.text).fields.has("content-type")).toBe(false)
  })

  for (const status of [204, 304]) {
    test(`RFC 9110 §6.4.1: an answer ${status} has no body, so that the next one is understood`, function* () {
      const { client } = yield* serving(echo, answering({ status, body: "hello" }))
      const peer = yield* client
      yield* peer.write(get("/") + get("/"))
      for (let time = 0; time < 2; time++) {
        const head = parseResponse(yield* peer.until("\r\n\r\n"), "HEAD")
        expect(head.status).toBe(status)
        if (status === 204) expect(head.fields.has("content-length")).toBe(false)
      }
      yield* peer.duplex.end
      expect((yield* peer.rest).text).toBe("")
    })
  }

  for (const status of [101, 100, 99, 1000, Number.NaN]) {
    test(`the status ${status} answers nothing: 500`, function* () {
      const { errors, text } = yield* exchange(answering({ status }), get("/"))
      expect(parseResponse(text)).toMatchObject({ status: 500, rest: "" })
      expect(errors.length).toBe(1)
    })
  }

  for (const [name, http] of [
    ["dies", () => Effect.die("boom")],
    ["may not stand in a head", () => Effect.succeed({ status: 200, fields: { "X-A": "a\r\nb" } })],
    [
      "throws",
      () => {
        throw new Error("boom")
      }
    ]
  ] as ReadonlyArray<readonly [string, HttpHandler]>) {
    test(`an answer that ${name}: 500, logged, and others are unharmed`, function* () {
      const { errors, reason, text } = yield* exchange({ http }, get("/"))
      expect(parseResponse(text)).toMatchObject({ status: 500, body: "", rest: "" })
      expect(fieldOf(parseResponse(text), "Connection")).toBe("close")
      expect(reason).toBe("EndOfStream")
      expect(errors).toEqual(["an HTTP handler failed"])
    })
  }

  test("an answer that is under way when the server ends is interrupted, and nothing is written", function* () {
    const events: Array<string> = []
    const http = () => Effect.onInterrupt(Effect.never, () => Effect.sync(() => events.push("interrupted")))
    const scope = yield* Scope.make()
    const { client, errors } = yield* Scope.extend(serving(echo, { http }), scope)
    const peer = yield* client
    yield* peer.write(get("/"))
    yield* turns()
    yield* Scope.close(scope, Exit.void)
    expect(yield* peer.rest).toEqual({ text: "", reason: "Reset" })
    expect([events, errors()]).toEqual([["interrupted"], []])
  })

  test("without a handler it is told to upgrade: 426", function* () {
    const { text } = yield* exchange({}, get("/"))
    expect(parseResponse(text).status).toBe(426)
    expect(fieldOf(parseResponse(text), "Upgrade")).toBe("websocket")
  })
})

describe("bodies of ordinary requests", () => {
  const status = (options: ServeOptions, sent: string) =>
    Effect.map(exchange({ http: mirror, ...options }, sent), ({ reason, text }) => {
      expect(reason).toBe("EndOfStream")
      return parseResponse(text).status
    })

  for (const [name, sent, expected] of [
    ["RFC 9110 §15.5.14: longer than the limit", post("x".repeat(70_000)), 413],
    ["RFC 9110 §15.5.14: in chunks and longer than the limit", chunked("1\r\nx\r\n".repeat(70_000)), 413],
    ["RFC 9110 §15.5.9: too slow", `${post("hello").slice(0, -1)}`, 408],
    ["RFC 9112 §7.1: in chunks that are none", chunked("x\r\n"), 400],
    ["RFC 9112 §6.1: with two framings", get("/", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "POST"), 400],
    [
      "RFC 9112 §6.1: with a transfer coding that is unknown",
      get("/", "Transfer-Encoding: gzip, chunked\r\n", "POST"),
      501
    ]
  ] as const) {
    test(`${name}: ${expected}`, function* () {
      expect(yield* status({}, sent)).toBe(expected)
    })
  }

  test("a limit of its own", function* () {
    expect(yield* status({ limits: { maxRequestBody: 4 } }, post("hello"))).toBe(413)
    expect(yield* status({ limits: { maxRequestBody: 0 } }, post("h"))).toBe(413)
  })

  test("a text in a refusal has its type", function* () {
    const { text } = yield* exchange({ http: mirror }, get("/", "Content-Length: x\r\n", "POST"))
    expect(fieldOf(parseResponse(text), "Content-Type")).toBe("text/plain; charset=utf-8")
  })

  test("PARITY SH-15, RFC 9110 §10.1.1: Expect: 100-continue MUST be answered, before the body comes", function* () {
    const { client } = yield* serving(echo, { http: mirror })
    const peer = yield* client
    yield* peer.write(get("/", "Content-Length: 5\r\nExpect: 100-Continue\r\n", "POST"))
    expect(yield* peer.until("\r\n\r\n")).toBe("HTTP/1.1 100 Continue\r\n\r\n")
    yield* peer.write("hello")
    expect((yield* next(peer)).body).toBe("POST / hello")
  })

  for (const [name, sent] of [
    ["when the body is there already", post("hello", "Expect: 100-continue\r\n")],
    ["when there is no body", get("/", "Expect: 100-continue\r\n")],
    ["of HTTP/1.0", post("hello", "Expect: 100-continue\r\n").replace("HTTP/1.1", "HTTP/1.0")]
  ] as const) {
    test(`RFC 9110 §10.1.1: not ${name}`, function* () {
      const { client } = yield* serving(echo, { http: mirror })
      const peer = yield* client
      yield* peer.write(sent)
      expect((yield* next(peer)).status).toBe(200)
    })
  }
})
