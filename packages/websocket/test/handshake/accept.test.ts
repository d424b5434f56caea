import { describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { AcceptOptions } from "../../src/handshake/HandshakeOptions.js"
import { reject } from "../../src/handshake/Rejected.js"
import { acceptanceOf, answerTo, refusalOf } from "../support/answering.js"
import { test } from "../support/leavesNothing.js"
import { acceptOfKey, type Changes, fieldOf, parseResponse, request } from "../support/sample.js"

describe("RFC 6455 §4.2.2: a server accepts with 101 (PARITY S6, S10)", () => {
  test("S6, S10: the example of §1.3, octet by octet", function* () {
    const { written } = yield* answerTo(request())
    expect(written).toBe(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptOfKey}\r\n\r\n`
    )
  })

  test("tokens are case-insensitive, lists may be split over several fields", function* () {
    const changes = { Upgrade: "WebSocket", Connection: ["keep-alive", "foo, UPGRADE"] }
    const { answer } = yield* acceptanceOf(request(changes))
    expect(answer.status).toBe(101)
  })

  test("a target in absolute form wins over the Host field (RFC 9112 §3.2.2)", function* () {
    const sent = request({ Origin: "http://a.example" }, "GET http://a.example/chat HTTP/1.1")
    expect((yield* acceptanceOf(sent)).answer.status).toBe(101)
  })

  test("unknown extensions are declined, not refused", function* () {
    const { accepted, answer } = yield* acceptanceOf(
      request({ "Sec-WebSocket-Extensions": "foo; a=1, permessage-deflate" })
    )
    expect(answer.fields.has("sec-websocket-extensions")).toBe(false)
    expect(accepted.negotiated.extensions).toEqual([])
  })

  test("what was negotiated has both heads as they were sent", function* () {
    const { accepted } = yield* acceptanceOf(request({ "X-Tag": "seven" }))
    const { negotiated, session } = accepted
    expect(session).toBe(undefined)
    expect(negotiated).toMatchObject({ role: "server", subprotocol: undefined, extensions: [] })
    expect(negotiated.request).toMatchObject({ method: "GET", target: "/chat", version: "1.1" })
    expect(negotiated.request.fields.get("x-tag")).toBe("seven")
    expect(negotiated.response.fields.get("Sec-WebSocket-Accept")).toBe(acceptOfKey)
  })

  test("S15: frames that come early are kept", function* () {
    const { accepted } = yield* acceptanceOf(`${request()}\x81\x80\0\0\0\0`)
    expect(Buffer.from(accepted.negotiated.leftover).toString("hex")).toBe("818000000000")
  })
})

describe("RFC 9110 §7.8: a request with Expect: 100-continue (PARITY SH-15)", () => {
  const expecting = request({ Expect: "100-Continue" })

  test("SH-15: MUST get 100 before 101, and no field with it", function* () {
    for (const maxChunk of [1, 10_000]) {
      const { exit, written } = yield* answerTo(expecting, {}, { maxChunk })
      expect(Exit.isSuccess(exit)).toBe(true)
      const interim = "HTTP/1.1 100 Continue\r\n\r\n"
      expect(written.slice(0, interim.length)).toBe(interim)
      expect(parseResponse(written.slice(interim.length)).status).toBe(101)
    }
  })

  test("SH-15: the policy decides first, and what it refuses gets its answer alone", function* () {
    const refusing = { authorize: () => Effect.fail(reject({ status: 403 })) }
    for (const options of [refusing, { hosts: [] }, { keepAlive: "allow", hosts: [] }] as const) {
      const { answer } = yield* refusalOf(expecting, options)
      expect([403, 421]).toContain(answer.status)
      expect(answer.rest).toBe("")
    }
    expect((yield* refusalOf(request({ Expect: "100-continue", "Content-Length": "5" }))).answer.status).toBe(400)
  })
})

describe("subprotocols (PARITY S16)", () => {
  const offer = (value: string | ReadonlyArray<string>) => request({ "Sec-WebSocket-Protocol": value })

  for (const [offered, supported, chosen] of [
    ["a, b", ["b", "a"], "b"],
    ["a, b", ["c", "a"], "a"],
    ["a", ["A"], undefined],
    ["a", [], undefined]
  ] as const) {
    test(`S16: of "${offered}" a server of [${supported}] chooses ${chosen}`, function* () {
      const { accepted, answer } = yield* acceptanceOf(offer(offered), { subprotocols: supported })
      expect(fieldOf(answer, "Sec-WebSocket-Protocol")).toBe(chosen)
      expect(accepted.negotiated.subprotocol).toBe(chosen)
    })
  }

  test("S16: a function chooses, by what is offered and by the request", function* () {
    const { answer } = yield* acceptanceOf(offer(["a", "b, c"]), {
      subprotocols: (offered, { head }) => Option.some(head.target === "/chat" ? offered[2] : "")
    })
    expect(fieldOf(answer, "Sec-WebSocket-Protocol")).toBe("c")
  })

  test("S16: an effect chooses none", function* () {
    const { answer } = yield* acceptanceOf(offer("a"), { subprotocols: () => Effect.succeed(Option.none()) })
    expect(answer.fields.has("sec-websocket-protocol")).toBe(false)
  })

  test("S16, HARDENING S20: an effect refuses with an answer of its own", function* () {
    const { answer, error } = yield* refusalOf(offer("a"), {
      subprotocols: () => Effect.fail(reject({ status: 400, body: "no such subprotocol" }))
    })
    expect(error.reason._tag).toBe("Rejected")
    expect([answer.status, answer.body]).toEqual([400, "no such subprotocol"])
  })

  test("HARDENING S19: one that was not offered is our mistake: 500, and never on the wire", function* () {
    const { exit, written } = yield* answerTo(offer("a"), { subprotocols: () => Option.some("b") })
    expect(yield* Effect.flip(exit)).toMatchObject({ _tag: "OptionError", option: "Sec-WebSocket-Protocol" })
    expect(parseResponse(written)).toMatchObject({ status: 500, body: "", rest: "" })
  })
})

describe("RFC 6455 §10.2: origins", () => {
  const allowed = (origin: string | undefined, options: AcceptOptions = {}, secure = false, changes: Changes = {}) =>
    Effect.map(answerTo(request({ Origin: origin, ...changes }), options, { secure }), ({ exit }) =>
      Exit.isSuccess(exit)
    )

  for (const [origin, secure, expected] of [
    [undefined, false, true],
    ["http://server.example.com", false, true],
    ["http://SERVER.example.com:80", false, true],
    ["https://server.example.com", false, false],
    ["https://server.example.com", true, true],
    ["http://server.example.com", true, false],
    ["http://server.example.com:8080", false, false],
    ["null", false, false],
    ["http://server.example.com.evil.example", false, false]
  ] as const) {
    test(`same origin by default: ${origin} over ${secure ? "TLS" : "TCP"} is ${expected ? "allowed" : "refused"}`, function* () {
      expect(yield* allowed(origin, {}, secure)).toBe(expected)
    })
  }

  test("behind a proxy that ends TLS the option says so", function* () {
    expect(yield* allowed("https://server.example.com", { secure: true })).toBe(true)
    expect(yield* allowed("http://server.example.com", { secure: true })).toBe(false)
    expect(yield* allowed("http://server.example.com", { secure: false }, true)).toBe(true)
  })

  test("any origin", function* () {
    expect(yield* allowed("http://evil.example", { origin: "any" })).toBe(true)
  })

  test("a list of origins, case-insensitive", function* () {
    const options = { origin: ["https://app.example"] }
    expect(yield* allowed("HTTPS://App.Example", options)).toBe(true)
    expect(yield* allowed("https://app.example:444", options)).toBe(false)
    expect(yield* allowed(undefined, options)).toBe(true)
  })

  test("a function of origin and request", function* () {
    const options: AcceptOptions = { origin: (origin, { host }) => origin === `app+${host}` }
    expect(yield* allowed("app+server.example.com", options)).toBe(true)
    expect(yield* allowed("app+else", options)).toBe(false)
  })

  test("the error tells the origin, the answer does not", function* () {
    const { answer, error } = yield* refusalOf(request({ Origin: "http://evil.example" }))
    expect(error.reason).toMatchObject({ _tag: "ForbiddenOrigin", origin: "http://evil.example" })
    expect(answer.body).not.toContain("evil")
  })

  for (const [host, hosts, expected] of [
    ["localhost.", ["localhost"], true],
    ["LOCALHOST:8080", ["localhost"], true],
    ["127.0.0.1:80", ["127.0.0.1"], true],
    ["[::1]:9", ["::1"], true],
    ["evil.example", ["localhost", "127.0.0.1", "::1"], false]
  ] as const) {
    test(`HARDENING S05, S06: the host ${host} is ${expected ? "allowed" : "refused"} by [${hosts}]`, function* () {
      expect(yield* allowed(undefined, { hosts }, false, { Host: host })).toBe(expected)
    })
  }
})

describe("the application's policy (PARITY S13)", () => {
  test("S13: what `authorize` finds out becomes part of the connection", function* () {
    const { accepted } = yield* acceptanceOf(request(), { authorize: ({ host }) => Effect.succeed({ user: host }) })
    expect(accepted.session).toEqual({ user: "server.example.com" })
  })

  class Users extends Context.Tag("Users")<Users, { readonly name: string }>() {}

  test("S13: it may need services", function* () {
    const effect = acceptanceOf(request(), { authorize: () => Effect.map(Users, ({ name }) => name) })
    const { accepted } = yield* Effect.provideService(effect, Users, { name: "anna" })
    expect(accepted.session).toBe("anna")
  })

  test("S13: its refusal is the answer, and the reason has it", function* () {
    const { answer, error } = yield* refusalOf(request(), {
      authorize: () => Effect.fail(reject({ status: 403, fields: { "X-Why": "closed" }, body: "not today" }))
    })
    expect(answer).toMatchObject({ status: 403, body: "not today" })
    expect(fieldOf(answer, "X-Why")).toBe("closed")
    expect(fieldOf(answer, "Connection")).toBe("close")
    expect(fieldOf(answer, "Content-Type")).toBe("text/plain; charset=utf-8")
    expect(error.reason._tag === "Rejected" && error.reason.response.head.status).toBe(403)
    expect(error.message).toBe("RFC 6455 §4.2.2: the application refused the request (status 403)")
  })

  test("it is asked after the rules of the protocol, of origin and of host", function* () {
    let asked = 0
    const authorize = () => Effect.sync(() => asked++)
    yield* refusalOf(request({ Origin: "http://evil.example" }), { authorize })
    yield* refusalOf(request(), { authorize, hosts: [] })
    yield* refusalOf(request({ "Sec-WebSocket-Key": "x" }), { authorize })
    expect(asked).toBe(0)
  })

  for (const [name, authorize] of [
    ["that dies", () => Effect.die("boom")],
    [
      "that throws",
      () => {
        throw new Error("boom")
      }
    ]
  ] as const) {
    test(`a policy ${name} is answered with 500, and stays a defect`, function* () {
      const { exit, written } = yield* answerTo(request(), { authorize })
      expect(Exit.isFailure(exit) && Cause.isDie(exit.cause)).toBe(true)
      expect(parseResponse(written)).toMatchObject({ status: 500, body: "", rest: "" })
      expect(fieldOf(parseResponse(written), "Connection")).toBe("close")
    })
  }

  test("an origin policy that throws is answered with 500, and stays a defect", function* () {
    const { exit, written } = yield* answerTo(request({ Origin: "x" }), {
      origin: () => {
        throw new Error("boom")
      }
    })
    expect(Exit.isFailure(exit) && Cause.isDie(exit.cause)).toBe(true)
    expect(parseResponse(written).status).toBe(500)
  })
})

describe("decorators of the response (PARITY S3, S17)", () => {
  test("S3: a value adds fields to the 101", function* () {
    const { accepted, answer } = yield* acceptanceOf(request(), {
      decorateResponse: ({ status }) => ({ Server: "mine", "X-Status": String(status), "Set-Cookie": ["a=1", "b=2"] })
    })
    expect(fieldOf(answer, "Server")).toBe("mine")
    expect(fieldOf(answer, "X-Status")).toBe("101")
    expect(answer.fields.get("set-cookie")).toEqual(["a=1", "b=2"])
    expect(accepted.negotiated.response.fields.get("server")).toBe("mine")
  })

  test("PARITY D-07: there is no Server field unless it is added; D-05: a refusal has it too", function* () {
    const bad = request({ "Sec-WebSocket-Key": "x" })
    const decorateResponse = () => ({ Server: "x" })
    expect(fieldOf((yield* acceptanceOf(request())).answer, "Server")).toBeUndefined()
    expect(fieldOf((yield* refusalOf(bad)).answer, "Server")).toBeUndefined()
    expect(fieldOf((yield* acceptanceOf(request(), { decorateResponse })).answer, "Server")).toBe("x")
    expect(fieldOf((yield* refusalOf(bad, { decorateResponse })).answer, "Server")).toBe("x")
  })

  test("S17: an effect adds fields, to a refusal too, and sees its status", function* () {
    const { answer, error } = yield* refusalOf(request({ Upgrade: undefined }), {
      decorateResponse: ({ fields, status }) => Effect.succeed({ "X-Seen": `${status} ${fields.get("Content-Type")}` })
    })
    expect(fieldOf(answer, "X-Seen")).toBe("426 text/plain; charset=utf-8")
    expect(Option.getOrThrow(error.response).head.fields.get("X-Seen")).toBeDefined()
  })

  test("S17: it changes fields of a refusal that are the application's, not those of the framing", function* () {
    const { answer } = yield* refusalOf(request(), {
      authorize: () => Effect.fail(reject({ status: 401, fields: { "WWW-Authenticate": "Basic" }, body: "x" })),
      decorateResponse: () => ({
        "www-authenticate": "Bearer",
        connection: "keep-alive",
        "content-length": "99",
        "transfer-encoding": "chunked"
      })
    })
    expect(fieldOf(answer, "WWW-Authenticate")).toBe("Bearer")
    expect(fieldOf(answer, "Connection")).toBe("close")
    expect(fieldOf(answer, "Content-Length")).toBe("1")
    expect(answer.fields.has("transfer-encoding")).toBe(false)
  })

  for (const name of [
    "Upgrade",
    "Connection",
    "Sec-WebSocket-Accept",
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Extensions",
    "Content-Length",
    "Transfer-Encoding"
  ]) {
    test(`S17: ${name} of a 101 is protected: OptionError, 500`, function* () {
      const { exit, written } = yield* answerTo(request(), { decorateResponse: () => ({ [name]: "x" }) })
      expect(yield* Effect.flip(exit)).toMatchObject({ _tag: "OptionError", option: name })
      expect(parseResponse(written)).toMatchObject({ status: 500, rest: "" })
    })
  }

  for (const value of ["a\r\nX: y", "a\nb", "a\0b", "\u010a", "\u{1f600}"]) {
    for (const [kind, sent] of [
      ["a 101", request()],
      ["a refusal", request({ Upgrade: undefined })],
      ["a refusal of what is not HTTP", "x\r\n\r\n"]
    ] as const) {
      test(`HARDENING S18: ${JSON.stringify(value)} in ${kind}: OptionError, 500, and nothing of it on the wire`, function* () {
        const { exit, written } = yield* answerTo(sent, { decorateResponse: () => ({ "X-Mine": value }) })
        expect((yield* Effect.flip(exit))._tag).toBe("OptionError")
        expect(parseResponse(written)).toMatchObject({ status: 500, rest: "" })
        expect(written).not.toContain("X-Mine")
      })
    }
  }

  test("a decorator that dies: 500, for what is not HTTP too", function* () {
    for (const sent of [request(), request({ Upgrade: undefined }), "x\r\n\r\n"]) {
      const { exit, written } = yield* answerTo(sent, { decorateResponse: () => Effect.die("boom") })
      expect(Exit.isFailure(exit) && Cause.isDie(exit.cause)).toBe(true)
      expect(parseResponse(written)).toMatchObject({ status: 500, rest: "" })
    }
  })
})

describe("octets read before the handshake (PARITY S11, S14)", () => {
  const whole = `${request()}\x81\x80\0\0\0\0`

  for (const count of [1, 50, request().length - 1, request().length, whole.length]) {
    test(`S11: the first ${count} octets were read already, the others come from the connection`, function* () {
      const octets = new Uint8Array(Buffer.from(whole.slice(0, count), "latin1"))
      const { accepted, answer } = yield* acceptanceOf(whole.slice(count), {}, { read: { octets }, maxChunk: 16 })
      expect(answer.status).toBe(101)
      const { leftover } = accepted.negotiated
      expect(whole.slice(request().length)).toContain(Buffer.from(leftover).toString("latin1"))
    })
  }

  test("S14: the request was read already, with the octets behind it", function* () {
    const first = yield* acceptanceOf(whole)
    const read = { request: first.accepted.negotiated.request, octets: first.accepted.negotiated.leftover }
    const { accepted, answer } = yield* acceptanceOf("", {}, { read })
    expect(fieldOf(answer, "Sec-WebSocket-Accept")).toBe(acceptOfKey)
    expect(accepted.negotiated.leftover.length).toBe(6)
  })

  test("S14: it is checked like any other", function* () {
    const { error } = yield* refusalOf(request({ Host: undefined }))
    const read = { request: Option.getOrThrow(error.request) }
    expect((yield* refusalOf("", {}, { read })).error.reason._tag).toBe("NoHost")
  })
})

describe("a further attempt on a connection that stays open (PARITY S9)", () => {
  const second = request({ "X-Attempt": "2" })

  test("S9: with keepAlive the error says so, and has the octets behind the first request", function* () {
    const { answer, error } = yield* refusalOf(`${request({ "Sec-WebSocket-Key": "x" })}${second}`, {
      keepAlive: "allow"
    })
    expect(error.keepAlive).toBe(true)
    expect(Buffer.from(error.leftover).toString()).toBe(second)
    expect(fieldOf(answer, "Connection")).toBe("keep-alive")
  })

  test("S9: nothing of the first request is read again", function* () {
    const { error } = yield* refusalOf(`${request({ Upgrade: undefined })}${second}`, { keepAlive: "allow" })
    const { accepted } = yield* acceptanceOf("", {}, { read: { octets: error.leftover } })
    expect(accepted.negotiated.request.fields.get("X-Attempt")).toBe("2")
    expect(accepted.negotiated.leftover.length).toBe(0)
  })

  for (const [name, sent] of [
    ["the client says close", request({ "Sec-WebSocket-Key": "x", Connection: "close, Upgrade" })],
    ["the request has a body", request({ "Content-Length": "3" })],
    ["the request is of HTTP/1.0", request({ Connection: "keep-alive, Upgrade" }, "GET / HTTP/1.0")],
    ["it is not HTTP", "x\r\n\r\n"]
  ] as const) {
    test(`S9: the connection is not kept when ${name}`, function* () {
      const { answer, error } = yield* refusalOf(sent, { keepAlive: "allow" })
      expect(error.keepAlive).toBe(false)
      expect(fieldOf(answer, "Connection")).toMatch(/^close/)
    })
  }

  test("S9: a policy's refusal may be followed by another attempt too", function* () {
    const { answer, error } = yield* refusalOf(request(), {
      keepAlive: "allow",
      authorize: () => Effect.fail(reject({ status: 401 }))
    })
    expect(error.keepAlive).toBe(true)
    expect(fieldOf(answer, "Connection")).toBe("keep-alive")
  })
})

describe("the end of the connection", () => {
  test("before the first octet it is EndOfStream, and not answered", function* () {
    const { exit, written } = yield* answerTo("")
    expect(yield* Effect.flip(exit)).toMatchObject({ _tag: "TransportError", reason: { _tag: "EndOfStream" } })
    expect(written).toBe("")
  })

  test("RFC 9112 §8: inside of a head it is an incomplete message, and not answered", function* () {
    const { exit, written } = yield* answerTo(request().slice(0, -1))
    const error = yield* Effect.flip(exit)
    expect(error).toMatchObject({
      _tag: "HandshakeError",
      reason: { _tag: "HttpError", violation: { kind: "EndedEarly" } }
    })
    expect(written).toBe("")
  })
})

describe("options of the limits", () => {
  it.effect("what is out of range is told before anything is read or written", () =>
    Effect.gen(function* () {
      const { exit, written } = yield* answerTo(request(), { limits: { maxHeadSize: 0 } })
      expect(yield* Effect.flip(exit)).toMatchObject({ _tag: "OptionError", option: "limits.maxHeadSize" })
      expect(written).toBe("")
    })
  )
})
