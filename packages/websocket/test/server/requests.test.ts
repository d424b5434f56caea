import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import { over } from "../../src/DuplexAdapter.js"
import type { HandshakeFailure } from "../../src/Handshake.js"
import { defaultsOf } from "../../src/Limits.js"
import * as MemoryTransport from "../../src/MemoryTransport.js"
import { Admission } from "../../src/server/Admission.js"
import { serveRequests } from "../../src/server/requests.js"
import * as WebSocket from "../../src/WebSocket.js"
import type { HttpRequest, ServeOptions } from "../../src/WebSocketServer.js"
import { exchange, get, mirror, next } from "../support/http.js"
import { test, turns } from "../support/leavesNothing.js"
import { fieldOf, parseResponse, request } from "../support/sample.js"
import { echo, serving } from "../support/serving.js"
import { maskedFrame, wire } from "../support/wire.js"

describe("PARITY S9: a further attempt on a connection that stays open", () => {
  const errors: Array<string> = []
  const options: ServeOptions = {
    keepAlive: "allow",
    onHandshakeError: (error) =>
      Effect.sync(() => errors.push(error._tag === "HandshakeError" ? error.reason._tag : error._tag))
  }

  test("S9: after a refusal another request may be accepted, pipelined or not", function* () {
    for (const pipelined of [true, false]) {
      errors.length = 0
      const { client } = yield* serving(echo, options)
      const peer = yield* client
      yield* peer.write(request({ "Sec-WebSocket-Key": "x" }) + (pipelined ? request() : ""))
      const refusal = yield* next(peer)
      expect([refusal.status, fieldOf(refusal, "Connection")]).toEqual([400, "keep-alive"])
      if (!pipelined) yield* peer.write(request())
      expect((yield* next(peer)).status).toBe(101)
      yield* peer.write(maskedFrame(1, "hi"))
      expect(yield* peer.take(4)).toBe("\x81\x02hi")
      expect(errors).toEqual(["BadSecKey"])
    }
  })

  test("S9: by default a refusal closes, and nothing behind it is read", function* () {
    const { reason, text } = yield* exchange({}, request({ "Sec-WebSocket-Key": "x" }) + request())
    expect(parseResponse(text)).toMatchObject({ status: 400, rest: "" })
    expect(reason).toBe("EndOfStream")
  })

  test("S9: each attempt has its own deadline", function* () {
    const { client } = yield* serving(echo, options)
    const peer = yield* client
    for (let attempt = 0; attempt < 4; attempt++) {
      yield* turns()
      yield* TestClock.adjust("20 seconds")
      yield* peer.write(request({ "Sec-WebSocket-Key": "x" }))
      expect((yield* next(peer)).status).toBe(400)
    }
  })
})

describe("HARDENING T01: the deadline of a request", () => {
  for (const [name, sent] of [
    ["nothing", ""],
    ["half a head", request().slice(0, 60)],
    ["an answered request, then half a head", `${get("/")}GET /`]
  ] as const) {
    test(`T01: of a client that says ${name}: 408, and the connection is closed`, function* () {
      const errors: Array<HandshakeFailure> = []
      const options: ServeOptions = { http: mirror, onHandshakeError: (error) => Effect.sync(() => errors.push(error)) }
      const { reason, text } = yield* exchange(options, sent)
      const last = sent.startsWith("GET / ") ? parseResponse(text).rest : text
      expect(parseResponse(last)).toMatchObject({ startLine: "HTTP/1.1 408 Request Timeout", body: "", rest: "" })
      expect(fieldOf(parseResponse(last), "Connection")).toBe("close")
      expect(reason).toBe("EndOfStream")
      expect(errors).toMatchObject([{ _tag: "TimeoutError", phase: "Handshake" }])
    })
  }

  test("a handler of ordinary requests has no deadline", function* () {
    const slow = (_: HttpRequest) => Effect.delay(Effect.succeed({ status: 200 }), "10 minutes")
    const { client } = yield* serving(echo, { http: slow })
    const peer = yield* client
    yield* peer.write(get("/"))
    yield* turns()
    yield* TestClock.adjust("10 minutes")
    expect((yield* next(peer)).status).toBe(200)
  })
})

describe("RFC 9112 §9.3: a connection that is kept, between two requests", () => {
  const failures = () => {
    const errors: Array<string> = []
    return { errors, onHandshakeError: (error: HandshakeFailure) => Effect.sync(() => errors.push(error._tag)) }
  }

  for (const [name, sent] of [
    ["an answer", get("/")],
    ["a refusal", request({ "Sec-WebSocket-Key": "x" })]
  ] as const) {
    test(`may be silent behind ${name} for limits.httpIdleTimeout; then it is closed, without a word`, function* () {
      const { client } = yield* serving(echo, { http: mirror, keepAlive: "allow" })
      const peer = yield* client
      for (let time = 0; time < 2; time++) {
        yield* peer.write(sent)
        expect((yield* next(peer)).status).toBe(name === "an answer" ? 200 : 400)
        yield* turns()
        yield* TestClock.adjust("74 seconds")
        yield* turns()
      }
      yield* TestClock.adjust("1 seconds")
      expect(yield* peer.rest).toEqual({ text: "", reason: "EndOfStream" })
    })
  }

  test("its end in time, or by a reset, is no failed handshake", function* () {
    const { errors, onHandshakeError } = failures()
    const { client } = yield* serving(echo, {
      http: mirror,
      onHandshakeError,
      limits: { httpIdleTimeout: "1 minutes" }
    })
    const [silent, reset] = [yield* client, yield* client]
    for (const peer of [silent, reset]) {
      yield* peer.write(get("/"))
      expect((yield* next(peer)).status).toBe(200)
    }
    yield* reset.duplex.abort
    yield* turns()
    yield* TestClock.adjust("1 minutes")
    expect((yield* silent.rest).reason).toBe("EndOfStream")
    yield* silent.duplex.end
    yield* turns()
    expect(errors).toEqual([])
  })

  test("the next request has the whole limits.handshakeTimeout from its first octet on", function* () {
    const { client } = yield* serving(echo, { http: mirror })
    const peer = yield* client
    yield* peer.write(get("/1"))
    expect((yield* next(peer)).status).toBe(200)
    yield* turns()
    yield* TestClock.adjust("70 seconds")
    yield* peer.write("GET /2 HTTP/1.1\r\n")
    yield* turns()
    yield* TestClock.adjust("29 seconds")
    yield* peer.write("Host: a\r\n\r\n")
    expect((yield* next(peer)).body).toBe("GET /2 ")
  })

  test("any number of requests may follow", function* () {
    const { client } = yield* serving(echo, { http: mirror })
    const peer = yield* client
    const count = 1000
    yield* peer.write(get("/").repeat(count) + request())
    for (let number = 0; number < count; number++) expect((yield* next(peer)).status).toBe(200)
    expect((yield* next(peer)).status).toBe(101)
  })

  test("PARITY S9: behind a refusal ordinary requests and handshakes are answered, in their order", function* () {
    const { errors, onHandshakeError } = failures()
    const { client } = yield* serving(echo, { http: mirror, keepAlive: "allow", onHandshakeError })
    const peer = yield* client
    const refused = request({ "Sec-WebSocket-Version": "8" })
    yield* peer.write(get("/1") + refused + get("/2") + refused + request() + maskedFrame(1, "hi"))
    const statuses: Array<number> = []
    for (let number = 0; number < 5; number++) statuses.push((yield* next(peer)).status)
    expect(statuses).toEqual([200, 426, 200, 426, 101])
    expect(yield* peer.take(4)).toBe("\x81\x02hi")
    expect(errors).toEqual(["HandshakeError", "HandshakeError"])
  })

  test("RFC 9112 §9.3: an upgrade request with a body is refused, and closes, whatever is allowed", function* () {
    const sent = request({ "Content-Length": "5" }) + get("/in-the-body")
    const { reason, text } = yield* exchange({ http: mirror, keepAlive: "allow" }, sent)
    expect(parseResponse(text)).toMatchObject({ status: 400, rest: "" })
    expect(reason).toBe("EndOfStream")
  })
})

describe("RFC 9112 §9.3.2: a client that pipelines and does not take its answers", () => {
  /** Answers with 10 000 octets, and counts. */
  const counting = () => {
    const seen = { count: 0 }
    const http = () =>
      Effect.sync(() => {
        seen.count++
        return { status: 200, body: "x".repeat(10_000) }
      })
    return { seen, http }
  }

  test("gets no more answers than limits.highWaterMark; when it reads, all of them, in order", function* () {
    const { http, seen } = counting()
    const { client } = yield* serving(echo, { http })
    const peer = yield* client
    yield* peer.write(get("/").repeat(1000))
    yield* turns(100)
    const before = seen.count
    // 64 KiB on the way, 64 KiB behind the mark, and the one that reaches it.
    expect(before).toBeLessThan(20)
    for (let number = 0; number < 1000; number++) expect((yield* next(peer)).body.length).toBe(10_000)
    expect(seen.count).toBe(1000)
  })

  test("for limits.messageTimeout at most: then the connection is closed", function* () {
    const { http, seen } = counting()
    const { client } = yield* serving(echo, { http, limits: { messageTimeout: "1 minutes" } })
    const peer = yield* client
    yield* peer.write(get("/").repeat(1000))
    yield* turns(100)
    const before = seen.count
    for (const time of ["1 minutes", "1 minutes", "10 seconds"] as const) {
      yield* TestClock.adjust(time)
      yield* turns()
    }
    expect((yield* Effect.flip(peer.duplex.drain)).reason._tag).toBe("Reset")
    expect(seen.count).toBe(before)
  })

  test("the refusals of handshakes count as answers", function* () {
    let refused = 0
    const options: ServeOptions = {
      keepAlive: "allow",
      onHandshakeError: () => Effect.sync(() => void refused++)
    }
    const { client } = yield* serving(echo, options)
    const peer = yield* client
    yield* peer.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(1500))
    yield* turns(300)
    expect(refused).toBeLessThan(700)
    for (let number = 0; number < 1500; number++) expect((yield* next(peer)).status).toBe(426)
  })

  test("a large answer behind which the connection closes may be taken slowly", function* () {
    const http = () => Effect.succeed({ status: 200, body: "x".repeat(1_000_000) })
    const { client } = yield* serving(echo, { http })
    const peer = yield* client
    yield* peer.write(get("/", "Connection: close\r\n"))
    yield* turns()
    yield* TestClock.adjust("4 minutes")
    expect((yield* next(peer)).body.length).toBe(1_000_000)
    expect(yield* peer.rest).toEqual({ text: "", reason: "EndOfStream" })
  })
})

describe("maxHandshakes and ordinary requests", () => {
  test("a connection that is kept, and a handler that is slow, are no handshakes in progress", function* () {
    const http = ({ head }: HttpRequest) =>
      head.target === "/slow" ? Effect.never : Effect.succeed({ status: 200, body: "" })
    const { client } = yield* serving(echo, { http, maxHandshakes: 1 })
    const slow = yield* client
    yield* slow.write(get("/slow"))
    yield* turns()
    const idle = yield* client
    yield* idle.write(get("/"))
    expect((yield* next(idle)).status).toBe(200)
    const late = yield* client
    yield* late.write(request())
    expect((yield* next(late)).status).toBe(101)
  })

  test("a further request is counted like the first one: 503 when there is no room", function* () {
    const { client } = yield* serving(echo, { http: mirror, maxHandshakes: 1 })
    const kept = yield* client
    yield* kept.write(get("/"))
    expect((yield* next(kept)).status).toBe(200)
    const busy = yield* client
    yield* busy.write("GET")
    yield* turns()
    yield* kept.write(get("/"))
    expect((yield* next(kept)).status).toBe(503)
    expect((yield* kept.rest).reason).toBe("EndOfStream")
  })
})

describe("HARDENING Q02: handshakes from one address in a second", () => {
  test("one too many gets 429 with Retry-After, and ServerBusy is told; the next second has room again", function* () {
    const errors: Array<HandshakeFailure> = []
    const options: ServeOptions = { onHandshakeError: (error) => Effect.sync(() => errors.push(error)) }
    const admission = new Admission({ perSecond: 1 })
    const remote = Option.some({ _tag: "TcpAddress", hostname: "192.0.2.1", port: 1 } as const)
    const answer = Effect.gen(function* () {
      const [near, far] = yield* MemoryTransport.pair()
      const duplex = over(far, { info: { ...far.info, remote } })
      yield* Effect.forkScoped(serveRequests(duplex, options, defaultsOf("server"), admission))
      const peer = wire(near)
      yield* peer.write(request())
      const head = parseResponse(yield* peer.until("\r\n\r\n"), "HEAD")
      yield* near.end
      return head
    }).pipe(Effect.provide(WebSocket.layer))
    expect((yield* answer).status).toBe(101)
    const refused = yield* answer
    expect([refused.status, fieldOf(refused, "Retry-After"), fieldOf(refused, "Connection")]).toEqual([
      429,
      "1",
      "close"
    ])
    yield* turns()
    expect(errors).toMatchObject([{ reason: { _tag: "ServerBusy", section: "RFC 6585 §4" } }])
    yield* TestClock.adjust("1 seconds")
    expect((yield* answer).status).toBe(101)
  })
})

describe("the end of a connection on which nothing is under way", () => {
  for (const [name, sent, expected] of [
    ["before the first request is a failed handshake", "", ["EndOfStream"]],
    ["behind an ordinary request that was answered is none", get("/"), []],
    ["inside of a later request is one", `${get("/")}GET`, ["HttpError"]]
  ] as const) {
    test(name, function* () {
      const errors: Array<string> = []
      const options: ServeOptions = {
        http: mirror,
        onHandshakeError: (error) => Effect.sync(() => errors.push("reason" in error ? error.reason._tag : error._tag))
      }
      const { client } = yield* serving(echo, options)
      const peer = yield* client
      yield* peer.write(sent)
      yield* turns()
      yield* peer.duplex.end
      yield* peer.rest
      expect(errors).toEqual(expected)
    })
  }
})

describe("HARDENING S16: a refusal reaches a client that is still sending", () => {
  test("S16: the server ends its side, and reads on until the client ends", function* () {
    const { client } = yield* serving(echo)
    const peer = yield* client
    yield* peer.write(request({ Upgrade: undefined }) + "x".repeat(1_000_000))
    expect((yield* next(peer)).status).toBe(426)
    expect((yield* peer.rest).reason).toBe("EndOfStream")
    yield* peer.write("x".repeat(100_000))
    yield* turns()
    expect(peer.duplex.unsafeBuffered()).toBe(0)
  })

  test("S16: for limits.closeTimeout at most", function* () {
    const { client } = yield* serving(echo)
    const peer = yield* client
    yield* peer.write("x\r\n\r\n")
    expect((yield* next(peer)).status).toBe(400)
    expect((yield* peer.rest).reason).toBe("EndOfStream")
    yield* turns()
    yield* TestClock.adjust("10 seconds")
    yield* turns()
    expect((yield* Effect.flip(peer.duplex.drain)).reason._tag).toBe("Reset")
  })

  test("S16: also when a policy has died", function* () {
    const { client, errors } = yield* serving(echo, { authorize: () => Effect.die("boom") })
    const peer = yield* client
    yield* peer.write(`${request()}${"x".repeat(1_000_000)}`)
    expect((yield* next(peer)).status).toBe(500)
    expect((yield* peer.rest).reason).toBe("EndOfStream")
    yield* peer.duplex.end
    yield* turns()
    expect(errors().length).toBe(1)
  })
})

describe("RFC 6455 §7.2.2, RFC 9110 §15.6.4: the server ends in the middle of a handshake", () => {
  test("while `authorize` decides: it is interrupted, the client gets 503, and the connection is closed in order", function* () {
    const events: Array<string> = []
    const authorize = () =>
      Effect.onInterrupt(
        Effect.zipRight(
          Effect.sync(() => events.push("begun")),
          Effect.never
        ),
        () => Effect.sync(() => events.push("interrupted"))
      )
    const scope = yield* Scope.make()
    const { client, errors } = yield* Scope.extend(serving(echo, { authorize }), scope)
    const peer = yield* client
    yield* peer.write(request())
    yield* turns()
    const ending = yield* Effect.fork(Scope.close(scope, Exit.void))
    const answer = yield* next(peer)
    expect([answer.status, fieldOf(answer, "Connection")]).toEqual([503, "close"])
    expect(yield* peer.rest).toEqual({ text: "", reason: "EndOfStream" })
    yield* peer.duplex.end
    yield* Fiber.join(ending)
    expect([events, errors()]).toEqual([["begun", "interrupted"], []])
  })

  test("a policy that is too slow gets the client 408 alone", function* () {
    const { reason, text } = yield* exchange({ authorize: () => Effect.never }, request())
    expect(parseResponse(text)).toMatchObject({ status: 408, rest: "" })
    expect(reason).toBe("EndOfStream")
  })

  test("behind `authorize` nothing follows the 101 but frames", function* () {
    const scope = yield* Scope.make()
    const { client } = yield* Scope.extend(serving(echo, { authorize: () => Effect.void }), scope)
    const peer = yield* client
    yield* peer.write(request())
    expect((yield* next(peer)).status).toBe(101)
    const ending = yield* Effect.fork(Scope.close(scope, Exit.void))
    expect(yield* peer.take(4)).toBe("\x88\x02\x03\xe9")
    yield* peer.duplex.abort
    yield* Fiber.join(ending)
  })
})
