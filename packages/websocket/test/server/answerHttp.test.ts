import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
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
        expect(fieldOf(answer, "Date")).toBe("Thu, 01 Jan 1970 00:00:00 GMT")
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

  test("RFC 9110 §15.3.6: an answer 205 has a body of no octets", function* () {
    const { client } = yield* serving(echo, answering({ status: 205, body: "hello" }))
    const peer = yield* client
    yield* peer.write(get("/") + get("/"))
    for (let time = 0; time < 2; time++) {
      const answer = yield* next(peer)
      expect([answer.status, fieldOf(answer, "Content-Length")]).toEqual([205, "0"])
    }
  })

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

  for (const [name, sent, begun] of [
    ["while the application is at work", get("/"), ["begun", "interrupted"]],
    ["while the body is on its way", post("hello").slice(0, -1), []]
  ] as const) {
    test(`RFC 9110 §15.6.4: when the server ends ${name}, the client gets 503, and the connection is closed in order`, function* () {
      const events: Array<string> = []
      const http = () =>
        Effect.onInterrupt(
          Effect.zipRight(
            Effect.sync(() => events.push("begun")),
            Effect.never
          ),
          () => Effect.sync(() => events.push("interrupted"))
        )
      const scope = yield* Scope.make()
      const { client, errors } = yield* Scope.extend(serving(echo, { http }), scope)
      const peer = yield* client
      yield* peer.write(sent)
      yield* turns()
      const ending = yield* Effect.fork(Scope.close(scope, Exit.void))
      const answer = yield* next(peer)
      expect([answer.status, fieldOf(answer, "Connection")]).toEqual([503, "close"])
      expect(yield* peer.rest).toEqual({ text: "", reason: "EndOfStream" })
      yield* peer.duplex.end
      yield* Fiber.join(ending)
      expect([events, errors()]).toEqual([begun, []])
    })
  }

  test("when the server ends it waits for limits.closeTimeout at most, also for a client that takes nothing", function* () {
    const http: HttpHandler = ({ head }) =>
      head.target === "/slow" ? Effect.never : Effect.succeed({ status: 200, body: "x".repeat(200_000) })
    const scope = yield* Scope.make()
    const { client } = yield* Scope.extend(serving(echo, { http, limits: { highWaterMark: 1_000_000 } }), scope)
    const peer = yield* client
    yield* peer.write(get("/") + get("/slow"))
    yield* turns()
    const ending = yield* Effect.fork(Scope.close(scope, Exit.void))
    yield* turns()
    yield* TestClock.adjust("10 seconds")
    yield* Fiber.join(ending)
  })

  test("an answer that interrupts itself: 503", function* () {
    const { errors, reason, text } = yield* exchange({ http: () => Effect.interrupt }, get("/"))
    expect(parseResponse(text)).toMatchObject({ status: 503, rest: "" })
    expect([reason, errors]).toEqual(["EndOfStream", []])
  })

  test("without a handler it is told to upgrade: 426", function* () {
    const { text } = yield* exchange({}, get("/"))
    expect(parseResponse(text).status).toBe(426)
    expect(fieldOf(parseResponse(text), "Upgrade")).toBe("websocket")
  })
})

describe("an ordinary request that every server refuses", () => {
  const asked: Array<string> = []
  const http: HttpHandler = ({ head }) =>
    Effect.sync(() => {
      asked.push(head.target)
      return { status: 200, body: "asked" }
    })

  for (const [name, sent, status] of [
    ["RFC 9112 §3.2: without Host", "GET / HTTP/1.1\r\n\r\n", 400],
    ["RFC 9112 §3.2: with an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400],
    ["RFC 9112 §3.2: with two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400],
    ["RFC 9112 §3.2: of HTTP/1.0 with two Hosts", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400],
    ["RFC 9112 §3.2: with a target that is none", get("secret"), 400],
    ["RFC 9112 §3.2.4: with an asterisk, and not of OPTIONS", get("*"), 400],
    ["RFC 9110 §4.2.4: with user information in its target", get("http://a@b/"), 400],
    ["RFC 9110 §9.3.6: CONNECT", get("a:80", "", "CONNECT"), 501],
    ["RFC 9110 §10.1.1: with an unknown expectation", get("/", "Expect: tea\r\n"), 417],
    ["RFC 9110 §10.1.1: with another expectation too", post("x", "Expect: 100-continue, tea\r\n"), 417]
  ] as const) {
    test(`${name}: ${status}, the application is not asked, and the connection is closed`, function* () {
      asked.length = 0
      const { reason, text } = yield* exchange({ http }, sent + get("/behind"))
      const answer = parseResponse(text)
      expect(answer).toMatchObject({ status, rest: "" })
      expect(fieldOf(answer, "Connection")).toBe("close")
      expect(Buffer.from(answer.body, "latin1").toString()).toMatch(/^RFC 911\d §[\d.]+: .*\n$/)
      expect([reason, asked]).toEqual(["EndOfStream", []])
    })
  }

  test("RFC 9110 §9.3.2: the refusal of HEAD is a head alone", function* () {
    const { text } = yield* exchange({ http }, get("/", "Expect: tea\r\n", "HEAD"))
    expect(parseResponse(text, "HEAD")).toMatchObject({ status: 417, rest: "" })
  })

  test("RFC 9112 §3.2.2: a target in absolute form is as it stands, and HTTP/1.0 needs no Host", function* () {
    const { client } = yield* serving(echo, { http: mirror })
    const peer = yield* client
    yield* peer.write(get("http://b/x?y"))
    expect((yield* next(peer)).body).toBe("GET http://b/x?y ")
    yield* peer.write("GET /old HTTP/1.0\r\n\r\n")
    expect((yield* next(peer)).body).toBe("GET /old ")
  })

  for (const [name, sent, expected] of [
    ["of another host", get("/"), 421],
    ["with another host in its target", get("http://a/").replace("Host: a", "Host: own.example"), 421],
    ["of HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", 421],
    ["of this host", get("/").replace("Host: a", "Host: OWN.example."), 200],
    ["of this host, by its target", get("http://own.example/"), 200]
  ] as const) {
    test(`HARDENING S05, RFC 9110 §7.4: the option hosts holds for a request ${name}: ${expected}`, function* () {
      const { text } = yield* exchange({ http: mirror, hosts: ["own.example"] }, sent)
      expect(parseResponse(text).status).toBe(expected)
    })
  }
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

  test("RFC 9110 §10.1.1: a body that is too long is refused at once: 413, and no 100", function* () {
    const { reason, text } = yield* exchange(
      { http: mirror },
      get("/", "Content-Length: 70000\r\nExpect: 100-continue\r\n", "POST")
    )
    expect(parseResponse(text)).toMatchObject({ startLine: "HTTP/1.1 413 Content Too Large", rest: "" })
    expect(reason).toBe("EndOfStream")
  })

  test("RFC 9110 §10.1.1: a body in chunks is asked for too, octet by octet", function* () {
    const { client } = yield* serving(echo, { http: mirror }, { maxChunk: 1 })
    const peer = yield* client
    yield* peer.write(get("/", "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n", "POST"))
    expect(yield* peer.until("\r\n\r\n")).toBe("HTTP/1.1 100 Continue\r\n\r\n")
    yield* peer.write(`5\r\nhello\r\n0\r\nX-Trailer: y\r\n\r\n${get("/next")}`)
    expect((yield* next(peer)).body).toBe("POST / hello")
    expect((yield* next(peer)).body).toBe("GET /next ")
  })

  for (const [name, sent] of [
    ["when the body is there already", post("hello", "Expect: 100-continue\r\n")],
    ["when there is no body", get("/", "Expect: 100-continue\r\n")],
    ["of HTTP/1.0", post("hello", "Expect: 100-continue\r\n").replace("HTTP/1.1", "HTTP/1.0")],
    ["of HTTP/1.0, whatever it is", post("hello", "Expect: tea\r\n").replace("HTTP/1.1", "HTTP/1.0")]
  ] as const) {
    test(`RFC 9110 §10.1.1: not ${name}`, function* () {
      const { client } = yield* serving(echo, { http: mirror })
      const peer = yield* client
      yield* peer.write(sent)
      expect((yield* next(peer)).status).toBe(200)
    })
  }
})
