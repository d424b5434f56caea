import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpMiddleware from "@effect/platform/HttpMiddleware"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { describe, expect, it } from "@effect/vitest"
import * as NodeCompression from "@effect-websocket/node/NodeCompression"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Handshake from "effect-websocket/Handshake"
import type { WebSocket } from "effect-websocket/WebSocket"
import type { HandshakeError } from "effect-websocket/WebSocketError"
import * as WebSocketUpgrade from "../src/WebSocketUpgrade.js"
import { frame, handshake, serve } from "./support/http.js"
import { leavesNothing } from "./support/leavesNothing.js"

leavesNothing()

const quiet = Effect.provide(Logger.remove(Logger.defaultLogger))

const echo = (ws: WebSocket) => ws.run((message) => ws.send(message))

/** The response of a refusal, as a client sees it. */
const refusalOf = <A, E, R>(connecting: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(connecting), (error) => {
    const { body, head } = Option.getOrThrow((error as unknown as HandshakeError).response)
    return { status: head.status, fields: head.fields, text: new TextDecoder().decode(body) }
  })

describe("upgrade, in a route", () => {
  it.scopedLive("gives a WebSocket, beside ordinary routes", () =>
    Effect.gen(function* () {
      const chat = Effect.gen(function* () {
        const { room } = yield* HttpRouter.schemaPathParams(Schema.Struct({ room: Schema.String }))
        const ws = yield* WebSocketUpgrade.upgrade({ subprotocols: ["chat"] })
        yield* ws.send(`in ${room}`)
        yield* echo(ws)
        return HttpServerResponse.empty()
      })
      const clients = yield* serve(
        HttpRouter.empty.pipe(
          HttpRouter.get("/", HttpServerResponse.text("hello")),
          HttpRouter.mount("/rooms", HttpRouter.empty.pipe(HttpRouter.get("/:room", chat)))
        )
      )
      expect((yield* clients.get("/")).statusCode).toBe(200)
      const ws = yield* clients.connect("/rooms/blue?x=1", { subprotocols: ["v2", "chat"] })
      expect(ws.negotiated.subprotocol).toBe("chat")
      expect(yield* ws.receive).toBe("in blue")
      yield* ws.send("hi")
      expect(yield* ws.receive).toBe("hi")
      expect(yield* ws.close()).toMatchObject({ clean: true })
      expect((yield* clients.get("/rooms")).statusCode).toBe(404)
    }).pipe(quiet)
  )

  it.scopedLive("the octets that came with the request are the first of the connection", () =>
    Effect.gen(function* () {
      const clients = yield* serve(WebSocketUpgrade.toHttpApp(echo))
      const raw = yield* clients.open
      raw.socket.write(Buffer.concat([Buffer.from(handshake()), frame("early"), frame("bird").subarray(0, 3)]))
      expect(yield* raw.until("early")).toContain("\r\n\r\n\x81\x05early")
      raw.socket.write(frame("bird").subarray(3))
      yield* raw.until("bird")
    }).pipe(quiet)
  )

  it.scopedLive("P-09: permessage-deflate as the options say: its level, and from which length on", () =>
    Effect.gen(function* () {
      const compression = { threshold: 10, level: 0 }
      const both = (ws: WebSocket) => Effect.zipRight(ws.sendAll(["123456789", "1234567890"]), ws.closed)
      const app = WebSocketUpgrade.toHttpApp(both, { compression })
      const clients = yield* serve(Effect.provide(app, NodeCompression.layer))
      const raw = yield* clients.open
      raw.socket.write(handshake("/", ["Sec-WebSocket-Extensions: permessage-deflate"]))
      const received = yield* raw.until("\xc1\x10\0\x0a\0\xf5\xff1234567890\0")
      expect(received).toMatch(/^Sec-WebSocket-Extensions: permessage-deflate/m)
      expect(received).toContain("\r\n\r\n\x81\x09123456789\xc1\x10")
    }).pipe(quiet)
  )

  it.scopedLive("middleware sees the request before, and may refuse it", () =>
    Effect.gen(function* () {
      const guarded = HttpMiddleware.make((app) => Effect.zipRight(Effect.yieldNow(), app))
      const refuse = HttpMiddleware.make((_app) => HttpServerResponse.text("closed today", { status: 403 }))
      const router = HttpRouter.empty.pipe(
        HttpRouter.get("/open", guarded(WebSocketUpgrade.toHttpApp(echo))),
        HttpRouter.get("/closed", refuse(WebSocketUpgrade.toHttpApp(echo)))
      )
      const clients = yield* serve(router)
      yield* clients.connect("/open")
      expect(yield* refusalOf(clients.connect("/closed"))).toMatchObject({ status: 403, text: "closed today" })
    }).pipe(quiet)
  )

  it.scopedLive("cookies and headers that middleware appends to responses are in the 101 and in refusals, once", () =>
    Effect.gen(function* () {
      let calls = 0
      const session = HttpMiddleware.make((app) =>
        Effect.zipRight(
          HttpApp.appendPreResponseHandler((_, response) => {
            calls++
            return Effect.orDie(
              HttpServerResponse.setCookie(HttpServerResponse.setHeader(response, "x-served-by", "us"), "id", "1")
            )
          }),
          app
        )
      )
      const app = WebSocketUpgrade.toHttpApp(() => Effect.void, {
        decorateResponse: () => ({ "X-Own": "yes" }),
        origin: ["https://us.example"]
      })
      const clients = yield* serve(app, { middleware: session })
      const ws = yield* clients.connect()
      const { fields } = ws.negotiated.response
      expect([fields.get("x-served-by"), fields.get("X-Own"), fields.get("Set-Cookie")]).toEqual(["us", "yes", "id=1"])
      yield* ws.closed
      expect(calls).toBe(1)
      const refused = yield* refusalOf(clients.connect("/", { fields: { Origin: "https://others.example" } }))
      expect(refused.status).toBe(403)
      expect(refused.fields.getAll("Set-Cookie")).toEqual(["id=1"])
      expect([refused.fields.get("x-served-by"), refused.fields.get("X-Own")]).toEqual(["us", "yes"])
      expect(calls).toBe(2)
    }).pipe(quiet)
  )

  it.scopedLive("RFC 9110 §7.2: the host that middleware takes from a proxy counts for the same origin", () =>
    Effect.gen(function* () {
      const app = WebSocketUpgrade.toHttpApp(echo, { secure: true })
      const clients = yield* serve(app, { middleware: HttpMiddleware.xForwardedHeaders })
      const fields = { Origin: "https://public.example", "X-Forwarded-Host": "public.example" }
      yield* clients.connect("/", { fields })
      expect((yield* refusalOf(clients.connect("/", { fields: { Origin: "https://public.example" } }))).status).toBe(
        403
      )
    }).pipe(quiet)
  )

  it.scopedLive("a second upgrade of a request fails", () =>
    Effect.gen(function* () {
      const app = Effect.gen(function* () {
        const ws = yield* WebSocketUpgrade.upgrade()
        const error = yield* Effect.flip(WebSocketUpgrade.upgrade())
        yield* ws.send(error._tag)
        return HttpServerResponse.empty()
      })
      const ws = yield* (yield* serve(app)).connect()
      expect(yield* ws.receive).toBe("OptionError")
    }).pipe(quiet)
  )
})

describe("refusals", () => {
  it.scopedLive.each([
    ["RFC 6455 §4.2.1: no base64 of 16 octets", ["Sec-WebSocket-Key: foo"], "400"],
    ["RFC 6455 §4.4: another version", ["Sec-WebSocket-Version: 12"], "426"],
    ["RFC 6455 §10.2: another origin", ["Origin: https://others.example"], "403"]
  ] as const)("%s is answered, and the server goes on", ([, fields, status]) =>
    Effect.gen(function* () {
      const clients = yield* serve(WebSocketUpgrade.toHttpApp(echo))
      const raw = yield* clients.open
      const names = fields.map((field) => field.split(":")[0]!)
      const lines = handshake()
        .split("\r\n")
        .filter((line) => !names.some((name) => line.startsWith(`${name}:`)))
      raw.socket.write([...lines.slice(0, -2), ...fields, "", ""].join("\r\n"))
      const answer = yield* raw.until("never")
      expect(answer).toContain(`HTTP/1.1 ${status} `)
      expect(answer.toLowerCase()).toContain("connection: close")
      yield* clients.connect()
    }).pipe(quiet)
  )

  it.scopedLive("RFC 9110 §15.5.22: an ordinary request for a WebSocket is 426, and the connection stays", () =>
    Effect.gen(function* () {
      const clients = yield* serve(WebSocketUpgrade.toHttpApp(echo))
      const { headers, statusCode } = yield* clients.get("/", { headers: { Connection: "keep-alive" } })
      expect(statusCode).toBe(426)
      expect(headers.upgrade).toBe("websocket")
      expect(headers.connection).toBe("keep-alive, Upgrade")
    }).pipe(quiet)
  )

  it.scopedLive("an application's policy refuses with its own response, and its session comes to the handler", () =>
    Effect.gen(function* () {
      const authorize = (request: Handshake.UpgradeRequest) =>
        request.head.fields.get("Authorization") === "let me in"
          ? Effect.succeed({ name: "Ada" })
          : Effect.fail(Handshake.reject({ status: 401, fields: { "Set-Cookie": "seen=1" }, body: "who are you?" }))
      const clients = yield* serve(
        WebSocketUpgrade.toHttpApp({ authorize }, (ws, { name }) => ws.send(`hello ${name}`))
      )
      const refused = yield* refusalOf(clients.connect())
      expect(refused).toMatchObject({ status: 401, text: "who are you?" })
      expect(refused.fields.get("Set-Cookie")).toBe("seen=1")
      const ws = yield* clients.connect("/", { fields: { Authorization: "let me in" } })
      expect(yield* ws.receive).toBe("hello Ada")
    }).pipe(quiet)
  )

  it.scopedLive("upgrade fails with the refusal, typed; a route that does not handle it answers with it", () =>
    Effect.gen(function* () {
      const upgrade = Effect.as(WebSocketUpgrade.upgrade({ hosts: ["us.example"] }), HttpServerResponse.empty())
      const handled = upgrade.pipe(
        Effect.catchTag("HandshakeError", ({ reason }) => HttpServerResponse.text(reason._tag, { status: 418 }))
      )
      const clients = yield* serve(
        HttpRouter.empty.pipe(HttpRouter.get("/plain", upgrade), HttpRouter.get("/handled", handled))
      )
      expect((yield* refusalOf(clients.connect("/plain"))).status).toBe(421)
      expect(yield* refusalOf(clients.connect("/handled"))).toMatchObject({ status: 418, text: "ForbiddenHost" })
    }).pipe(quiet)
  )

  it.scopedLive("a policy that takes longer than the handshake may is 503", () =>
    Effect.gen(function* () {
      const app = WebSocketUpgrade.toHttpApp({ authorize: () => Effect.never, limits: { handshakeTimeout: 1 } }, echo)
      expect((yield* refusalOf((yield* serve(app)).connect())).status).toBe(503)
    }).pipe(quiet)
  )

  it.scopedLive("options out of range are a failure of ours: 500", () =>
    Effect.gen(function* () {
      const app = WebSocketUpgrade.toHttpApp(echo, { limits: { maxMessageSize: -1 } })
      expect((yield* refusalOf((yield* serve(app)).connect())).status).toBe(500)
    }).pipe(quiet)
  )
})

describe("the end", () => {
  const ends = {
    "a handler that succeeds": [() => Effect.void, 1000],
    "a handler that fails": [() => Effect.fail("own"), 1011],
    "a handler that dies": [() => Effect.die("own"), 1011]
  } as const

  for (const [name, [handler, code]] of Object.entries(ends)) {
    for (const middleware of [undefined, HttpMiddleware.logger]) {
      const how = middleware === undefined ? "" : ", also behind middleware"
      it.scopedLive(`${name} closes with ${code}${how}`, () =>
        Effect.gen(function* () {
          const viaRoute = HttpRouter.empty.pipe(
            HttpRouter.get("/app", WebSocketUpgrade.toHttpApp(handler)),
            HttpRouter.get(
              "/route",
              Effect.as(Effect.zipRight(WebSocketUpgrade.upgrade(), handler()), HttpServerResponse.empty())
            )
          )
          const clients = yield* serve(viaRoute, middleware === undefined ? {} : { middleware })
          for (const target of ["/app", "/route"]) {
            const ws = yield* clients.connect(target)
            const { clean, received } = yield* ws.closed
            expect([clean, Option.getOrUndefined(received)?.code]).toEqual([true, code])
          }
        }).pipe(quiet)
      )
    }
  }

  it.live("the end of the server closes connections with 1001, also those of an application without a router", () =>
    Effect.gen(function* () {
      const app = Effect.gen(function* () {
        const ws = yield* WebSocketUpgrade.upgrade()
        yield* echo(ws)
        return HttpServerResponse.empty()
      })
      for (const each of [app, WebSocketUpgrade.toHttpApp(echo)]) {
        const code = yield* Deferred.make<number | undefined>()
        yield* Effect.scoped(
          Effect.gen(function* () {
            const clients = yield* serve(each)
            const scoped = Effect.scoped(
              Effect.gen(function* () {
                const ws = yield* clients.connect()
                yield* ws.send("up")
                yield* ws.receive
                yield* Deferred.succeed(up, undefined)
                const { received } = yield* ws.closed
                yield* Deferred.succeed(code, Option.getOrUndefined(received)?.code)
              })
            )
            const up = yield* Deferred.make<void>()
            yield* Effect.forkDaemon(scoped)
            yield* Deferred.await(up)
          })
        )
        expect(yield* Deferred.await(code)).toBe(1001)
      }
    }).pipe(quiet)
  )

  it.scopedLive("handlers in progress finish when the client closes", () =>
    Effect.gen(function* () {
      const finished = yield* Deferred.make<void>()
      const app = WebSocketUpgrade.toHttpApp((ws) =>
        ws.run(() => Effect.zipRight(ws.closed, Deferred.succeed(finished, undefined)))
      )
      const ws = yield* (yield* serve(app)).connect()
      yield* ws.send("x")
      yield* ws.close()
      yield* Deferred.await(finished)
    }).pipe(quiet)
  )

  it.scopedLive("a connection that has ended is no failure of the application", () =>
    Effect.gen(function* () {
      const status = yield* Deferred.make<number | string>()
      const seen = HttpMiddleware.make((app) =>
        Effect.onExit(app, (exit) =>
          Deferred.succeed(status, exit._tag === "Success" ? exit.value.status : exit.cause.toString())
        )
      )
      const app = seen(WebSocketUpgrade.toHttpApp((ws) => Effect.forever(ws.receive)))
      const ws = yield* (yield* serve(app)).connect()
      yield* ws.close()
      expect(yield* Deferred.await(status)).toBe(101)
    }).pipe(quiet)
  )
})
