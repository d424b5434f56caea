import * as http from "node:http"
import * as https from "node:https"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpLayerRouter from "@effect/platform/HttpLayerRouter"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { describe, expect, it } from "@effect/vitest"
import * as NodeTransport from "@effect-websocket/node/NodeTransport"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import * as WebSocket from "effect-websocket/WebSocket"
import type { HandshakeError } from "effect-websocket/WebSocketError"
import * as PlatformHttpServer from "../src/PlatformHttpServer.js"
import { Connection } from "../src/PlatformSocket.js"
import * as WebSocketUpgrade from "../src/WebSocketUpgrade.js"
import * as certificates from "./support/certificates.js"
import { clientsOf, handshake, portOf, serve } from "./support/http.js"
import { leavesNothing } from "./support/leavesNothing.js"

leavesNothing()

const quiet = Effect.provide(Logger.remove(Logger.defaultLogger))

/** An application as it is written for the server of @effect/platform-node. */
const echo = Effect.gen(function* () {
  const socket = yield* HttpServerRequest.upgrade
  const write = yield* socket.writer
  yield* socket.runRaw((message) => write(message))
  return HttpServerResponse.empty()
})

const statusOf = <A, E, R>(connecting: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(connecting), (error) => Option.getOrThrow((error as HandshakeError).response).head.status)

describe("request.upgrade, as @effect/platform has it", () => {
  it.scopedLive("gives a Socket of this library, also where routers have changed the request", () =>
    Effect.gen(function* () {
      const router = HttpRouter.empty.pipe(
        HttpRouter.mount("/deep", HttpRouter.empty.pipe(HttpRouter.get("/echo", echo)))
      )
      for (const app of [echo, router]) {
        const ws = yield* (yield* serve(app)).connect("/deep/echo")
        yield* ws.send("hello")
        yield* ws.send(Uint8Array.of(1))
        expect([yield* ws.receive, yield* ws.receive]).toEqual(["hello", Uint8Array.of(1)])
        expect(yield* ws.close(1000)).toMatchObject({ clean: true })
      }
    }).pipe(quiet)
  )

  it.scopedLive("the connection is in the context of handlers, and the request is what it was", () =>
    Effect.gen(function* () {
      const seen = yield* Deferred.make<ReadonlyArray<unknown>>()
      const app = Effect.gen(function* () {
        const request = yield* HttpServerRequest.HttpServerRequest
        const socket = yield* request.upgrade
        yield* socket.run(() =>
          Effect.flatMap(Effect.serviceOption(Connection), (ws) =>
            Deferred.succeed(seen, [
              request.method,
              request.url,
              request.cookies,
              request.headers["x-mine"],
              Option.getOrThrow(ws).negotiated.request.target
            ])
          )
        )
        return HttpServerResponse.empty()
      })
      const fields = { Cookie: "a=1", "X-Mine": "yes" }
      const ws = yield* (yield* serve(app)).connect("/x?y=1", { fields })
      yield* ws.send("go")
      expect(yield* Deferred.await(seen)).toEqual(["GET", "/x?y=1", { a: "1" }, "yes", "/x?y=1"])
    }).pipe(quiet)
  )

  it.scopedLive("a refusal is a RequestError, whose response is that of the handshake", () =>
    Effect.gen(function* () {
      const kinds: Array<string> = []
      const app = Effect.tapError(echo, (error) => Effect.sync(() => void kinds.push(`${error._tag} ${error.reason}`)))
      const clients = yield* serve(app, { origin: ["https://us.example"] })
      expect(yield* statusOf(clients.connect("/", { fields: { Origin: "https://others.example" } }))).toBe(403)
      expect(kinds).toEqual(["RequestError Decode"])
      // As RPC asks for it.
      const dying = yield* serve(Effect.orDie(echo), { origin: ["https://us.example"] })
      expect(yield* statusOf(dying.connect("/", { fields: { Origin: "https://others.example" } }))).toBe(403)
    }).pipe(quiet)
  )

  it.scopedLive("has the options of the layer", () =>
    Effect.gen(function* () {
      const clients = yield* serve(echo, { subprotocols: ["v1"], closeCodeIsError: () => false })
      const ws = yield* clients.connect("/", { subprotocols: ["v1"] })
      expect(ws.negotiated.subprotocol).toBe("v1")
    }).pipe(quiet)
  )

  it.scopedLive("a handler that fails closes with 1011", () =>
    Effect.gen(function* () {
      const app = Effect.gen(function* () {
        const socket = yield* HttpServerRequest.upgrade
        yield* socket.run(() => Effect.fail("own"))
        return HttpServerResponse.empty()
      })
      const ws = yield* (yield* serve(app)).connect()
      yield* ws.send("x")
      expect(Option.getOrUndefined((yield* ws.closed).received)?.code).toBe(1011)
    }).pipe(quiet)
  )
})

describe("requests that ask for another protocol", () => {
  it.scopedLive("RFC 9110 §7.8: are answered as ordinary ones, with whatever their Scope holds", () =>
    Effect.gen(function* () {
      const events: Array<string> = []
      const app = Effect.gen(function* () {
        yield* Effect.addFinalizer(() => Effect.sync(() => void events.push("released")))
        const body = Stream.repeatEffectWithSchedule(
          Effect.sync(() => {
            events.push("chunk")
            return new TextEncoder().encode("x")
          }),
          Schedule.recurs(2)
        )
        return HttpServerResponse.stream(body)
      })
      const clients = yield* serve(app)
      const { statusCode } = yield* clients.get("/", {
        headers: { Connection: "Upgrade, HTTP2-Settings", Upgrade: "h2c" }
      })
      expect(statusCode).toBe(200)
      expect(events).toEqual(["chunk", "chunk", "chunk", "released"])
    }).pipe(quiet)
  )
})

describe("hostile clients", () => {
  it.scopedLive("a reset while the route decides is no uncaught error, and the route ends", () =>
    Effect.gen(function* () {
      const uncaught: Array<unknown> = []
      const onUncaught = (error: unknown) => uncaught.push(error)
      yield* Effect.acquireRelease(
        Effect.sync(() => process.on("uncaughtExceptionMonitor", onUncaught)),
        () => Effect.sync(() => process.off("uncaughtExceptionMonitor", onUncaught))
      )
      const begun = yield* Deferred.make<void>()
      const ended = yield* Deferred.make<void>()
      const app = Effect.zipRight(Deferred.succeed(begun, undefined), Effect.never).pipe(
        Effect.onExit(() => Deferred.succeed(ended, undefined))
      )
      const clients = yield* serve(app)
      const { socket } = yield* clients.open
      socket.write(handshake())
      yield* Deferred.await(begun)
      socket.resetAndDestroy()
      yield* Deferred.await(ended)
      expect(uncaught).toEqual([])
    }).pipe(quiet)
  )

  it.live("a malformed handshake is answered, and the server ends", () =>
    Effect.gen(function* () {
      const answer = yield* Effect.scoped(
        Effect.gen(function* () {
          const { open } = yield* serve(echo)
          const raw = yield* open
          raw.socket.write(handshake().replace(/Sec-WebSocket-Key: .*/, "Sec-WebSocket-Key: foo"))
          return yield* raw.until("\r\n\r\n")
        })
      )
      expect(answer).toContain("HTTP/1.1 400 ")
    }).pipe(quiet)
  )
})

describe("other servers and routers", () => {
  it.scopedLive("RFC 6455 §10.2: over TLS, where the same origin is https", () =>
    Effect.gen(function* () {
      const server = https.createServer(certificates.server)
      const layer = PlatformHttpServer.layerServer(() => server, { port: 0, host: "127.0.0.1" })
      const app = HttpServer.serve(WebSocketUpgrade.toHttpApp((ws) => ws.send(String(ws.info.encrypted))))
      const context = yield* Layer.build(Layer.provideMerge(app, layer))
      const port = portOf(Context.get(context, HttpServer.HttpServer).address)
      const connect = (origin: string) =>
        Effect.flatMap(
          WebSocket.connect(`wss://localhost:${port}/`, { fields: { Origin: origin } }),
          (ws) => ws.receive
        )
      expect(yield* connect(`https://localhost:${port}`)).toBe("true")
      expect(yield* statusOf(connect(`http://localhost:${port}`))).toBe(403)
    }).pipe(
      Effect.scoped,
      Effect.provide(Layer.merge(WebSocket.layer, NodeTransport.layerTls({ ca: certificates.ca }))),
      quiet
    )
  )

  it.scopedLive("the router of layers", () =>
    Effect.gen(function* () {
      const routes = HttpLayerRouter.use((router) =>
        Effect.zipRight(
          router.add("GET", "/socket", echo),
          router.add(
            "GET",
            "/app",
            WebSocketUpgrade.toHttpApp((ws) => ws.run((message) => ws.send(message)))
          )
        )
      )
      const layer = PlatformHttpServer.layerServer(http.createServer, { port: 0, host: "127.0.0.1" })
      const served = HttpLayerRouter.serve(routes, { disableLogger: true, disableListenLog: true })
      const context = yield* Layer.build(Layer.provideMerge(served, layer))
      const { connect } = clientsOf(portOf(Context.get(context, HttpServer.HttpServer).address))
      for (const target of ["/socket", "/app"]) {
        const ws = yield* connect(target)
        yield* ws.send(target)
        expect(yield* ws.receive).toBe(target)
      }
    }).pipe(Effect.scoped, Effect.provide(WebSocket.layer))
  )
})

describe("the layers", () => {
  const app = HttpServer.serve(
    HttpRouter.empty.pipe(HttpRouter.get("/", echo), HttpRouter.get("/ok", HttpServerResponse.text("ok")))
  )
  const port = Effect.map(HttpServer.HttpServer, ({ address }) => portOf(address))

  const works = Effect.gen(function* () {
    const ws = yield* clientsOf(yield* port).connect("/")
    yield* ws.send("hello")
    expect(yield* ws.receive).toBe("hello")
  })

  it.scopedLive("layer", () =>
    works.pipe(
      Effect.provide(
        Layer.provideMerge(app, PlatformHttpServer.layer(http.createServer, { port: 0, host: "127.0.0.1" }))
      ),
      Effect.provide(WebSocket.layer),
      quiet
    )
  )

  it.scopedLive("layerConfig", () =>
    works.pipe(
      Effect.provide(
        Layer.provideMerge(
          app,
          PlatformHttpServer.layerConfig(http.createServer, {
            port: Config.integer("PORT"),
            host: Config.string("HOST")
          })
        )
      ),
      Effect.provide(WebSocket.layer),
      Effect.withConfigProvider(
        ConfigProvider.fromMap(
          new Map([
            ["PORT", "0"],
            ["HOST", "127.0.0.1"]
          ])
        )
      ),
      quiet
    )
  )

  it.scopedLive("layerTest has a client for ordinary requests", () =>
    Effect.gen(function* () {
      yield* works
      expect(yield* Effect.flatMap(HttpClient.get("/ok"), ({ text }) => text)).toBe("ok")
    }).pipe(
      Effect.provide(Layer.provideMerge(app, PlatformHttpServer.layerTest)),
      Effect.provide(WebSocket.layer),
      quiet
    )
  )

  it.scopedLive("a port that is taken is a ServeError", () =>
    Effect.gen(function* () {
      const { port } = yield* serve(WebSocketUpgrade.toHttpApp(() => Effect.void))
      const second = PlatformHttpServer.layerServer(http.createServer, { port, host: "127.0.0.1" })
      const error = yield* Effect.flip(Layer.build(Layer.provide(second, WebSocket.layer)))
      expect(error._tag).toBe("ServeError")
    }).pipe(quiet)
  )
})
