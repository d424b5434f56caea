import { describe, expect, it } from "@effect/vitest"
import * as NodeListener from "@effect-websocket/node/NodeListener"
import * as NodeTransport from "@effect-websocket/node/NodeTransport"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { reject } from "effect-websocket/Handshake"
import * as Listener from "effect-websocket/Listener"
import * as WebSocket from "effect-websocket/WebSocket"
import * as WebSocketServer from "effect-websocket/WebSocketServer"
import { ca, server } from "../support/certificates.js"
import { leavesNothing } from "../support/leaks.js"
import { type Place, places } from "../support/places.js"
import type { RawPeer } from "../support/RawPeer.js"
import { responseTo } from "../support/wire.js"

type Answer = string | ((request: string) => string)

/** Answers a request by its target, piece by piece; what is answered with 101 is closed by the client. */
const answering =
  (answers: Readonly<Record<string, Answer>>, heads: Array<string>, isEnding = false) =>
  (peer: RawPeer) =>
    Effect.gen(function* () {
      const head = yield* peer.head
      heads.push(head)
      const answer = answers[head.split(" ")[1] ?? ""] ?? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
      const octets = Buffer.from(typeof answer === "string" ? answer : answer(head))
      yield* peer.write(Array.from(octets, (octet) => Uint8Array.of(octet)))
      if (isEnding) peer.end()
      yield* peer.all
    })

const moved = (location: string, body = "") =>
  `HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: ${body.length}\r\n\r\n${body}`

const runIn = <A, E>(place: Place, program: Effect.Effect<A, E, Layer.Layer.Success<Place["layer"]> | Services>) =>
  program.pipe(Effect.scoped, Effect.provide(WebSocket.layer), Effect.provide(place.layer))

type Services = Layer.Layer.Success<typeof WebSocket.layer> | Scope.Scope

const redirected = (place: Place) =>
  Effect.gen(function* () {
    const heads: Array<string> = []
    const answers = {
      "/": moved("/2", "there"),
      "/2": moved("3?x#y"),
      "/3?x": (request: string) => responseTo(request)
    }
    const uri = yield* place.serve(answering(answers, heads))
    const withUser = uri.replace("ws://", "ws://user:password@")
    // The raw peer ends as soon as it sees our end: the closing handshake is not of interest.
    const ws = yield* WebSocket.connect(withUser, { redirects: 2, limits: { closeTimeout: 1 } })
    const origin = uri.slice(0, -1)
    expect(ws.negotiated.redirects?.map(({ from, to }) => `${from} ${to}`)).toEqual([
      `${origin}/ ${origin}/2`,
      `${origin}/2 ${origin}/3?x`
    ])
    expect(heads.map((head) => /^Authorization: Basic /m.test(head))).toEqual([true, true, true])
    expect(new Set(heads.map((head) => /^Sec-WebSocket-Key: (.*)$/m.exec(head)?.[1])).size).toBe(3)
  })

const circling = (place: Place) =>
  Effect.gen(function* () {
    const heads: Array<string> = []
    const uri = yield* place.serve(answering({ "/": moved("/2"), "/2": moved("/") }, heads))
    const error = yield* Effect.flip(WebSocket.connect(uri, { redirects: 10 }))
    expect(error).toMatchObject({ _tag: "HandshakeError", reason: { _tag: "Redirect", why: "Loop" } })
    expect(heads.length).toBe(2)
  })

const long = "x".repeat(100_000)

/** Bodies of refusals: what stands behind the status line, and what the error has. */
const refusals: ReadonlyArray<readonly [name: string, answer: string, body: string]> = [
  ["with a length", "Content-Length: 5\r\n\r\nhello", "hello"],
  [
    "in chunks with a trailer",
    "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x\r\nlo\r\n0\r\nX-T: y\r\n\r\n",
    "hello"
  ],
  ["until the end", "\r\nhello", "hello"],
  ["of JSON", `Content-Type: application/json\r\nContent-Length: 17\r\n\r\n{"why":"unknown"}`, '{"why":"unknown"}'],
  ["that is cut", "Content-Length: 9\r\n\r\nhello", "hello"]
]

const refused = (place: Place, answer: string, body: string) =>
  Effect.gen(function* () {
    const uri = yield* place.serve(answering({ "/": `HTTP/1.1 403 Forbidden\r\n${answer}` }, [], true))
    const error = yield* Effect.flip(WebSocket.connect(uri))
    if (error._tag !== "HandshakeError") return yield* Effect.dieMessage(error.message)
    const response = Option.getOrThrow(error.response)
    expect([error.reason._tag, response.head.status]).toEqual(["UpgradeDeclined", 403])
    expect(Buffer.from(response.body).toString()).toBe(body)
  })

for (const [name, place] of Object.entries(places)) {
  describe(`our client over ${name} is sent elsewhere, or away`, () => {
    leavesNothing()
    it.live("PARITY CH-11: redirects are followed, each on a connection of its own, octet by octet", () =>
      runIn(place, redirected(place))
    )
    it.live("HARDENING R04: a circle of redirects is left", () => runIn(place, circling(place)))
    for (const [kind, answer, body] of refusals) {
      it.live(`PARITY CH-02: the body ${kind} of a refusal is in the error`, () =>
        runIn(place, refused(place, answer, body))
      )
    }
  })
}

const json = JSON.stringify({ error: "unknown user", hint: "\u20ac" })

describe("our server refuses, our client has it all", () => {
  leavesNothing()
  for (const [name, place] of Object.entries(places)) {
    for (const [kind, answer, type, body] of [
      ["a text", { body: "who are you?\n" }, "text/plain; charset=utf-8", "who are you?\n"],
      ["JSON", { body: json, fields: { "Content-Type": "application/json" } }, "application/json", json],
      ["octets", { body: Buffer.from("octets") }, undefined, "octets"],
      ["nothing", {}, undefined, ""],
      ["more than a client keeps", { body: long }, "text/plain; charset=utf-8", long.slice(0, 65_536)]
    ] as const) {
      it.live(`PARITY SH-17: ${kind}, over ${name}`, () =>
        runIn(
          place,
          Effect.gen(function* () {
            const authorize = () => Effect.fail(reject({ status: 401, ...answer }))
            yield* Effect.forkScoped(WebSocketServer.run({ authorize }, (ws) => ws.closed))
            const error = yield* Effect.flip(Effect.flatMap(Listener.uri("/"), (uri) => WebSocket.connect(uri)))
            if (error._tag !== "HandshakeError") return yield* Effect.dieMessage(error.message)
            const response = Option.getOrThrow(error.response)
            expect(response.head.status).toBe(401)
            expect(response.head.fields.get("Content-Type")).toBe(type)
            expect(Buffer.from(response.body).toString()).toBe(body)
          })
        )
      )
    }
  }
})

/** A server of its own on a free port; the URI under which clients reach it. */
const serving = <E>(listener: Layer.Layer<Listener.Listener, E>, options: WebSocketServer.ServeOptions = {}) =>
  Effect.gen(function* () {
    const served = WebSocketServer.serve((ws) => ws.run((message) => ws.send(message)), options)
    const context = yield* Layer.build(Layer.provideMerge(served, Layer.merge(WebSocket.layer, listener)))
    return yield* Effect.provide(Listener.uri("/"), context)
  })

/** A TCP server that sends its clients to a TLS one. */
const upwards = Effect.gen(function* () {
  const secure = yield* serving(NodeListener.layerTls(server))
  const sendThere = () => Effect.fail(reject({ status: 308, fields: { Location: secure.replace("wss", "https") } }))
  return { secure, plain: yield* serving(NodeListener.layerTcp(), { authorize: sendThere }) }
})

describe("a redirect from TCP to TLS", () => {
  leavesNothing()

  it.scopedLive("is followed, and what is there works", () =>
    Effect.gen(function* () {
      const { plain, secure } = yield* upwards
      const ws = yield* WebSocket.connect(plain, { redirects: 1 })
      yield* ws.send("hello")
      expect([yield* ws.receive, ws.info.encrypted]).toEqual(["hello", true])
      expect(ws.negotiated.redirects).toEqual([{ status: 308, from: plain, to: secure }])
    }).pipe(Effect.provide(WebSocket.layer), Effect.provide(NodeTransport.layer({ ca })))
  )

  it.scopedLive("HARDENING W06: verifies the certificate like any other connection", () =>
    Effect.gen(function* () {
      const { plain } = yield* upwards
      const error = yield* Effect.flip(WebSocket.connect(plain, { redirects: 1 }))
      expect(error).toMatchObject({ _tag: "TransportError", reason: { _tag: "TlsHandshake" } })
    }).pipe(Effect.provide(WebSocket.layer), Effect.provide(NodeTransport.layer()))
  )

  it.scopedLive("HARDENING R02: is not made the other way", () =>
    Effect.gen(function* () {
      const plain = yield* serving(NodeListener.layerTcp())
      const sendThere = () => Effect.fail(reject({ status: 302, fields: { Location: plain } }))
      const secure = yield* serving(NodeListener.layerTls(server), { authorize: sendThere })
      const error = yield* Effect.flip(WebSocket.connect(secure, { redirects: 1 }))
      expect(error).toMatchObject({ _tag: "HandshakeError", reason: { _tag: "Redirect", why: "Downgrade" } })
    }).pipe(Effect.provide(WebSocket.layer), Effect.provide(NodeTransport.layer({ ca })))
  )
})
