import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Broadcast from "effect-websocket/Broadcast"
import type * as Reconnect from "effect-websocket/Reconnect"
import * as TypedWebSocket from "effect-websocket/TypedWebSocket"
import * as WebSocket from "effect-websocket/WebSocket"
import type { PortableWebSocket } from "effect-websocket/WebSocketClient"
import type { OptionError, SendError, TransportError } from "effect-websocket/WebSocketError"
import { describe, expect, test } from "tstyche"

type Room = "tea" | "milk"

declare const rooms: Broadcast.Broadcast<Room>
declare const ws: WebSocket.WebSocket

describe("make", () => {
  test("needs nothing; its options are its failure; keys are texts unless said otherwise", () => {
    expect(Broadcast.make()).type.toBe<Effect.Effect<Broadcast.Broadcast<string>, OptionError>>()
    expect(Broadcast.make<Room>({ whenSlow: "dropOldest" })).type.toBe<
      Effect.Effect<Broadcast.Broadcast<Room>, OptionError>
    >()
    expect(Broadcast.make).type.not.toBeCallableWith({ whenSlow: "wait" })
  })
})

describe("subscribe", () => {
  test("is of the Scope, and cannot fail", () => {
    expect(rooms.subscribe("tea", ws)).type.toBe<Effect.Effect<Broadcast.Subscription, never, Scope.Scope>>()
    expect(rooms.subscribe).type.not.toBeCallableWith("coffee", ws)
  })

  test("takes sockets of every kind, and no typed ones: those send what they have encoded", () => {
    expect(rooms.subscribe).type.toBeCallableWith("tea", {} as PortableWebSocket)
    expect(rooms.subscribe).type.toBeCallableWith(
      "tea",
      {} as Reconnect.Reconnecting<WebSocket.WebSocket, TransportError>
    )
    const codec = TypedWebSocket.json(Schema.Number)
    const typed = TypedWebSocket.make({ receive: codec, send: codec }).over(ws)
    expect(rooms.subscribe).type.not.toBeCallableWith("tea", typed)
  })

  test("tells when nothing is delivered any more, and why", () => {
    Effect.map(rooms.subscribe("tea", ws), ({ dropped, ended, unsubscribe }) => {
      expect(ended).type.toBe<Effect.Effect<void, Broadcast.TooSlow | SendError>>()
      expect(dropped).type.toBe<Effect.Effect<number>>()
      expect(unsubscribe).type.toBe<Effect.Effect<void>>()
    })
  })
})

describe("publish", () => {
  test("takes messages, made ready or not, and gives a count", () => {
    expect(rooms.publish("tea", "hello")).type.toBe<Effect.Effect<number>>()
    expect(rooms.publish).type.toBeCallableWith("tea", new Uint8Array(1), { except: ws })
    expect(rooms.publish).type.toBeCallableWith("milk", WebSocket.prepare("hello"))
    expect(rooms.publish).type.not.toBeCallableWith("tea", { say: "hello" })
  })
})
