import { createServer } from "node:http"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServer from "@effect/platform/HttpServer"
import type { ServeError } from "@effect/platform/HttpServerError"
import type { HttpServerRequest } from "@effect/platform/HttpServerRequest"
import type { HttpServerResponse } from "@effect/platform/HttpServerResponse"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as PlatformHttpServer from "@effect-websocket/platform/PlatformHttpServer"
import * as WebSocketUpgrade from "@effect-websocket/platform/WebSocketUpgrade"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { FrameStream } from "effect-websocket/FrameStream"
import * as Handshake from "effect-websocket/Handshake"
import * as WebSocket from "effect-websocket/WebSocket"
import type { OptionError } from "effect-websocket/WebSocketError"
import { describe, expect, test } from "tstyche"

class Token extends Context.Tag("Token")<Token, string>() {}
class Users extends Context.Tag("Users")<Users, ReadonlyMap<string, string>>() {}
class Wrong extends Data.TaggedError("Wrong")<{}> {}

type Services = Handshake.Handshake | FrameStream

const echo = (ws: WebSocket.WebSocket) => ws.run((message) => ws.send(message))

describe("upgrade", () => {
  test("gives the connection, and fails with a response or what else there is", () => {
    expect(WebSocketUpgrade.upgrade()).type.toBe<
      Effect.Effect<WebSocket.WebSocket, WebSocketUpgrade.UpgradeError, HttpServerRequest | Services | Scope.Scope>
    >()
  })

  test("what its policies need is needed; a session is for toHttpApp", () => {
    const decorateResponse = () => Effect.map(Token, (token) => ({ "X-Token": token }))
    expect<Effect.Effect.Context<ReturnType<typeof WebSocketUpgrade.upgrade<Token>>>>().type.toBe<
      HttpServerRequest | Services | Scope.Scope | Token
    >()
    expect(WebSocketUpgrade.upgrade).type.toBeCallableWith({ decorateResponse, limits: { maxMessageSize: 1 } })
    expect(WebSocketUpgrade.upgrade).type.not.toBeCallableWith({ authorize: () => Effect.void })
  })
})

describe("toHttpApp", () => {
  test("is an application: the Scope is provided, what handlers need and fail with is not lost", () => {
    expect(WebSocketUpgrade.toHttpApp(() => Effect.zipRight(Effect.scope, Token))).type.toBe<
      Effect.Effect<HttpServerResponse, OptionError, HttpServerRequest | Services | Token>
    >()
    expect<Effect.Effect.Error<WebSocketUpgrade.App<Wrong, never>>>().type.toBe<Wrong | OptionError>()
    expect(WebSocketUpgrade.toHttpApp(() => Effect.fail(new Wrong()))).type.toBeAssignableTo<
      Effect.Effect<HttpServerResponse, Wrong | OptionError, HttpServerRequest | Services>
    >()
  })

  test("with the options first the handler gets the session", () => {
    const app = WebSocketUpgrade.toHttpApp(
      { authorize: () => Effect.map(Users, ({ size }) => ({ size })) },
      (ws, session) => {
        expect(session).type.toBe<{ size: number }>()
        return ws.send(`${session.size}`)
      }
    )
    expect<Users>().type.toBeAssignableTo<Effect.Effect.Context<typeof app>>()
  })

  test("a refusal is one of Handshake.reject", () => {
    expect(WebSocketUpgrade.toHttpApp).type.toBeCallableWith(
      { authorize: () => Effect.fail(Handshake.reject({ status: 401 })) },
      echo
    )
    expect(WebSocketUpgrade.toHttpApp).type.not.toBeCallableWith({ authorize: () => Effect.fail(new Wrong()) }, echo)
  })

  test("handlers and options are known", () => {
    expect(WebSocketUpgrade.toHttpApp).type.not.toBeCallableWith(() => "hello")
    expect(WebSocketUpgrade.toHttpApp).type.not.toBeCallableWith(echo, { maxPayload: 1 })
  })
})

describe("PlatformHttpServer", () => {
  const app = HttpRouter.empty.pipe(HttpRouter.get("/", WebSocketUpgrade.toHttpApp(echo)), HttpServer.serve())

  test("is in the place of NodeHttpServer, and provides the same", () => {
    const theirs = NodeHttpServer.layer(createServer, { port: 0 })
    const ours = Layer.provide(PlatformHttpServer.layer(createServer, { port: 0 }), WebSocket.layer)
    expect<Layer.Layer.Success<typeof ours>>().type.toBe<Layer.Layer.Success<typeof theirs>>()
    expect<Layer.Layer.Error<typeof ours>>().type.toBe<Layer.Layer.Error<typeof theirs>>()
    expect<Layer.Layer.Context<typeof ours>>().type.toBe<Layer.Layer.Context<typeof theirs>>()
  })

  test("so does the one of tests", () => {
    const ours = Layer.provide(PlatformHttpServer.layerTest, WebSocket.layer)
    expect<Layer.Layer.Success<typeof NodeHttpServer.layerTest>>().type.toBeAssignableTo<
      Layer.Layer.Success<typeof ours>
    >()
  })

  test("with WebSocket.layer nothing is left to be provided to an application", () => {
    const served = app.pipe(
      Layer.provide(PlatformHttpServer.layer(createServer, { port: 0 })),
      Layer.provide(WebSocket.layer)
    )
    expect(served).type.toBe<Layer.Layer<never, ServeError>>()
  })
})
