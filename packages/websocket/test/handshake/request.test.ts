import { describe, expect, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { Entropy } from "../../src/Entropy.js"
import { Fields, Handshake } from "../../src/Handshake.js"
import * as MemoryTransport from "../../src/MemoryTransport.js"
import * as WebSocket from "../../src/WebSocket.js"
import type { HandshakeReason } from "../../src/WebSocketError.js"
import { ask, errorOf, responseOf, uriOf } from "../support/asking.js"
import { test } from "../support/leavesNothing.js"
import { acceptOfKey, type Changes, key, sampleEntropy, switching } from "../support/sample.js"
import { wire } from "../support/wire.js"

describe("RFC 6455 §4.1: the request of a client (PARITY S1, S2)", () => {
  test("S1, S2: the example of §1.3, octet by octet", function* () {
    const { request } = yield* ask(switching())
    expect(request).toBe(
      `GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`
    )
  })

  test("S2: the port stands in Host when it is not the default one", function* () {
    const { request } = yield* ask(switching(), {}, { uri: uriOf("wss://example.com:8443/a?b=c") })
    expect(request).toMatch(/^GET \/a\?b=c HTTP\/1\.1\r\nHost: example\.com:8443\r\n/)
  })

  test("S4: the Host field may be another one than the host that is connected to", function* () {
    const { request } = yield* ask(switching(), { fields: { Host: "virtual.example:81" } })
    expect(request.match(/Host: .*/g)).toEqual(["Host: virtual.example:81"])
  })

  test("S2: the nonce of the key MUST be made for each connection", function* () {
    const keys: Array<string> = []
    let next = 0
    const counting = Layer.succeed(Entropy, {
      unsafeMaskingKey: () => 0,
      unsafeOctets: (length) => new Uint8Array(length).fill(next++)
    })
    for (let attempt = 0; attempt < 2; attempt++) {
      const [near, far] = yield* MemoryTransport.pair()
      const asking = Effect.gen(function* () {
        yield* Effect.fork(Effect.flatMap(Handshake, ({ client }) => client(near, uriOf("ws://a/"))))
        return yield* wire(far).until("\r\n\r\n")
      })
      const head = yield* asking.pipe(Effect.provide(WebSocket.layer), Effect.provide(counting), Effect.scoped)
      keys.push(head.match(/Sec-WebSocket-Key: (.*)\r/)?.[1] ?? "")
      yield* far.abort
    }
    expect(keys.map((each) => Buffer.from(each, "base64").toString("hex"))).toEqual(["00".repeat(16), "01".repeat(16)])
  })

  test("S16: subprotocols in the order of preference", function* () {
    const { exit, request } = yield* ask(switching({ "Sec-WebSocket-Protocol": "b" }), { subprotocols: ["a", "b"] })
    expect(request).toContain("\r\nSec-WebSocket-Protocol: a, b\r\n")
    expect((yield* exit).subprotocol).toBe("b")
  })

  test("credentials of the URI become a field, unless one is given", function* () {
    const uri = uriOf("ws://anna:secret@a/")
    const given = yield* ask(switching(), { fields: { Authorization: "Bearer x" } }, { uri })
    expect((yield* ask(switching(), {}, { uri })).request).toContain("Authorization: Basic YW5uYTpzZWNyZXQ=\r\n")
    expect(given.request.match(/Authorization: .*/g)).toEqual(["Authorization: Bearer x"])
  })
})

describe("decorators of the request (PARITY S3, S17)", () => {
  class Token extends Context.Tag("Token")<Token, string>() {}
  class NoToken extends Data.TaggedError("NoToken")<{}> {}

  test("S3: a value adds fields, and sees the request as it would be sent", function* () {
    const { request } = yield* ask(switching(), {
      fields: { "X-A": "1" },
      decorateRequest: ({ fields, target }) => ({ "X-B": `${target} ${fields.get("X-A")} ${fields.get("host")}` })
    })
    expect(request).toContain("\r\nX-A: 1\r\nX-B: /chat 1 server.example.com\r\n")
  })

  test("S17: a value changes fields of the application", function* () {
    const { request } = yield* ask(switching(), { fields: { "X-A": "1" }, decorateRequest: () => [["x-a", "2"]] })
    expect(request.match(/x-a: .*/gi)).toEqual(["x-a: 2"])
  })

  test("S17: all fields of an answer and a request are there to inspect afterwards", function* () {
    const { exit } = yield* ask(switching({ "Set-Cookie": ["a=1", "b=2"] }), { fields: { Cookie: "c=3" } })
    const { request, response } = yield* exit
    expect(request.fields.get("cookie")).toBe("c=3")
    expect(response.fields.getAll("set-cookie")).toEqual(["a=1", "b=2"])
  })

  test("S17: an effect adds fields, with what it needs", function* () {
    const [near, far] = yield* MemoryTransport.pair()
    const server = wire(far)
    const decorateRequest = () => Effect.map(Token, (token) => ({ Authorization: `Bearer ${token}` }))
    const asking = Effect.flatMap(Handshake, ({ client }) => client(near, uriOf("ws://a/"), { decorateRequest }))
    yield* asking.pipe(
      Effect.provideService(Token, "t0k3n"),
      Effect.provide(Layer.merge(WebSocket.layer, sampleEntropy)),
      Effect.fork
    )
    expect(yield* server.until("\r\n\r\n")).toContain("Authorization: Bearer t0k3n\r\n")
  })

  test("S17: an effect fails with an error of its own, and nothing is sent", function* () {
    const { exit, request } = yield* ask(switching(), { decorateRequest: () => Effect.fail(new NoToken()) })
    expect((yield* Effect.flip(exit))._tag).toBe("NoToken")
    expect(request).toBe("")
  })

  test("S17: it runs for each attempt", function* () {
    let count = 0
    const decorateRequest = () => Effect.sync(() => ({ "X-Count": String(++count) }))
    yield* ask(switching(), { decorateRequest })
    expect((yield* ask(switching(), { decorateRequest })).request).toContain("X-Count: 2\r\n")
  })

  test("PARITY D-04: decorators are functions, and compose as functions do", function* () {
    const first = () => ({ "X-A": "1" })
    const second = () => ({ "X-B": "2" })
    const { request } = yield* ask(switching(), { decorateRequest: () => ({ ...first(), ...second() }) })
    expect(request).toContain("\r\nX-A: 1\r\nX-B: 2\r\n")
  })

  test("PARITY Q1, D-07: nobody says what software it is, unless the application does", function* () {
    expect((yield* ask(switching())).request).not.toMatch(/^(User-Agent|Server):/im)
    expect((yield* ask(switching(), { fields: { "User-Agent": "x" } })).request).toContain("\r\nUser-Agent: x\r\n")
  })

  test("S17: what it gives is checked like any other field", function* () {
    const { exit, request } = yield* ask(switching(), { decorateRequest: () => ({ Upgrade: "h2c" }) })
    expect(yield* Effect.flip(exit)).toMatchObject({ _tag: "OptionError", option: "Upgrade" })
    expect(request).toBe("")
  })
})

describe("RFC 6455 §4.1: a client takes a 101 that keeps the rules (PARITY S5)", () => {
  test("S5: the whole response is there for further checks", function* () {
    const { exit } = yield* ask(switching({ Server: "other" }))
    const negotiated = yield* exit
    expect(negotiated).toMatchObject({ role: "client", subprotocol: undefined, extensions: [] })
    expect(negotiated.response).toMatchObject({ version: "1.1", status: 101, reason: "Switching Protocols" })
    expect(negotiated.response.fields.get("server")).toBe("other")
    expect(negotiated.request.fields.get("Sec-WebSocket-Key")).toBe(key)
  })

  test("tokens are case-insensitive, lists may be split over several fields", function* () {
    const { exit } = yield* ask(switching({ Upgrade: "WebSocket", Connection: ["a", "b, UPGRADE"] }))
    expect(Exit.isSuccess(exit)).toBe(true)
  })

  test("PARITY CH-09: frames that come along with the 101 are kept", function* () {
    for (const maxChunk of [1, 20, 10_000]) {
      const { exit } = yield* ask(`${switching()}\x81\x02hi`, {}, { maxChunk })
      const { leftover } = yield* exit
      expect("\x81\x02hi".startsWith(Buffer.from(leftover).toString("latin1"))).toBe(true)
      if (maxChunk === 10_000) expect(leftover.length).toBe(4)
    }
  })

  test("PARITY CH-08: a head larger than one read", function* () {
    const { exit } = yield* ask(switching({ "X-Long": "*".repeat(10_000) }), {}, { maxChunk: 1536 })
    expect((yield* exit).response.fields.get("X-Long")?.length).toBe(10_000)
  })

  for (const interim of [
    "HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n",
    "HTTP/1.1 199 x\r\n\r\n"
  ]) {
    test(`RFC 9110 §15.2: a client MUST skip ${interim.slice(9, 12)}`, function* () {
      const { exit } = yield* ask(`${interim}${interim}${switching()}\x8a\x00`, {}, { maxChunk: 30 })
      expect(Exit.isSuccess(exit)).toBe(true)
    })
  }

  test("interim responses are bounded", function* () {
    const interim = "HTTP/1.1 102 Processing\r\n\r\n"
    const error = yield* errorOf(interim.repeat(9) + switching())
    expect(error.reason).toMatchObject({ _tag: "HttpError", section: "RFC 9110 §15.2" })
    expect(responseOf(error).status).toBe(102)
    expect(Exit.isSuccess((yield* ask(interim.repeat(8) + switching())).exit)).toBe(true)
    const none = { limits: { maxInterimResponses: 0 } }
    expect((yield* errorOf(interim + switching(), none)).reason._tag).toBe("HttpError")
  })
})

interface Row {
  readonly name: string
  readonly response: string
  readonly tag: HandshakeReason["_tag"]
  readonly section: string
  /** Of the response inside the error; 0: there is none. */
  readonly status: number
  readonly options?: { readonly subprotocols?: ReadonlyArray<string>; readonly requireSubprotocol?: boolean }
}

const row = (name: string, tag: Row["tag"], changes: Changes, more: Partial<Row> = {}): Row => ({
  name,
  tag,
  response: switching(changes),
  section: "RFC 6455 §4.1",
  status: 101,
  ...more
})

const http = (name: string, response: string): Row =>
  row(name, "HttpError", {}, { response, status: 0, section: "RFC 9112" })

const rows: ReadonlyArray<Row> = [
  row("200", "UpgradeDeclined", {}, { response: switching({}, "HTTP/1.1 200 OK"), status: 200 }),
  row(
    "a redirection",
    "UpgradeDeclined",
    {},
    { response: "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", status: 302 }
  ),
  row("HTTP/1.0", "BadHttpVersion", {}, { response: switching({}, "HTTP/1.0 101 Switching Protocols") }),
  row("no Connection", "NoConnection", { Connection: undefined }),
  row("Connection: keep-alive", "NoConnectionUpgrade", { Connection: "keep-alive" }),
  row("no Upgrade", "NoUpgrade", { Upgrade: undefined }),
  row("Upgrade: h2c", "NoUpgradeWebsocket", { Upgrade: "h2c" }),
  row("two Upgrades", "NoUpgradeWebsocket", { Upgrade: ["websocket", "websocket"] }),
  row("no Sec-WebSocket-Accept", "NoSecAccept", { "Sec-WebSocket-Accept": undefined }),
  row("another Sec-WebSocket-Accept", "BadSecAccept", { "Sec-WebSocket-Accept": "*" }),
  row("Sec-WebSocket-Accept twice", "BadSecAccept", { "Sec-WebSocket-Accept": [acceptOfKey, acceptOfKey] }),
  row(
    "a subprotocol that was not offered",
    "BadSubprotocol",
    { "Sec-WebSocket-Protocol": "c" },
    { options: { subprotocols: ["a"] } }
  ),
  row("a subprotocol where none was offered", "BadSubprotocol", { "Sec-WebSocket-Protocol": "a" }),
  row(
    "a subprotocol in another case",
    "BadSubprotocol",
    { "Sec-WebSocket-Protocol": "A" },
    { options: { subprotocols: ["a"] } }
  ),
  row(
    "two subprotocols",
    "BadSubprotocol",
    { "Sec-WebSocket-Protocol": ["a", "b"] },
    { options: { subprotocols: ["a", "b"] } }
  ),
  row(
    "no subprotocol where one is required",
    "BadSubprotocol",
    {},
    { options: { subprotocols: ["a"], requireSubprotocol: true } }
  ),
  row("an extension that was not offered", "BadExtensions", { "Sec-WebSocket-Extensions": "permessage-deflate" }),
  row("extensions that do not parse", "BadExtensions", { "Sec-WebSocket-Extensions": ";" }),
  row("a 101 with a body", "HttpError", { "Content-Length": "5" }, { section: "RFC 9110 §15.2" }),
  row("a chunked 101", "HttpError", { "Transfer-Encoding": "chunked" }, { section: "RFC 9110 §15.2" }),
  http("what is not HTTP", "SSH-2.0-OpenSSH\r\n\r\n"),
  http("a status of two digits", "HTTP/1.1 99 x\r\n\r\n"),
  { ...http("HTTP/2.0", "HTTP/2.0 101 x\r\n\r\n"), tag: "BadHttpVersion" },
  http("a field without a colon", "HTTP/1.1 101 x\r\nUpgrade\r\n\r\n"),
  http("a head over the limit", switching({ "X-Long": "*".repeat(17_000) })),
  http("more fields than the limit", switching({ "X-Many": Array.from({ length: 100 }, String) })),
  http("an end inside of the head", switching().slice(0, -2)),
  http("an end before the head", "")
]

describe("RFC 6455 §4.1: a client MUST fail the connection when the response breaks a rule (PARITY S8)", () => {
  for (const each of rows) {
    test(`${each.name}: ${each.tag}`, function* () {
      const error = yield* errorOf(each.response, each.options)
      expect(error.reason._tag).toBe(each.tag)
      expect(error.reason.section).toContain(each.section)
      expect(error.message.startsWith(`${error.reason.section}: `)).toBe(true)
      expect(error.role).toBe("client")
      expect(Option.getOrThrow(error.request).target).toBe("/chat")
      expect(responseOf(error).status).toBe(each.status)
    })
  }

  for (const maxChunk of [1, 13]) {
    test(`chunking does not matter: chunks of ${maxChunk}`, function* () {
      for (const each of rows.filter(({ response }) => response.length < 400)) {
        const error = yield* errorOf(each.response, each.options, { maxChunk })
        expect([each.name, error.reason._tag]).toEqual([each.name, each.tag])
      }
    })
  }

  test("BadSubprotocol tells what was offered and chosen", function* () {
    const { reason } = yield* errorOf(switching({ "Sec-WebSocket-Protocol": "c" }), { subprotocols: ["a", "b"] })
    expect(reason).toMatchObject({ offered: ["a", "b"], chosen: ["c"] })
  })

  test("the connection is reset: TransportError, as it happened", function* () {
    const { exit } = yield* ask("", {}, { behave: ({ duplex }) => duplex.abort })
    expect(yield* Effect.flip(exit)).toMatchObject({ _tag: "TransportError", reason: { _tag: "Reset" } })
  })
})

describe("a refusal, whole, inside the error (PARITY S5, S7; CH-02)", () => {
  const refusal = (fields: string, body: string, status = "401 Unauthorized") =>
    `HTTP/1.1 ${status}\r\n${fields}\r\n${body}`

  for (const [name, response, body, keepAlive] of [
    ["of Content-Length", refusal("Content-Length: 5\r\n", "hello"), "hello", true],
    [
      "chunked",
      refusal("Transfer-Encoding: chunked\r\n", "2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nTrailer: x\r\n\r\n"),
      "hello",
      true
    ],
    ["until the end", refusal("", "hello"), "hello", true],
    ["of 204", refusal("", "", "204 No Content"), "", true],
    ["of Content-Length 0", refusal("Content-Length: 0\r\n", ""), "", true],
    ["with Connection: close", refusal("Content-Length: 5\r\nConnection: close\r\n", "hello"), "hello", false],
    ["of HTTP/1.0", "HTTP/1.0 401 x\r\nContent-Length: 5\r\n\r\nhello", "hello", false],
    ["cut short", refusal("Content-Length: 9\r\n", "hello"), "hello", false],
    ["chunked and cut short", refusal("Transfer-Encoding: chunked\r\n", "9\r\nhello"), "hello", false],
    ["chunked and broken", refusal("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\nx\r\n"), "hello", false],
    [
      "with framing that is unclear",
      refusal("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "hello"),
      "",
      false
    ],
    ["followed by more", refusal("Content-Length: 5\r\n", "hello HTTP/1.1"), "hello", false]
  ] as const) {
    for (const maxChunk of [1, 10_000]) {
      test(`S5: a body ${name}, in chunks of ${maxChunk}`, function* () {
        const error = yield* errorOf(response, {}, { maxChunk })
        expect(error.reason._tag).toBe("UpgradeDeclined")
        expect(responseOf(error).body).toBe(body)
        if (error.reason._tag === "UpgradeDeclined") expect(Buffer.from(error.reason.body).toString()).toBe(body)
        // RFC 9112 §9.3: what ends with the connection leaves no connection; octets behind may not have come yet.
        if (name !== "until the end" && name !== "followed by more") expect(error.keepAlive).toBe(keepAlive)
      })
    }
  }

  test("a body until the end leaves no connection for a further attempt", function* () {
    expect((yield* errorOf(refusal("", "hello"))).keepAlive).toBe(false)
  })

  test("PARITY §17.2 issue 2364: status and fields are there", function* () {
    const error = yield* errorOf(refusal('WWW-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n', ""))
    const { head } = Option.getOrThrow(error.response)
    expect(head.status).toBe(401)
    expect(head.fields.get("www-authenticate")).toBe('Basic realm="x"')
    expect(error.message).toBe("RFC 6455 §4.1: a server accepts with the status 101 (status 401)")
  })

  test("PARITY CH-02: of what is no response there is none", function* () {
    for (const response of ["garbage\r\n\r\n", "HTTP/1.1 401 Unauthorized\r\n", ""]) {
      expect((yield* errorOf(response)).response).toEqual(Option.none())
    }
  })

  for (const [value, seconds] of [
    ["120", 120],
    ["0", 0],
    ["-1", undefined],
    ["1e3", undefined],
    ["Fri, 31 Dec 1999 23:59:59 GMT", undefined]
  ] as const) {
    test(`Retry-After: ${value}`, function* () {
      const response = refusal(`Retry-After: ${value}\r\nContent-Length: 0\r\n`, "", "503 Busy")
      const { reason } = yield* errorOf(response)
      expect(reason._tag === "UpgradeDeclined" && reason.retryAfter).toBe(seconds)
    })
  }

  for (const [name, fields, body] of [
    ["of Content-Length", "Content-Length: 70000\r\n", "x".repeat(70_000)],
    ["chunked", "Transfer-Encoding: chunked\r\n", `${"3\r\nxxx\r\n".repeat(25_000)}0\r\n\r\n`],
    ["until the end", "", "x".repeat(70_000)]
  ] as const) {
    test(`no more than maxRefusalBody is kept of a body ${name}`, function* () {
      const error = yield* errorOf(refusal(fields, body))
      expect(responseOf(error).body).toBe("x".repeat(65_536))
      expect(error.keepAlive).toBe(false)
      const small = yield* errorOf(refusal(fields, body), { limits: { maxRefusalBody: 10 } })
      expect(responseOf(small).body).toBe("x".repeat(10))
      const none = yield* errorOf(refusal(fields, body), { limits: { maxRefusalBody: 0 } })
      expect(responseOf(none).body).toBe("")
    })
  }

  test("a body that does not come is waited for within limits.closeTimeout", function* () {
    const error = yield* errorOf(refusal("Content-Length: 10\r\n", "hello"), {}, { ends: false, minutes: 1 })
    expect(error.reason._tag).toBe("UpgradeDeclined")
    expect(responseOf(error)).toEqual({ status: 401, body: "hello" })
    expect(error.keepAlive).toBe(false)
  })
})

describe("the deadline is a total (HARDENING T18)", () => {
  const silent = { ends: false, behave: () => Effect.void, minutes: 1 }

  test("T18: a server that is silent", function* () {
    const { exit } = yield* ask("", {}, silent)
    const error = yield* Effect.flip(exit)
    expect(error).toMatchObject({ _tag: "TimeoutError", phase: "Handshake" })
    expect(error.message).toBe("waited 30s for the opening handshake (RFC 6455 §4)")
  })

  test("a trickle of octets does not prolong it", function* () {
    const trickle = (server: { readonly write: (text: string) => Effect.Effect<void> }) =>
      Effect.forEach(switching(), (octet) => Effect.delay(server.write(octet), "1 seconds"), { discard: true }).pipe(
        Effect.timeoutOption("50 seconds")
      )
    const { exit } = yield* ask("", {}, { ends: false, behave: trickle, minutes: 1 })
    expect(yield* Effect.flip(exit)).toMatchObject({ _tag: "TimeoutError", phase: "Handshake" })
  })

  test("Infinity is no deadline", function* () {
    const late = (server: { readonly write: (text: string) => Effect.Effect<void> }) =>
      Effect.delay(server.write(switching()), "50 seconds")
    const options = { limits: { handshakeTimeout: Number.POSITIVE_INFINITY } }
    expect(Exit.isSuccess((yield* ask("", options, { behave: late, minutes: 1 })).exit)).toBe(true)
  })
})

describe("options which may not stand in a head are found before anything is sent", () => {
  const refused: ReadonlyArray<readonly [string, string, Parameters<typeof ask>[1]]> = [
    ...["a\r\nX: y", "a\nb", "a\0b", "\u010a", "\u{1f600}"].map(
      (value) => [`A16: the value ${JSON.stringify(value)}`, "X-A", { fields: { "X-A": value } }] as const
    ),
    ...["a b", "a:", "", "é", "a\r\nb"].map(
      (name) => [`A17: the name ${JSON.stringify(name)}`, name, { fields: { [name]: "x" } }] as const
    ),
    ...[["a\r\nb"], ["a,b"], [""], ["a", "a"], ["é"]].map(
      (subprotocols) => [`A18: subprotocols ${JSON.stringify(subprotocols)}`, "subprotocols", { subprotocols }] as const
    ),
    ...[
      "Sec-WebSocket-Key",
      "sec-websocket-version",
      "Sec-WebSocket-Accept",
      "Sec-WebSocket-Extensions",
      "Sec-WebSocket-Protocol",
      "Connection",
      "UPGRADE",
      "Transfer-Encoding",
      "Content-Length",
      "TE",
      "Trailer"
    ].map(
      (name) => [`A23: the field ${name}, which is the handshake's own`, name, { fields: { [name]: "x" } }] as const
    ),
    ["A24: a value twice that stands once", "Origin", { fields: { Origin: ["http://a", "http://b"] } }],
    [
      "A24: two names which differ only in case",
      "authorization",
      { fields: { authorization: "a", Authorization: "b" } }
    ],
    ["A16: a Host that is none", "Host", { fields: { Host: "a b" } }],
    ["a limit out of range", "limits.maxHeadSize", { limits: { maxHeadSize: -1 } }],
    ["a deadline that is none", "limits.handshakeTimeout", { limits: { handshakeTimeout: 0 } }]
  ]

  for (const [name, option, options] of refused) {
    test(name, function* () {
      const { exit, request } = yield* ask(switching(), options)
      expect(yield* Effect.flip(exit)).toMatchObject({ _tag: "OptionError", option })
      expect(request).toBe("")
    })
  }

  for (const target of ["/a\r\nX: y", "/a b", "/é", "a", "*"]) {
    test(`A19: ${JSON.stringify(target)} as a raw target`, function* () {
      const { exit, request } = yield* ask(switching(), {}, { uri: { ...uriOf("ws://a/"), target } })
      expect(yield* Effect.flip(exit)).toMatchObject({ _tag: "OptionError", option: "request target" })
      expect(request).toBe("")
    })
  }

  test("A24: __proto__ is a name like any other, and pollutes nothing", function* () {
    const fields = JSON.parse('{"__proto__":"x"}') as Record<string, string>
    const { request } = yield* ask(switching(), { fields })
    expect(request).toContain("\r\n__proto__: x\r\n")
    expect(({} as Record<string, unknown>).x).toBe(undefined)
  })

  it("A24: values may be lists, pairs, or Fields", () => {
    expect(Fields.from({ a: ["1", "2"] }).getAll("A")).toEqual(["1", "2"])
    expect(Fields.from([["a", "1"]]).get("a")).toBe("1")
  })
})
