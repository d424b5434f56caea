import * as BrowserWebSocket from "@effect-websocket/browser/BrowserWebSocket"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { PortableWebSocket, WebSocketClient } from "effect-websocket/WebSocketClient"
import type { HandshakeError, OptionError, TimeoutError, TransportError } from "effect-websocket/WebSocketError"
import { describe, expect, test } from "tstyche"

describe("connect", () => {
  test("needs nothing but a Scope", () => {
    expect(BrowserWebSocket.connect("wss://example.com/")).type.toBe<
      Effect.Effect<PortableWebSocket, HandshakeError | TransportError | TimeoutError | OptionError, Scope.Scope>
    >()
  })

  test("what a browser can be asked for is an option, and nothing else is", () => {
    const { connect } = BrowserWebSocket
    const options = { subprotocols: ["chat.v1"], requireSubprotocol: true, maxUnread: 1, limits: { highWaterMark: 1 } }
    expect(connect).type.toBeCallableWith("wss://example.com/", options)
    expect(connect).type.toBeCallableWith(new URL("wss://example.com/"))
    expect(connect).type.not.toBeCallableWith("wss://example.com/", { fields: { Authorization: "me" } })
    expect(connect).type.not.toBeCallableWith("wss://example.com/", { compression: true })
    expect(connect).type.not.toBeCallableWith("wss://example.com/", { redirects: 3 })
    expect(connect).type.not.toBeCallableWith("wss://example.com/", { limits: { maxMessageSize: 1 } })
    expect(connect).type.not.toBeCallableWith("wss://example.com/", { limits: { idleTimeout: 1 } })
  })
})

test("the layer is a client, and needs nothing", () => {
  expect(BrowserWebSocket.layer).type.toBe<Layer.Layer<WebSocketClient>>()
  expect(BrowserWebSocket.layerWith({ maxUnread: 1 })).type.toBe<Layer.Layer<WebSocketClient>>()
})
