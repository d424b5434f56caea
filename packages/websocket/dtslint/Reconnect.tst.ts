import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type * as SubscriptionRef from "effect/SubscriptionRef"
import type * as FrameStream from "effect-websocket/FrameStream"
import type * as Handshake from "effect-websocket/Handshake"
import type { MessageSocket, PortableWebSocket } from "effect-websocket/MessageSocket"
import * as Reconnect from "effect-websocket/Reconnect"
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

type Failure = HandshakeError | TransportError | TimeoutError | OptionError | Closed | ProtocolError
type Services = Transport | Handshake.Handshake | FrameStream.FrameStream

const connect = WebSocket.connect("ws://a/")
declare const client: Reconnect.Reconnecting<WebSocket.WebSocket, Failure>

describe("a MessageSocket", () => {
  test("is what a WebSocket is", () => {
    expect<PortableWebSocket>().type.toBeAssignableFrom<WebSocket.WebSocket>()
    expect<MessageSocket>().type.toBeAssignableFrom<WebSocket.WebSocket>()
  })

  test("has nothing that a browser has not", () => {
    expect<MessageSocket>().type.not.toHaveProperty("ping")
    expect<MessageSocket>().type.not.toHaveProperty("sendStream")
    expect<MessageSocket>().type.not.toHaveProperty("controlFrames")
  })
})

describe("make", () => {
  test("fails for options only, and needs what the connection needs, and a Scope", () => {
    expect(Reconnect.make(connect)).type.toBe<
      Effect.Effect<Reconnect.Reconnecting<WebSocket.WebSocket, Failure>, OptionError, Services | Scope.Scope>
    >()
  })

  test("a schedule adds no error, whatever its input", () => {
    expect(Reconnect.make(connect, { schedule: Schedule.spaced("1 second") })).type.toBe<
      Effect.Effect<Reconnect.Reconnecting<WebSocket.WebSocket, Failure>, OptionError, Services | Scope.Scope>
    >()
  })

  test("the hook adds its error, and what it needs; it gets the socket itself", () => {
    const resume = (ws: WebSocket.WebSocket) =>
      Effect.flatMap(Token, (token) => Effect.zipRight(ws.send(token), Effect.fail(new Wrong())))
    expect(Reconnect.make(connect, { resume })).type.toBe<
      Effect.Effect<
        Reconnect.Reconnecting<WebSocket.WebSocket, Failure | Wrong | SendError>,
        OptionError,
        Services | Token | Scope.Scope
      >
    >()
  })

  test("the decision sees every failure by its tag", () => {
    Reconnect.make(connect, {
      retry: (error) => {
        expect(error).type.toBe<Failure>()
        return true
      }
    })
  })

  test("takes known options", () => {
    expect(Reconnect.make).type.not.toBeCallableWith(connect, { outbox: "queue" })
    expect(Reconnect.make).type.not.toBeCallableWith(connect, { outbox: { whenFull: "dropNewest" } })
    expect(Reconnect.make).type.not.toBeCallableWith(connect, { schedule: 5 })
  })
})

describe("what it gives", () => {
  type End = Failure | Reconnect.GaveUp<Failure>

  test("fails with what ends the whole", () => {
    expect(client.pull).type.toBe<Effect.Effect<NonEmptyReadonlyArray<string | Uint8Array>, End>>()
    expect(client.receive).type.toBe<Effect.Effect<string | Uint8Array, End>>()
    expect(client.messages).type.toBe<Stream.Stream<string | Uint8Array, End>>()
    expect(client.run(() => Effect.zipRight(Token, Effect.fail(new Wrong())))).type.toBe<
      Effect.Effect<void, End | Wrong, Token>
    >()
    expect(client.send("hello")).type.toBe<Effect.Effect<void, End | SendError>>()
    expect(client.close(1000)).type.toBe<Effect.Effect<Closure, SendError>>()
  })

  test("has a state with the socket itself", () => {
    expect(client.state).type.toBe<
      SubscriptionRef.SubscriptionRef<Reconnect.ReconnectState<WebSocket.WebSocket, Failure>>
    >()
  })

  test("has no more than every connection has", () => {
    expect(client).type.not.toHaveProperty("ping")
    expect(client).type.not.toHaveProperty("negotiated")
  })
})
