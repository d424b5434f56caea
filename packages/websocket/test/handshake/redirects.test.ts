import { describe, expect } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import { reject } from "../../src/Handshake.js"
import * as WebSocket from "../../src/WebSocket.js"
import { fakeServer } from "../support/fakeServer.js"
import { test, turns } from "../support/leavesNothing.js"
import { sampleEntropy, switching } from "../support/sample.js"
import { echo, serving } from "../support/serving.js"
import { frame, maskedFrame, type Wire } from "../support/wire.js"

class Wrong extends Data.TaggedError("Wrong")<{}> {}

const layer = Layer.merge(WebSocket.layer, sampleEntropy)

const moved = (location: string, status = "302 Found", fields = "Content-Length: 0\r\n") =>
  `HTTP/1.1 ${status}\r\nLocation: ${location}\r\n${fields}\r\n`

const noLocation = "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"

type Options = WebSocket.ConnectOptions<Wrong>

/** A client that is redirected: what it has sent, to whom, and how it ended. */
const redirected = (responses: ReadonlyArray<string>, options: Options = {}, uri = "ws://a.example/first") =>
  Effect.gen(function* () {
    const { accept, targets, transport } = yield* fakeServer
    const heads: Array<string> = []
    const peers: Array<Wire> = []
    const answering = Effect.forEach(
      responses,
      (response) =>
        Effect.gen(function* () {
          const peer = yield* accept
          peers.push(peer)
          heads.push(yield* peer.until("\r\n\r\n"))
          yield* peer.write(response)
        }),
      { discard: true }
    )
    const answers = yield* Effect.forkScoped(Effect.exit(answering))
    const scope = yield* Effect.scope
    const connect = WebSocket.connect(uri, options).pipe(Effect.provide(transport), Effect.provide(layer))
    const exit = yield* Effect.exit(Scope.extend(connect, scope))
    yield* Fiber.interrupt(answers)
    // Hangs up before the client would wait for its Close frame.
    yield* Effect.addFinalizer(() => Effect.forEach(peers, ({ duplex }) => duplex.abort, { discard: true }))
    const places = targets.map(({ host, port, secure }) => `${secure ? "wss" : "ws"}://${host}:${port}`)
    return { exit, heads, peers, places }
  })

/** The connection at the end of the redirects. */
const opened = (...how: Parameters<typeof redirected>) =>
  Effect.flatMap(redirected(...how), ({ exit, ...rest }) => Effect.map(exit, (ws) => ({ ws, ...rest })))

/** The HandshakeError at the end of the redirects. */
const failedWith = (...how: Parameters<typeof redirected>) =>
  Effect.gen(function* () {
    const { exit, ...rest } = yield* redirected(...how)
    const error = yield* Effect.flip(exit)
    if (error._tag !== "HandshakeError") return yield* Effect.dieMessage(`not a HandshakeError: ${error}`)
    return { error, ...rest }
  })

describe("PARITY CH-11: without the option a redirect is a refusal like any other", () => {
  for (const options of [{}, { redirects: 0 }, { redirects: undefined }] as const) {
    test(`CH-11: UpgradeDeclined, with the Location, of ${JSON.stringify(options)}`, function* () {
      const { error, places } = yield* failedWith([moved("/second")], options)
      const response = Option.getOrThrow(error.response).head
      expect([error.reason._tag, response.status, response.fields.get("Location")]).toEqual([
        "UpgradeDeclined",
        302,
        "/second"
      ])
      expect(places.length).toBe(1)
    })
  }
})

describe("RFC 6455 §4.1, RFC 9110 §15.4: redirects are followed when asked for", () => {
  for (const status of ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"]) {
    test(`HARDENING R01: ${status}, with GET, on a connection of its own; the former one is closed`, function* () {
      const { heads, peers, places, ws } = yield* opened([moved("/second?x", status), switching()], { redirects: 1 })
      expect(heads.map((head) => head.split("\r\n")[0])).toEqual(["GET /first HTTP/1.1", "GET /second?x HTTP/1.1"])
      expect(places).toEqual(["ws://a.example:80", "ws://a.example:80"])
      expect((yield* peers[0]!.rest).reason).toBe("Reset")
      yield* peers[1]!.write(frame(1, "hello"))
      expect(yield* ws.receive).toBe("hello")
      expect(ws.negotiated.request.target).toBe("/second?x")
    })
  }

  test("R01: the connection knows its way: where it is, and how it came there", function* () {
    const responses = [moved("//b.example:81/2?q#f", "301 Moved"), moved("3", "307 Temporary"), switching()]
    const { ws } = yield* opened(responses, { redirects: 5 }, "http://user:password@a.example/first")
    expect(ws.negotiated.redirects).toEqual([
      { status: 301, from: "ws://a.example/first", to: "ws://b.example:81/2?q" },
      { status: 307, from: "ws://b.example:81/2?q", to: "ws://b.example:81/3" }
    ])
  })

  test("a connection that was not redirected has none", function* () {
    const { ws } = yield* opened([switching()], { redirects: 5 })
    expect(ws.negotiated.redirects).toBeUndefined()
  })

  test("from ws to wss, and to another port and host", function* () {
    const responses = [moved("https://a.example/"), moved("wss://b.example:444/"), switching()]
    const { heads, places } = yield* opened(responses, { redirects: 2 })
    expect(places).toEqual(["ws://a.example:80", "wss://a.example:443", "wss://b.example:444"])
    expect(heads.map((head) => /\r\nHost: (.*)\r\n/.exec(head)?.[1])).toEqual([
      "a.example",
      "a.example",
      "b.example:444"
    ])
  })

  test("a refusal at the end of the way is UpgradeDeclined, with its own response", function* () {
    const { error } = yield* failedWith([moved("/2"), "HTTP/1.1 404 No\r\nContent-Length: 4\r\n\r\ngone"], {
      redirects: 1
    })
    expect(error.reason).toMatchObject({ _tag: "UpgradeDeclined", response: { status: 404 } })
    expect(Buffer.from(Option.getOrThrow(error.response).body).toString()).toBe("gone")
    expect(Option.getOrThrow(error.request).target).toBe("/2")
  })

  for (const status of ["300 Multiple Choices", "304 Not Modified", "305 Use Proxy"]) {
    test(`${status} is none that can be followed`, function* () {
      const { error } = yield* failedWith([moved("/2", status)], { redirects: 5 })
      expect(error.reason._tag).toBe("UpgradeDeclined")
    })
  }

  test("between our client and our server", function* () {
    const { connect } = yield* serving(echo, {
      authorize: ({ head }) =>
        head.target === "/chat"
          ? Effect.fail(reject({ status: 307, fields: { Location: "/moved" }, body: "over there\n" }))
          : Effect.void
    })
    const ws = yield* connect({ redirects: 1 })
    yield* ws.send("hello")
    expect(yield* ws.receive).toBe("hello")
  })
})

describe("a redirect that is not followed is a HandshakeError with the reason Redirect", () => {
  const rows: ReadonlyArray<readonly [string, string, ReadonlyArray<string>, string | undefined, string?]> = [
    ["HARDENING R02: from wss to ws", "Downgrade", [moved("ws://a.example/")], "ws://a.example/", "wss://a.example/"],
    ["HARDENING R02: from https to http", "Downgrade", [moved("http://b/")], "http://b/", "https://a.example/"],
    ["HARDENING R04, K57: to itself", "Loop", [moved("/first")], "/first"],
    ["HARDENING R04: in a circle", "Loop", [moved("/2"), moved("/3"), moved("first")], "first"],
    ["HARDENING R04: one too many", "TooMany", ["/2", "/3", "/4", "/5"].map((to) => moved(to)), "/5"],
    ["HARDENING R05: without Location", "NoLocation", [noLocation], undefined],
    ["with two Locations", "NoLocation", [moved("/2", "302 Found", "Location: /3\r\nContent-Length: 0\r\n")], "/2"],
    ["HARDENING R06: to file:", "BadLocation", [moved("file:///etc/passwd")], "file:///etc/passwd"],
    ["HARDENING R06: to ws+unix:", "BadLocation", [moved("ws+unix:tmp:x")], "ws+unix:tmp:x"],
    ["HARDENING R06: to javascript:", "BadLocation", [moved("javascript:1")], "javascript:1"],
    ["HARDENING R06: to data:", "BadLocation", [moved("data:,")], "data:,"],
    ["RFC 9110 §4.2.4: with user information", "BadLocation", [moved("ws://u:p@b/")], "ws://u:p@b/"]
  ]

  for (const [name, why, responses, location, uri] of rows) {
    test(`${name}: ${why}; nobody else is connected to`, function* () {
      const { error, peers, places } = yield* failedWith(responses, { redirects: 3 }, uri)
      expect(error.reason).toMatchObject({ _tag: "Redirect", why, location })
      expect(error).toMatchObject({ role: "client", keepAlive: false })
      expect(Option.getOrThrow(error.response).head.status).toBe(302)
      expect(error.message).toMatch(/^RFC \d+ §[\d.]+: .* \(status 302\)$/)
      expect(places.length).toBe(responses.length)
      for (const peer of peers) expect((yield* peer.rest).reason).toBe("Reset")
    })
  }

  test("HARDENING G02: no secret is part of its message", function* () {
    const { error } = yield* failedWith([moved("ws://u:hunter2@b/?s3cr3t")], { redirects: 3 })
    expect(`${error.message} ${String(error)}`).not.toMatch(/hunter2|s3cr3t/)
  })

  for (const redirects of [-1, 0.5, Number.NaN, Infinity, "1" as unknown as number]) {
    test(`redirects: ${redirects} is an OptionError, and nothing is connected`, function* () {
      const { exit, places } = yield* redirected([], { redirects })
      expect(yield* Effect.flip(exit)).toMatchObject({ _tag: "OptionError", option: "redirects" })
      expect(places).toEqual([])
    })
  }
})

describe("RFC 9110 §15.4: credentials are not for other origins", () => {
  const fields = { Authorization: "Bearer a", cookie: "b=c", "Proxy-Authorization": "Basic d", "X-E": "f" }
  const secrets = /^(authorization|cookie|proxy-authorization): .*$/gim
  const secretsOf = (heads: ReadonlyArray<string>) => heads.map((head) => [...head.matchAll(secrets)].length)

  test("HARDENING R03: they go along within an origin; not to another one, and not back", function* () {
    const responses = [moved("/2"), moved("ws://b.example/"), moved("ws://a.example/3"), switching()]
    const { heads } = yield* opened(responses, { fields, redirects: 3 })
    expect(secretsOf(heads)).toEqual([3, 3, 0, 0])
    for (const head of heads) expect(head).toContain("\r\nX-E: f\r\n")
  })

  for (const [name, location] of [
    ["scheme", "wss://a.example/"],
    ["host", "ws://b.example/"],
    ["port", "ws://a.example:81/"]
  ] as const) {
    test(`HARDENING R03: another ${name} is another origin`, function* () {
      const { heads } = yield* opened([moved(location), switching()], { fields, redirects: 1 })
      expect(secretsOf(heads)).toEqual([3, 0])
    })
  }

  test("HARDENING R03: those of the URI too", function* () {
    const responses = [moved("/2"), moved("ws://b.example/"), switching()]
    const { heads } = yield* opened(responses, { redirects: 2 }, "ws://user:password@a.example/")
    expect(secretsOf(heads)).toEqual([1, 1, 0])
  })

  test("HARDENING R03: those of a decorator too, which runs for each attempt", function* () {
    const asked: Array<string | undefined> = []
    const decorateRequest: Options["decorateRequest"] = (head) =>
      Effect.sync(() => {
        asked.push(`${head.fields.get("Host")}${head.target}`)
        return { Authorization: `Bearer ${asked.length}`, "X-Attempt": String(asked.length) }
      })
    const responses = [moved("/2"), moved("ws://b.example/"), switching()]
    const { heads } = yield* opened(responses, { decorateRequest, redirects: 2 })
    expect(asked).toEqual(["a.example/first", "a.example/2", "b.example/"])
    expect(secretsOf(heads)).toEqual([1, 1, 0])
    expect(heads[1]).toContain("\r\nAuthorization: Bearer 2\r\n")
    expect(heads[2]).toContain("\r\nX-Attempt: 3\r\n")
  })

  test("a Host of the application is for the first origin", function* () {
    const responses = [moved("/2"), moved("ws://b.example/"), switching()]
    const { heads } = yield* opened(responses, { fields: { Host: "other.example" }, redirects: 2 })
    const hosts = heads.map((head) => /\r\nHost: (.*)\r\n/.exec(head)?.[1])
    expect(hosts).toEqual(["other.example", "other.example", "b.example"])
  })
})

describe("HARDENING R10: the application decides about each redirect", () => {
  const responses = [moved("/2"), moved("ws://10.0.0.1/admin"), switching()]

  test("R10: with a value, before anybody is connected to", function* () {
    const seen: Array<WebSocket.Redirection> = []
    const allow = (redirection: WebSocket.Redirection) => {
      seen.push(redirection)
      return !redirection.to.startsWith("ws://10.")
    }
    const { error, places } = yield* failedWith(responses, { redirects: { max: 5, allow } })
    expect(error.reason).toMatchObject({ _tag: "Redirect", why: "Unwanted", location: "ws://10.0.0.1/admin" })
    expect(places.length).toBe(2)
    expect(seen).toEqual([
      { status: 302, from: "ws://a.example/first", to: "ws://a.example/2" },
      { status: 302, from: "ws://a.example/2", to: "ws://10.0.0.1/admin" }
    ])
  })

  test("R10: with an effect, which may need services", function* () {
    class Allowed extends Context.Tag("Allowed")<Allowed, boolean>() {}
    const { transport, accept } = yield* fakeServer
    const options = { redirects: { max: 1, allow: () => Allowed } }
    const connect = WebSocket.connect("ws://a.example/", options).pipe(
      Effect.provideService(Allowed, false),
      Effect.provide(transport),
      Effect.provide(layer)
    )
    const failing = yield* Effect.fork(Effect.flip(connect))
    yield* (yield* accept).write(moved("/2"))
    expect(yield* Fiber.join(failing)).toMatchObject({ reason: { why: "Unwanted" } })
  })

  test("R10: what it fails with is the failure", function* () {
    const allow = () => Effect.fail(new Wrong())
    const { exit, peers } = yield* redirected([moved("/2")], { redirects: { max: 1, allow } })
    expect(exit).toEqual(Exit.fail(new Wrong()))
    expect((yield* peers[0]!.rest).reason).toBe("Reset")
  })

  test("it is not asked about what may not be followed anyway", function* () {
    const allow = () => Effect.dieMessage("was asked")
    for (const [location, why] of [
      ["file:///", "BadLocation"],
      ["/first", "Loop"]
    ] as const) {
      const { error } = yield* failedWith([moved(location)], { redirects: { max: 1, allow } })
      expect(error.reason).toMatchObject({ why })
    }
  })
})

describe("all attempts together have one deadline", () => {
  test("limits.handshakeTimeout is a total from the begin of the first one", function* () {
    const { accept, transport } = yield* fakeServer
    const connect = WebSocket.connect("ws://a.example/", { redirects: 10 }).pipe(
      Effect.provide(transport),
      Effect.provide(layer)
    )
    const failing = yield* Effect.fork(Effect.flip(connect))
    for (const location of ["/2", "/3", "/4"]) {
      const peer = yield* accept
      yield* peer.until("\r\n\r\n")
      yield* TestClock.adjust("9 seconds")
      yield* peer.write(moved(location))
      yield* turns()
    }
    yield* (yield* accept).until("\r\n\r\n")
    yield* TestClock.adjust("3 seconds")
    const error = yield* Fiber.join(failing)
    expect(error).toMatchObject({ _tag: "TimeoutError", phase: "Handshake" })
    expect(error.message).toBe("waited 30s for the opening handshake (RFC 6455 §4)")
  })

  test("interruption at the second attempt closes its connection", function* () {
    const { accept, transport } = yield* fakeServer
    const connect = WebSocket.connect("ws://a.example/", { redirects: 10 }).pipe(
      Effect.provide(transport),
      Effect.provide(layer)
    )
    const fiber = yield* Effect.fork(connect)
    const first = yield* accept
    yield* first.write(moved("/2"))
    const second = yield* accept
    yield* second.until("\r\n\r\n")
    expect((yield* first.rest).reason).toBe("Reset")
    yield* Fiber.interrupt(fiber)
    expect((yield* second.rest).reason).toBe("Reset")
  })
})

describe("what is asked for at the place that a redirect leads to", () => {
  test("is the same as at the first one", function* () {
    const options = { subprotocols: ["chat"], requireSubprotocol: true, redirects: 1 }
    const { peers, ws } = yield* opened([moved("/2"), switching({ "Sec-WebSocket-Protocol": "chat" })], options)
    expect(ws.negotiated.subprotocol).toBe("chat")
    yield* ws.send("hi")
    expect(yield* peers[1]!.take(8)).toBe(maskedFrame(1, "hi"))
  })
})
