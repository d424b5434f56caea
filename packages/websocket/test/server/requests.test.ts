import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import type { HandshakeFailure } from "../../src/Handshake.js"
import type { HttpRequest, ServeOptions } from "../../src/WebSocketServer.js"
import { exchange, get, mirror, next } from "../support/http.js"
import { test, turns } from "../support/leavesNothing.js"
import { fieldOf, parseResponse, request } from "../support/sample.js"
import { echo, serving } from "../support/serving.js"
import { maskedFrame } from "../support/wire.js"

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
    ["an answered request, then nothing", get("/")]
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
