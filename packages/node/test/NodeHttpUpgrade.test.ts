import * as http from "node:http"
import * as https from "node:https"
import * as net from "node:net"
import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Handshake from "effect-websocket/Handshake"
import * as WebSocket from "effect-websocket/WebSocket"
import * as NodeCompression from "../src/NodeCompression.js"
import * as NodeHttpUpgrade from "../src/NodeHttpUpgrade.js"
import * as NodeTransport from "../src/NodeTransport.js"
import * as certificates from "./support/certificates.js"
import { leavesNothing, turns, until } from "./support/sockets.js"

const { ca, server: certificate } = certificates

const services = Layer.merge(WebSocket.layer, NodeTransport.layer({ ca }))

const portOf = (server: net.Server): number => (server.address() as net.AddressInfo).port

/** A server which was there before us; it is ours only to listen to. */
const existing = <S extends http.Server | https.Server>(server: S): Effect.Effect<S, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<S>((resume) => {
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    () => Effect.async<void>((resume) => void server.close(() => resume(Effect.void)))
  )

const plain = () => existing(http.createServer((_, response) => response.end("plain")))

const uriOf = (server: net.Server, target = "/") => `ws://127.0.0.1:${portOf(server)}${target}`

const echo = (ws: WebSocket.WebSocket) => ws.run((message) => ws.send(message))

const statusOf = <A, E, R>(connecting: Effect.Effect<A, E, R>) =>
  Effect.map(
    Effect.flip(connecting),
    (error) =>
      Option.getOrThrow((error as { response: Option.Option<{ head: { status: number } }> }).response).head.status
  )

const raw = (server: net.Server) =>
  Effect.acquireRelease(
    Effect.sync(() => net.connect(portOf(server), "127.0.0.1").on("error", () => {})),
    (socket) => Effect.sync(() => socket.destroy())
  )

/** What the socket has received so far. */
const said = (socket: net.Socket) => {
  let received = ""
  socket.setEncoding("latin1").on("data", (text) => {
    received += text
  })
  return () => received
}

const handshake = [
  "GET /raw?q=1 HTTP/1.1",
  "Host: any.host",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "X-Twice: a",
  "x-twice: b",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "",
  ""
].join("\r\n")

describe("upgrades of a server that is there already", () => {
  it.scopedLive(
    "P-09: compress as the options say: level, and from which length on; without the service it is an OptionError",
    () =>
      Effect.gen(function* () {
        const server = yield* plain()
        const options = { compression: { threshold: 10, level: 0 } }
        const both = (ws: WebSocket.WebSocket) => Effect.zipRight(ws.sendAll(["123456789", "1234567890"]), ws.closed)
        const served = Layer.build(NodeHttpUpgrade.serve(server, both, options))
        expect(yield* Effect.flip(served)).toMatchObject({ _tag: "OptionError", option: "compression" })
        yield* Effect.provide(served, yield* Layer.build(NodeCompression.layer))
        const socket = yield* raw(server)
        const received = said(socket)
        socket.write(handshake.replace("x-twice: b", "Sec-WebSocket-Extensions: permessage-deflate"))
        yield* until(() => received().includes("\r\n\r\n\x81\x09123456789\xc1\x10\0\x0a\0\xf5\xff1234567890\0"))
      }).pipe(Effect.scoped, leavesNothing, Effect.provide(services))
  )

  it.scopedLive("become WebSockets, and ordinary requests stay the server's", () =>
    Effect.gen(function* () {
      const server = yield* plain()
      yield* Layer.build(NodeHttpUpgrade.serve(server, echo, { subprotocols: ["v1"] }))
      const ws = yield* WebSocket.connect(uriOf(server, "/chat"), { subprotocols: ["v1"] })
      expect(ws.negotiated.subprotocol).toBe("v1")
      yield* ws.send("hello")
      expect(yield* ws.receive).toBe("hello")
      const answer = yield* Effect.promise(async () => (await fetch(uriOf(server).replace("ws:", "http:"))).text())
      expect(answer).toBe("plain")
      server.closeAllConnections()
    }).pipe(Effect.scoped, leavesNothing, Effect.provide(services))
  )

  it.scopedLive("over TLS", () =>
    Effect.gen(function* () {
      const server = yield* existing(https.createServer({ ...certificate }))
      const encrypted = yield* Deferred.make<boolean>()
      yield* Layer.build(
        NodeHttpUpgrade.serve(server, (ws) => Effect.zipRight(Deferred.succeed(encrypted, ws.info.encrypted), echo(ws)))
      )
      const ws = yield* WebSocket.connect(`wss://localhost:${portOf(server)}/`)
      yield* ws.send("hello")
      expect([yield* ws.receive, yield* Deferred.await(encrypted)]).toEqual(["hello", true])
    }).pipe(Effect.scoped, leavesNothing, Effect.provide(services))
  )

  it.scopedLive("the head is as it was sent, and the octets behind it are the first", () =>
    Effect.gen(function* () {
      const server = yield* plain()
      const seen = yield* Deferred.make<unknown>()
      const handler = (ws: WebSocket.WebSocket) =>
        Effect.flatMap(ws.receive, (message) => {
          const { fields, method, target, version } = ws.negotiated.request
          return Deferred.succeed(seen, [message, method, target, version, fields.getAll("X-Twice")])
        })
      yield* Layer.build(NodeHttpUpgrade.serve(server, handler))
      const socket = yield* raw(server)
      socket.write(Buffer.concat([Buffer.from(handshake), Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69])]))
      expect(yield* Deferred.await(seen)).toEqual(["hi", "GET", "/raw?q=1", "1.1", ["a", "b"]])
    }).pipe(Effect.scoped, leavesNothing, Effect.provide(services))
  )

  it.scopedLive("what `matches` does not mean is left to other listeners", () =>
    Effect.gen(function* () {
      const server = yield* plain()
      for (const path of ["/a", "/b"]) {
        const matches = ({ url }: http.IncomingMessage) => url === path
        yield* Layer.build(NodeHttpUpgrade.serve(server, (ws) => ws.send(`from ${path}`), { matches }))
      }
      for (const path of ["/a", "/b"]) {
        const ws = yield* WebSocket.connect(uriOf(server, path))
        expect(yield* ws.receive).toBe(`from ${path}`)
      }
    }).pipe(Effect.scoped, leavesNothing, Effect.provide(services))
  )

  it.scopedLive("handler gives the listener alone", () =>
    Effect.gen(function* () {
      const server = yield* plain()
      const listener = yield* NodeHttpUpgrade.handler(echo)
      server.on("upgrade", listener)
      const ws = yield* WebSocket.connect(uriOf(server))
      yield* ws.send("hello")
      expect(yield* ws.receive).toBe("hello")
    }).pipe(Effect.scoped, leavesNothing, Effect.provide(services))
  )
})

describe("refusals", () => {
  it.scopedLive("are answered, told, and close the connection", () =>
    Effect.gen(function* () {
      const server = yield* plain()
      const told: Array<string> = []
      const onHandshakeError = (error: Handshake.HandshakeFailure) =>
        Effect.sync(() => void told.push(error._tag === "HandshakeError" ? error.reason._tag : error._tag))
      yield* Layer.build(NodeHttpUpgrade.serve(server, echo, { origin: ["https://us.example"], onHandshakeError }))
      const others = { fields: { Origin: "https://others.example" } }
      expect(yield* statusOf(WebSocket.connect(uriOf(server), others))).toBe(403)
      const socket = yield* raw(server)
      const received = said(socket)
      socket.write(handshake.replace("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 7"))
      yield* until(() => socket.readableEnded)
      expect(received()).toContain("HTTP/1.1 426 ")
      expect(told).toEqual(["ForbiddenOrigin", "BadSecVersion"])
    }).pipe(Effect.scoped, leavesNothing, Effect.provide(services))
  )

  it.scopedLive("RFC 9110 §15.6.1: a policy that dies is 500, and the connection is closed", () =>
    Effect.gen(function* () {
      const server = yield* plain()
      yield* Layer.build(NodeHttpUpgrade.serve(server, { authorize: () => Effect.die("boom") }, echo))
      const socket = yield* raw(server)
      const received = said(socket)
      socket.write(handshake)
      yield* until(() => socket.readableEnded)
      expect(received()).toMatch(/^HTTP\/1\.1 500 [\s\S]*\r\nConnection: close\r\n/)
    }).pipe(Effect.scoped, leavesNothing, Effect.provide(services))
  )

  it.scopedLive(
    "RFC 6455 §4.1: a request of HTTP/1.0 is none; unless it is asked for, that is a line in the debug log",
    () => {
      const messages: Array<unknown> = []
      const logger = Logger.make(({ message }) => void messages.push(message))
      return Effect.gen(function* () {
        const server = yield* plain()
        yield* Layer.build(NodeHttpUpgrade.serve(server, echo))
        const socket = yield* raw(server)
        const received = said(socket)
        socket.write(handshake.replace("HTTP/1.1", "HTTP/1.0"))
        yield* until(() => socket.readableEnded)
        expect(received()).toMatch(/^HTTP\/1\.1 [45]/)
        expect(messages.flat()).toContain("a handshake failed")
      }).pipe(
        Effect.scoped,
        leavesNothing,
        Effect.provide(services),
        Effect.provide(
          Layer.merge(Logger.replace(Logger.defaultLogger, logger), Logger.minimumLogLevel(LogLevel.Debug))
        )
      )
    }
  )

  it.scopedLive("what `authorize` finds out comes to the handler", () =>
    Effect.gen(function* () {
      const server = yield* plain()
      const authorize = ({ head }: Handshake.UpgradeRequest) =>
        Option.match(Option.fromNullable(head.fields.get("X-Name")), {
          onNone: () => Effect.fail(Handshake.reject({ status: 401 })),
          onSome: (name) => Effect.succeed({ name })
        })
      yield* Layer.build(NodeHttpUpgrade.serve(server, { authorize }, (ws, { name }) => ws.send(`hello, ${name}`)))
      expect(yield* statusOf(WebSocket.connect(uriOf(server)))).toBe(401)
      const ws = yield* WebSocket.connect(uriOf(server), { fields: { "X-Name": "Ada" } })
      expect(yield* ws.receive).toBe("hello, Ada")
    }).pipe(Effect.scoped, leavesNothing, Effect.provide(services))
  )

  it.scopedLive("options out of range are found when the layer is built", () =>
    Effect.gen(function* () {
      const server = yield* plain()
      const layer = NodeHttpUpgrade.serve(server, echo, { limits: { maxFrameSize: 0 } })
      expect(yield* Effect.flip(Layer.build(layer))).toMatchObject({ option: "limits.maxFrameSize" })
    }).pipe(Effect.scoped, leavesNothing, Effect.provide(services))
  )
})

describe("ends", () => {
  it.scopedLive("a handler that fails closes with 1011, and that is logged", () => {
    const messages: Array<unknown> = []
    const logger = Logger.make(({ message }) => void messages.push(message))
    return Effect.gen(function* () {
      const server = yield* plain()
      yield* Layer.build(NodeHttpUpgrade.serve(server, () => Effect.fail("own")))
      const ws = yield* WebSocket.connect(uriOf(server))
      expect(Option.getOrThrow((yield* ws.closed).received).code).toBe(1011)
      expect(messages.flat()).toContain("a WebSocket handler failed")
    }).pipe(
      Effect.scoped,
      leavesNothing,
      Effect.provide(services),
      Effect.provide(Logger.replace(Logger.defaultLogger, logger))
    )
  })

  it.scopedLive("the end of the Scope closes with 1001, and takes the listener off", () =>
    Effect.gen(function* () {
      const server = yield* plain()
      const scope = yield* Scope.make()
      yield* Scope.extend(Layer.build(NodeHttpUpgrade.serve(server, echo)), scope)
      const ws = yield* WebSocket.connect(uriOf(server))
      yield* ws.send("x")
      yield* ws.receive
      expect(server.listenerCount("upgrade")).toBe(1)
      yield* Scope.close(scope, Exit.void)
      expect(Option.getOrThrow((yield* ws.closed).received).code).toBe(1001)
      expect(server.listenerCount("upgrade")).toBe(0)
    }).pipe(Effect.scoped, leavesNothing, Effect.provide(services))
  )

  it.scopedLive("a reset before the answer is no uncaught error", () =>
    Effect.gen(function* () {
      const server = yield* plain()
      const begun = yield* Deferred.make<void>()
      const gate = yield* Deferred.make<void>()
      const authorize = () => Effect.zipRight(Deferred.succeed(begun, undefined), Deferred.await(gate))
      const ended = yield* Deferred.make<unknown>()
      yield* Layer.build(
        NodeHttpUpgrade.serve(server, { authorize }, (ws) =>
          Effect.flatMap(Effect.flip(ws.receive), (error) => Deferred.succeed(ended, error))
        )
      )
      const socket = yield* raw(server)
      socket.write(handshake)
      yield* Deferred.await(begun)
      socket.resetAndDestroy()
      yield* turns()
      yield* Deferred.succeed(gate, undefined)
      expect(yield* Deferred.await(ended)).toMatchObject({ _tag: "TransportError" })
    }).pipe(Effect.scoped, leavesNothing, Effect.provide(services))
  )
})
