import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as FrameStream from "effect-websocket/FrameStream"
import type * as Handshake from "effect-websocket/Handshake"
import type { HttpCodec } from "effect-websocket/HttpCodec"
import type { Listener } from "effect-websocket/Listener"
import * as MemoryTransport from "effect-websocket/MemoryTransport"
import type { Transport } from "effect-websocket/Transport"
import * as WebSocket from "effect-websocket/WebSocket"
import type {
  Closed,
  Closure,
  HandshakeError,
  OptionError,
  ProtocolError,
  SendError,
  TimeoutError,
  TransportError
} from "effect-websocket/WebSocketError"
import { describe, expect, test } from "tstyche"

class Wrong extends Data.TaggedError("Wrong")<{}> {}
class Token extends Context.Tag("Token")<Token, string>() {}

type ConnectError = HandshakeError | TransportError | TimeoutError | OptionError
type Services = Transport | Handshake.Handshake | FrameStream.FrameStream | Scope.Scope
type ConnectionError = Closed | ProtocolError | TransportError | TimeoutError

declare const ws: WebSocket.WebSocket

describe("connect", () => {
  test("fails with the errors of the handshake, and needs a Scope and the services", () => {
    expect(WebSocket.connect("ws://a/")).type.toBe<Effect.Effect<WebSocket.WebSocket, ConnectError, Services>>()
    expect(WebSocket.connect(new URL("ws://a/"), {})).type.toBe<
      Effect.Effect<WebSocket.WebSocket, ConnectError, Services>
    >()
  })

  test("a decorator that gives a value adds nothing", () => {
    expect(WebSocket.connect("ws://a/", { decorateRequest: () => ({ "X-A": "1" }) })).type.toBe<
      Effect.Effect<WebSocket.WebSocket, ConnectError, Services>
    >()
  })

  test("a decorator that is an effect adds its error and what it needs", () => {
    const decorateRequest = () =>
      Effect.flatMap(Token, (token) =>
        token === "" ? Effect.fail(new Wrong()) : Effect.succeed({ Authorization: token })
      )
    expect(WebSocket.connect("ws://a/", { decorateRequest })).type.toBe<
      Effect.Effect<WebSocket.WebSocket, ConnectError | Wrong, Services | Token>
    >()
  })

  test("a decision about redirects adds its error and what it needs; a number adds nothing", () => {
    expect(WebSocket.connect("ws://a/", { redirects: 3 })).type.toBe<
      Effect.Effect<WebSocket.WebSocket, ConnectError, Services>
    >()
    const allow = ({ to }: WebSocket.Redirection) =>
      Effect.flatMap(Token, (token) => (token === "" ? Effect.fail(new Wrong()) : Effect.succeed(to === token)))
    expect(WebSocket.connect("ws://a/", { redirects: { max: 3, allow } })).type.toBe<
      Effect.Effect<WebSocket.WebSocket, ConnectError | Wrong, Services | Token>
    >()
    expect(WebSocket.connect).type.not.toBeCallableWith("ws://a/", { redirects: { max: 3 } })
  })

  test("takes a URI or a URL, and known options", () => {
    expect(WebSocket.connect).type.not.toBeCallableWith(80)
    expect(WebSocket.connect).type.not.toBeCallableWith("ws://a/", { subprotocol: "chat" })
    expect(WebSocket.connect).type.not.toBeCallableWith("ws://a/", { fields: { "X-A": 1 } })
    expect(WebSocket.connect).type.not.toBeCallableWith("ws://a/", { limits: { maxSize: 1 } })
  })
})

describe("layers take away what they provide", () => {
  test("WebSocket.layer provides all above the transport", () => {
    expect(WebSocket.layer).type.toBe<Layer.Layer<HttpCodec | Handshake.Handshake | FrameStream.FrameStream>>()
  })

  test("a transport is left to be provided", () => {
    expect(Effect.provide(WebSocket.connect("ws://a/"), WebSocket.layer)).type.toBe<
      Effect.Effect<WebSocket.WebSocket, ConnectError, Transport | Scope.Scope>
    >()
  })

  test("with both only the Scope is left, and without it nothing", () => {
    const layer = Layer.merge(WebSocket.layer, MemoryTransport.layer)
    const connected = Effect.provide(WebSocket.connect("ws://a/"), layer)
    expect(connected).type.toBe<Effect.Effect<WebSocket.WebSocket, ConnectError, Scope.Scope>>()
    expect(Effect.scoped(connected)).type.toBe<Effect.Effect<WebSocket.WebSocket, ConnectError>>()
    expect(MemoryTransport.layer).type.toBe<Layer.Layer<Transport | Listener>>()
  })
})

describe("a connection", () => {
  test("receiving fails with every end of the connection, and needs nothing", () => {
    expect(ws.pull).type.toBe<Effect.Effect<NonEmptyReadonlyArray<string | Uint8Array>, ConnectionError>>()
    expect(ws.receive).type.toBe<Effect.Effect<string | Uint8Array, ConnectionError>>()
    expect(ws.messages).type.toBe<Stream.Stream<string | Uint8Array, ConnectionError>>()
  })

  test("run adds the error of its handler, and what it needs", () => {
    expect(ws.run(() => {})).type.toBe<Effect.Effect<void, ConnectionError>>()
    expect(ws.run((message) => ws.send(message))).type.toBe<Effect.Effect<void, ConnectionError | SendError>>()
    expect(ws.run(() => Effect.zipRight(Token, Effect.fail(new Wrong())))).type.toBe<
      Effect.Effect<void, ConnectionError | Wrong, Token>
    >()
  })

  test("send fails with SendError alone", () => {
    expect(ws.send("hello")).type.toBe<Effect.Effect<void, SendError>>()
    expect(ws.sendAll(["hello", new Uint8Array()])).type.toBe<Effect.Effect<void, SendError>>()
    expect(ws.unsafeSend("hello")).type.toBe<boolean>()
  })

  test("HARDENING A05, A06: what is no message is a compile error", () => {
    expect(ws.send).type.not.toBeCallableWith(50)
    expect(ws.send).type.not.toBeCallableWith(new Float32Array(20))
    expect(ws.send).type.not.toBeCallableWith({ a: 1 })
    expect(ws.ping).type.not.toBeCallableWith(50)
    expect(ws.close).type.not.toBeCallableWith(1000, new Float32Array(20))
    expect(ws.close).type.not.toBeCallableWith("1000")
  })

  test("sendStream adds the error of the body, and what it needs", () => {
    expect(ws.sendStream("text", Stream.make("a"))).type.toBe<Effect.Effect<void, SendError>>()
    expect(ws.sendStream("binary", Stream.zipRight(Stream.fromEffect(Token), Stream.fail(new Wrong())))).type.toBe<
      Effect.Effect<void, SendError | Wrong, Token>
    >()
  })

  test("ping gives the time between, and fails when the connection ends before", () => {
    expect(ws.ping()).type.toBe<Effect.Effect<Duration.Duration, SendError | ConnectionError>>()
    expect(ws.pong()).type.toBe<Effect.Effect<void, SendError>>()
  })

  test("close tells how it ended", () => {
    expect(ws.close()).type.toBe<Effect.Effect<Closure, SendError>>()
    expect(ws.close(1000, "bye")).type.toBe<Effect.Effect<Closure, SendError>>()
    expect(ws.closed).type.toBe<Effect.Effect<Closure>>()
  })
})
