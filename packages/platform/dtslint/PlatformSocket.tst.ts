import * as Socket from "@effect/platform/Socket"
import type * as SocketServer from "@effect/platform/SocketServer"
import * as NodeListener from "@effect-websocket/node/NodeListener"
import * as NodeTransport from "@effect-websocket/node/NodeTransport"
import * as PlatformSocket from "@effect-websocket/platform/PlatformSocket"
import * as PlatformSocketServer from "@effect-websocket/platform/PlatformSocketServer"
import * as SocketTransport from "@effect-websocket/platform/SocketTransport"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { FrameStream } from "effect-websocket/FrameStream"
import type { Handshake } from "effect-websocket/Handshake"
import type { HttpCodec } from "effect-websocket/HttpCodec"
import type { Listener } from "effect-websocket/Listener"
import type { Duplex, Transport } from "effect-websocket/Transport"
import * as WebSocket from "effect-websocket/WebSocket"
import type { TransportError } from "effect-websocket/WebSocketError"
import { describe, expect, test } from "tstyche"

class Token extends Context.Tag("Token")<Token, string>() {}
class Wrong extends Data.TaggedError("Wrong")<{}> {}

type Client = Transport | Handshake | FrameStream
type Server = Listener | HttpCodec | Handshake | FrameStream

declare const ws: WebSocket.WebSocket
declare const socket: Socket.Socket

describe("PlatformSocket.layerSocket", () => {
  test("is a Socket that cannot fail to be made, over the services of a client", () => {
    expect(PlatformSocket.layerSocket("ws://any.host/")).type.toBe<Layer.Layer<Socket.Socket, never, Client>>()
  })

  test("with both layers nothing is left to be provided", () => {
    const layers = [WebSocket.layer, NodeTransport.layer()] as const
    expect(Layer.provide(PlatformSocket.layerSocket("ws://any.host/"), [...layers])).type.toBe<
      Layer.Layer<Socket.Socket>
    >()
  })

  test("a URI may be an effect, made for each attempt; what it and the options need is needed", () => {
    const uri = Effect.map(Token, (token) => `ws://any.host/?${token}`)
    expect(PlatformSocket.layerSocket(uri)).type.toBe<Layer.Layer<Socket.Socket, never, Client | Token>>()
    expect(PlatformSocket.layerSocket(Effect.fail(new Wrong()))).type.toBe<Layer.Layer<Socket.Socket, never, Client>>()
    const decorateRequest = () => Effect.map(Token, (Authorization) => ({ Authorization }))
    expect(PlatformSocket.layerSocket("ws://any.host/", { decorateRequest })).type.toBe<
      Layer.Layer<Socket.Socket, never, Client | Token>
    >()
    expect(PlatformSocket.layerSocket).type.not.toBeCallableWith(Effect.succeed(1))
  })

  test("fields, TLS names and limits are options, which Effect's own has not", () => {
    const options = { fields: { Authorization: "me" }, limits: { maxMessageSize: 1 }, compression: true }
    expect(PlatformSocket.layerSocket).type.toBeCallableWith("ws://any.host/", options)
    expect(Socket.layerWebSocket).type.not.toBeCallableWith("ws://any.host/", { fields: { Authorization: "me" } })
    expect(Socket.makeWebSocket).type.not.toBeCallableWith("ws://any.host/", { headers: { authorization: "me" } })
    expect(PlatformSocket.layerSocket).type.not.toBeCallableWith("ws://any.host/", { headers: {} })
  })
})

describe("PlatformSocket.toSocket", () => {
  test("takes whatever opens a WebSocket; its Scope is that of each run, its failure the cause of one", () => {
    const opened = Effect.zipRight(Token, WebSocket.connect("ws://any.host/"))
    expect(PlatformSocket.toSocket(opened)).type.toBe<Effect.Effect<Socket.Socket, never, Client | Token>>()
    expect(PlatformSocket.toSocket).type.not.toBeCallableWith(Effect.succeed(socket))
  })

  test("a connection that is open needs nothing", () => {
    expect(PlatformSocket.fromWebSocket(ws)).type.toBe<Effect.Effect<Socket.Socket>>()
  })

  test("a handler finds the connection, which Effect's own Sockets have not", () => {
    expect(Effect.serviceOption(PlatformSocket.Connection)).type.toBe<
      Effect.Effect<import("effect/Option").Option<WebSocket.WebSocket>>
    >()
    expect<Socket.Socket>().type.not.toHaveProperty("ping")
  })
})

describe("PlatformSocket.layerWebSocketConstructor", () => {
  test("provides what Effect's own Sockets are made with", () => {
    const layer = Layer.provide(Socket.layerWebSocket("ws://any.host/"), PlatformSocket.layerWebSocketConstructor())
    expect(layer).type.toBe<Layer.Layer<Socket.Socket, never, Client>>()
  })
})

describe("PlatformSocketServer.layerSocketServer", () => {
  test("is a SocketServer over the services of a server", () => {
    expect(PlatformSocketServer.layerSocketServer()).type.toBe<Layer.Layer<SocketServer.SocketServer, never, Server>>()
  })

  test("with both layers only the listener may fail", () => {
    const layers = Layer.merge(WebSocket.layer, NodeListener.layerTcp({ port: 0 }))
    expect(Layer.provide(PlatformSocketServer.layerSocketServer(), layers)).type.toBe<
      Layer.Layer<SocketServer.SocketServer, TransportError>
    >()
  })

  test("what the options need is needed", () => {
    const options = { authorize: () => Token, closeCodeIsError: () => false }
    expect(PlatformSocketServer.layerSocketServer(options)).type.toBe<
      Layer.Layer<SocketServer.SocketServer, never, Server | Token>
    >()
  })
})

describe("SocketTransport", () => {
  test("a Socket is a Duplex of the Scope", () => {
    expect(SocketTransport.fromSocket(socket)).type.toBe<Effect.Effect<Duplex, TransportError, Scope.Scope>>()
  })

  test("a Transport needs what makes its Sockets, but no Scope", () => {
    const layer = SocketTransport.layerTransport(() => Effect.zipRight(Effect.scope, Effect.as(Token, socket)))
    expect(layer).type.toBe<Layer.Layer<Transport, never, Token>>()
  })

  test("a Listener needs a SocketServer", () => {
    expect(SocketTransport.layerListener()).type.toBe<Layer.Layer<Listener, never, SocketServer.SocketServer>>()
  })
})
