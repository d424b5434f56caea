import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { reject } from "effect-websocket/Handshake"
import * as WebSocket from "effect-websocket/WebSocket"
import * as WebSocketServer from "effect-websocket/WebSocketServer"
import { answersTo } from "../support/answers.js"
import { leavesNothing } from "../support/leaks.js"
import { type Place, places } from "../support/places.js"
import type { RawPeer } from "../support/RawPeer.js"
import { frame, hear, upgradeRequest } from "../support/wire.js"

const lines = (...each: ReadonlyArray<string>): string => [...each, "", ""].join("\r\n")
const get = (target: string, ...fields: ReadonlyArray<string>) =>
  lines(`GET ${target} HTTP/1.1`, "Host: 127.0.0.1", ...fields)
const refused = upgradeRequest.replace("Version: 13", "Version: 8")
const hello = frame(0x81, Buffer.from("hello"), "client").toString("latin1")

/** The application: it says what it was asked, and how much it got. */
const page: WebSocketServer.HttpHandler = ({ body, head }) => {
  const asked = `${head.method} ${head.target} ${Buffer.from(body).toString()}`
  if (head.target === "/nothing") return Effect.succeed({ status: 204 })
  if (head.target === "/last") return Effect.succeed({ status: 200, fields: { Connection: "close" }, body: asked })
  return Effect.succeed({ status: 200, body: asked })
}

type Services = Layer.Layer.Success<typeof WebSocket.layer> | Scope.Scope

/** What a client sends, and what it gets: the statuses in their order, and whether the connection is open behind them. */
interface Case {
  readonly name: string
  readonly options?: WebSocketServer.ServeOptions
  readonly sent: string
  readonly methods: ReadonlyArray<string>
  readonly statuses: ReadonlyArray<number>
  readonly bodies?: ReadonlyArray<string>
  readonly end: "closed" | "kept" | "WebSocket"
}

const cases: ReadonlyArray<Case> = [
  {
    name: "PARITY H-12: requests of HTTP, then a handshake, then frames, all pipelined",
    sent: get("/1") + get("/2") + upgradeRequest + hello,
    methods: ["GET", "GET", "GET"],
    statuses: [200, 200, 101],
    bodies: ["GET /1 ", "GET /2 ", ""],
    end: "WebSocket"
  },
  {
    name: "RFC 9110 §9.3.2, §15.3.5: HEAD and 204 have no bodies, and the next answer is understood",
    sent: get("/1").replace("GET", "HEAD") + get("/nothing") + get("/3"),
    methods: ["HEAD", "GET", "GET"],
    statuses: [200, 204, 200],
    bodies: ["", "", "GET /3 "],
    end: "kept"
  },
  {
    name: "RFC 9112 §6, §7: bodies with a length, and in chunks with extensions and trailers",
    sent:
      `${get("/1", "Content-Length: 5").replace("GET", "POST")}hello` +
      `${get("/2", "Transfer-Encoding: chunked").replace("GET", "PUT")}3;x="y"\r\nhel\r\n002\r\nlo\r\n0\r\nX-T: 1\r\n\r\n` +
      get("/3"),
    methods: ["POST", "PUT", "GET"],
    statuses: [200, 200, 200],
    bodies: ["POST /1 hello", "PUT /2 hello", "GET /3 "],
    end: "kept"
  },
  {
    name: "RFC 9112 §9.3: HTTP/1.0 is answered and closed",
    sent: lines("GET /1 HTTP/1.0") + get("/2"),
    methods: ["GET", "GET"],
    statuses: [200],
    end: "closed"
  },
  {
    name: "RFC 9112 §9.3: HTTP/1.0 with keep-alive is kept",
    sent: lines("GET /1 HTTP/1.0", "Connection: Keep-Alive") + get("/2"),
    methods: ["GET", "GET"],
    statuses: [200, 200],
    end: "kept"
  },
  {
    name: "RFC 9112 §9.6: a client that says close",
    sent: get("/1", "Connection: close") + get("/2"),
    methods: ["GET", "GET"],
    statuses: [200],
    end: "closed"
  },
  {
    name: "RFC 9112 §9.6: an answer that says close",
    sent: get("/last") + get("/2"),
    methods: ["GET", "GET"],
    statuses: [200],
    end: "closed"
  },
  {
    name: "RFC 9112 §3.2: a request without Host",
    sent: lines("GET / HTTP/1.1") + get("/2"),
    methods: ["GET", "GET"],
    statuses: [400],
    end: "closed"
  },
  {
    name: "RFC 9110 §15.5.14: a body that is too long",
    options: { limits: { maxRequestBody: 4 } },
    sent: `${get("/", "Content-Length: 5").replace("GET", "POST")}hello`,
    methods: ["POST"],
    statuses: [413],
    end: "closed"
  },
  {
    name: "RFC 9112 §7.1: a body in chunks that are none",
    sent: `${get("/", "Transfer-Encoding: chunked").replace("GET", "POST")}hello\r\n`,
    methods: ["POST"],
    statuses: [400],
    end: "closed"
  },
  {
    name: "RFC 9110 §10.1.1: an unknown expectation",
    sent: get("/", "Expect: tea"),
    methods: ["GET"],
    statuses: [417],
    end: "closed"
  },
  {
    name: "PARITY SH-15, RFC 9110 §7.8: an upgrade with Expect: 100-continue",
    sent: upgradeRequest.replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n") + hello,
    methods: ["GET"],
    statuses: [100, 101],
    end: "WebSocket"
  },
  {
    name: "PARITY S9: a refused handshake, ordinary HTTP, and another handshake",
    options: { keepAlive: "allow" },
    sent: refused + get("/2") + refused + upgradeRequest + hello,
    methods: ["GET", "GET", "GET", "GET"],
    statuses: [426, 200, 426, 101],
    end: "WebSocket"
  },
  {
    name: "PARITY S9: a refused handshake closes, unless it was allowed not to",
    sent: refused + get("/2"),
    methods: ["GET", "GET"],
    statuses: [426],
    end: "closed"
  },
  {
    name: "RFC 9112 §9.3: an upgrade with a body leaves nobody in doubt where the next request begins",
    options: { keepAlive: "allow" },
    sent: upgradeRequest.replace("\r\n\r\n", "\r\nContent-Length: 40\r\n\r\n") + get("/smuggled"),
    methods: ["GET", "GET"],
    statuses: [400],
    end: "closed"
  }
]

const echo = (ws: WebSocket.WebSocket) => ws.run((message) => ws.send(message))

/** The answers to a case, once there are as many as expected. */
const answered = (peer: RawPeer, { methods, statuses }: Case) =>
  Effect.map(
    peer.until((received) => answersTo(methods, received).answers.length >= statuses.length),
    (received) => answersTo(methods, received)
  )

/** The connection behind the answers is as it should be, and ends. */
const concluded = (peer: RawPeer, { end }: Case, size: number) =>
  Effect.gen(function* () {
    if (end === "WebSocket") {
      yield* peer.until((received) => hear(received.subarray(size)).messages.length > 0)
      yield* peer.write([frame(0x88, Buffer.of(0x03, 0xe8), "client")])
      return expect(hear((yield* peer.all).subarray(size))).toMatchObject({ messages: ["hello"], close: 1000 })
    }
    if (end === "kept") {
      peer.drop(size)
      yield* peer.write([Buffer.from(get("/behind", "Connection: close"))])
      return expect(answersTo(["GET"], yield* peer.all).answers).toMatchObject([{ body: "GET /behind " }])
    }
    expect((yield* peer.all).length).toBe(size)
  })

const octetByOctet = (octets: Buffer): ReadonlyArray<Uint8Array> => Array.from(octets, (octet) => Uint8Array.of(octet))

const against = (place: Place, each: Case, pieces: ReadonlyArray<Uint8Array>) =>
  Effect.gen(function* () {
    yield* Effect.forkScoped(WebSocketServer.run(echo, { http: page, ...each.options }))
    const peer = yield* place.toServer
    yield* peer.write(pieces)
    const { answers, size } = yield* answered(peer, each)
    expect(answers.map(({ status }) => status)).toEqual(each.statuses)
    if (each.bodies !== undefined) expect(answers.map(({ body }) => body)).toEqual(each.bodies)
    yield* concluded(peer, each, size)
  })

/** A client waits for 100 before it sends the body. */
const waitingForContinue = (place: Place) =>
  Effect.gen(function* () {
    yield* Effect.forkScoped(WebSocketServer.run(echo, { http: page }))
    const peer = yield* place.toServer
    yield* peer.write([Buffer.from(get("/", "Content-Length: 5", "Expect: 100-continue").replace("GET", "POST"))])
    const interim = yield* peer.head
    expect(interim).toBe("HTTP/1.1 100 Continue\r\n\r\n")
    peer.drop(interim.length)
    yield* peer.write([Buffer.from("hello")])
    const { answers } = answersTo(["POST"], yield* peer.until((received) => received.includes("hello")))
    expect(answers).toMatchObject([{ status: 200, body: "POST / hello" }])
  })

/** The server ends while the application is at work. */
const interrupted = (place: Place) =>
  Effect.gen(function* () {
    const begun = yield* Deferred.make<void>()
    const http = () => Effect.zipRight(Deferred.succeed(begun, undefined), Effect.never)
    const running = yield* Effect.fork(WebSocketServer.run(echo, { http }))
    const peer = yield* place.toServer
    yield* peer.write([Buffer.from(get("/"))])
    yield* Deferred.await(begun)
    yield* Fiber.interrupt(running)
    const { answers, size } = answersTo(["GET"], yield* peer.all)
    expect(answers).toMatchObject([{ status: 503 }])
    expect(answers[0]?.fields).toContain("Connection: close")
    expect(peer.received.length).toBe(size)
  })

/** The server ends while the application decides about a handshake. */
const undecided = (place: Place) =>
  Effect.gen(function* () {
    const begun = yield* Deferred.make<void>()
    const authorize = () => Effect.zipRight(Deferred.succeed(begun, undefined), Effect.never)
    const running = yield* Effect.fork(WebSocketServer.run({ authorize }, echo))
    const peer = yield* place.toServer
    yield* peer.write([Buffer.from(upgradeRequest)])
    yield* Deferred.await(begun)
    yield* Fiber.interrupt(running)
    const { answers, size } = answersTo(["GET"], yield* peer.all)
    expect(answers).toMatchObject([{ status: 503 }])
    expect(peer.received.length).toBe(size)
  })

/** All come from this host. */
const fromOneAddress = (place: Place) =>
  Effect.gen(function* () {
    yield* Effect.forkScoped(WebSocketServer.run(echo, { maxConnectionsPerAddress: 2 }))
    const heads: Array<string> = []
    for (let count = 0; count < 4; count++) {
      const peer = yield* place.toServer
      yield* peer.write([Buffer.from(upgradeRequest)])
      heads.push(yield* peer.head)
    }
    expect(heads.map((head) => head.split(" ")[1])).toEqual(["101", "101", "429", "429"])
    expect(heads[2]).toContain("\r\nRetry-After: 1\r\n")
  })

/** The client is gone while the application works for it. */
const gone = (place: Place) =>
  Effect.gen(function* () {
    const begun = yield* Deferred.make<void>()
    const interrupted = yield* Deferred.make<void>()
    const http = () =>
      Effect.onInterrupt(Effect.zipRight(Deferred.succeed(begun, undefined), Effect.never), () =>
        Deferred.succeed(interrupted, undefined)
      )
    yield* Effect.forkScoped(WebSocketServer.run(echo, { http }))
    const peer = yield* place.toServer
    yield* peer.write([Buffer.from(get("/"))])
    yield* Deferred.await(begun)
    peer.reset()
    yield* Deferred.await(interrupted)
  })

/** A policy that refuses, and a client that tries again on the same connection. */
const guessing = (place: Place) =>
  Effect.gen(function* () {
    let asked = 0
    const authorize = () => Effect.suspend(() => Effect.fail(reject({ status: 401, body: `${++asked}` })))
    const options = { authorize, keepAlive: "allow", maxHandshakesPerSecondPerAddress: 3 } as const
    yield* Effect.forkScoped(WebSocketServer.run(options, echo))
    const peer = yield* place.toServer
    yield* peer.write([Buffer.from(upgradeRequest.repeat(5))])
    const { answers } = answersTo(
      Array.from({ length: 4 }, () => "GET"),
      yield* peer.all
    )
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 429])
    expect(answers[3]?.fields).toContain("Retry-After: 1")
    expect(asked).toBe(3)
  })

const runIn = <A, E>(place: Place, program: Effect.Effect<A, E, Layer.Layer.Success<Place["layer"]> | Services>) =>
  program.pipe(Effect.provide(WebSocket.layer), Effect.provide(place.layer))

for (const [name, place] of Object.entries(places)) {
  describe(`ordinary HTTP on the port of WebSockets over ${name}`, () => {
    leavesNothing()
    for (const each of cases) {
      const octets = Buffer.from(each.sent, "latin1")
      it.scopedLive(`${each.name}, whole`, () => runIn(place, against(place, each, [octets])))
      it.scopedLive(`${each.name}, octet by octet`, () => runIn(place, against(place, each, octetByOctet(octets))))
    }
    it.scopedLive("RFC 9110 §10.1.1: a client that waits for 100 gets it, and then its answer", () =>
      runIn(place, waitingForContinue(place))
    )
    it.scopedLive(
      "RFC 9110 §15.6.4: the end of the server during a request is 503, and the end of the connection",
      () => runIn(place, interrupted(place))
    )
    it.scopedLive("RFC 9112 §9.5: a reset interrupts the application, which nobody waits for", () =>
      runIn(place, gone(place))
    )
    it.scopedLive("RFC 6455 §7.2.2: the end of the server while `authorize` decides is 503, and no reset", () =>
      runIn(place, undecided(place))
    )
  })
}

describe("HARDENING Q02: a server with a limit of handshakes in a second from one address", () => {
  leavesNothing()
  it.scoped(
    "answers one too many with 429 and Retry-After, also on a connection that is kept, and asks no policy",
    () => runIn(places.TCP!, guessing(places.TCP!))
  )
})

describe("HARDENING S03: a server with a limit of connections from one address", () => {
  leavesNothing()
  it.scopedLive("answers one too many with 429 and Retry-After", () => runIn(places.TCP!, fromOneAddress(places.TCP!)))
})
