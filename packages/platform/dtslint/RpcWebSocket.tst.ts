import type * as RpcClient from "@effect/rpc/RpcClient"
import * as RpcSerialization from "@effect/rpc/RpcSerialization"
import type * as RpcServer from "@effect/rpc/RpcServer"
import * as RpcWebSocket from "@effect-websocket/platform/RpcWebSocket"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { FrameStream } from "effect-websocket/FrameStream"
import type { Handshake } from "effect-websocket/Handshake"
import type { HttpCodec } from "effect-websocket/HttpCodec"
import type { Listener } from "effect-websocket/Listener"
import * as MemoryTransport from "effect-websocket/MemoryTransport"
import type { Transport } from "effect-websocket/Transport"
import * as WebSocket from "effect-websocket/WebSocket"
import type { OptionError } from "effect-websocket/WebSocketError"
import { describe, expect, test } from "tstyche"

class Token extends Context.Tag("Token")<Token, string>() {}

type Client = RpcSerialization.RpcSerialization | Transport | Handshake | FrameStream
type Server = RpcSerialization.RpcSerialization | Listener | HttpCodec | Handshake | FrameStream

const services = Layer.mergeAll(WebSocket.layer, MemoryTransport.layer, RpcSerialization.layerJson)

describe("layerClient", () => {
  test("is the protocol, over the services of a client", () => {
    expect(RpcWebSocket.layerClient("ws://any.host/")).type.toBe<Layer.Layer<RpcClient.Protocol, never, Client>>()
    expect(Layer.provide(RpcWebSocket.layerClient("ws://any.host/"), services)).type.toBe<
      Layer.Layer<RpcClient.Protocol>
    >()
  })

  test("a URI may be made for each attempt, and needs what it needs", () => {
    expect(RpcWebSocket.layerClient(Token)).type.toBe<Layer.Layer<RpcClient.Protocol, never, Client | Token>>()
  })

  test("handlers that wait to finish are no option", () => {
    expect(RpcWebSocket.layerClient).type.not.toBeCallableWith("ws://any.host/", { finishWithin: "1 second" })
  })
})

describe("layerServer", () => {
  test("is the protocol, over the services of a server; options out of range are its failure", () => {
    expect(RpcWebSocket.layerServer()).type.toBe<Layer.Layer<RpcServer.Protocol, OptionError, Server>>()
    expect(Layer.provide(RpcWebSocket.layerServer(), services)).type.toBe<
      Layer.Layer<RpcServer.Protocol, OptionError>
    >()
  })

  test("what its policies need is needed", () => {
    expect(RpcWebSocket.layerServer({ authorize: () => Effect.asVoid(Token) })).type.toBe<
      Layer.Layer<RpcServer.Protocol, OptionError, Server | Token>
    >()
  })
})
