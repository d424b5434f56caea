import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { FrameStream } from "effect-websocket/FrameStream"
import type { Handshake } from "effect-websocket/Handshake"
import type { Transport } from "effect-websocket/Transport"
import type { ConnectError, WebSocket } from "effect-websocket/WebSocket"
import * as WebSocketClient from "effect-websocket/WebSocketClient"
import { describe, expect, test } from "tstyche"

describe("a client of any platform", () => {
  test("opens what all of them have, and needs the client alone", () => {
    expect(WebSocketClient.connect("wss://example.com/")).type.toBe<
      Effect.Effect<WebSocketClient.PortableWebSocket, ConnectError, WebSocketClient.WebSocketClient | Scope.Scope>
    >()
    expect(WebSocketClient.layer).type.toBe<
      Layer.Layer<WebSocketClient.WebSocketClient, never, Transport | Handshake | FrameStream>
    >()
  })

  test("what no browser can be asked for is no option", () => {
    expect(WebSocketClient.connect).type.toBeCallableWith("wss://example.com/", { subprotocols: ["chat"] })
    expect(WebSocketClient.connect).type.not.toBeCallableWith("wss://example.com/", { fields: {} })
    expect(WebSocketClient.connect).type.not.toBeCallableWith("wss://example.com/", { compression: true })
  })

  test("what no browser has is not there", () => {
    expect<WebSocketClient.PortableWebSocket>().type.not.toHaveProperty("ping")
    expect<WebSocketClient.PortableWebSocket>().type.not.toHaveProperty("pong")
    expect<WebSocketClient.PortableWebSocket>().type.not.toHaveProperty("controlFrames")
    expect<WebSocketClient.PortableWebSocket>().type.not.toHaveProperty("receiveStream")
    expect<WebSocketClient.PortableWebSocket>().type.not.toHaveProperty("sendStream")
    expect<WebSocketClient.PortableWebSocket>().type.not.toHaveProperty("info")
    expect<WebSocketClient.PortableWebSocket["negotiated"]>().type.not.toHaveProperty("response")
    Effect.map(WebSocketClient.connect("wss://example.com/"), ({ send }) => {
      expect(send).type.toBeCallableWith("hello", { whenFull: "fail" })
      expect(send).type.not.toBeCallableWith("hello", { compress: false })
    })
  })

  test("a WebSocket of this library is one", () => {
    expect<WebSocket>().type.toBeAssignableTo<WebSocketClient.PortableWebSocket>()
  })
})
