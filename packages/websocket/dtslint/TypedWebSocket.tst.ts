import type { NonEmptyReadonlyArray } from "effect/Array"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import { messagePack } from "effect-websocket/MessagePack"
import type * as Reconnect from "effect-websocket/Reconnect"
import * as TypedWebSocket from "effect-websocket/TypedWebSocket"
import type { WebSocket } from "effect-websocket/WebSocket"
import type { Closed, ProtocolError, SendError, TimeoutError, TransportError } from "effect-websocket/WebSocketError"
import { describe, expect, test } from "tstyche"

class Dictionary extends Context.Tag("Dictionary")<Dictionary, string>() {}
class Journal extends Context.Tag("Journal")<Journal, string>() {}

type ReceiveError = Closed | ProtocolError | TransportError | TimeoutError

const Event = Schema.Struct({ said: Schema.String, at: Schema.DateFromString })
const Command = Schema.Struct({ say: Schema.String })
interface Said {
  readonly said: string
  readonly at: Date
}
interface Say {
  readonly say: string
}

const Word = Schema.transformOrFail(Schema.String, Schema.String, {
  decode: (word) => Effect.as(Dictionary, word),
  encode: (word) => Effect.as(Dictionary, word)
})

const receive = TypedWebSocket.json(Event)
const send = TypedWebSocket.json(Command)

declare const ws: WebSocket

describe("make", () => {
  const typed = TypedWebSocket.make({ receive, send }).over(ws)

  test("types what comes by the schema, and adds DecodeError", () => {
    expect(typed.receive).type.toBe<Effect.Effect<Said, ReceiveError | TypedWebSocket.DecodeError>>()
    expect(typed.pull).type.toBe<
      Effect.Effect<NonEmptyReadonlyArray<Said>, ReceiveError | TypedWebSocket.DecodeError>
    >()
    expect(typed.messages).type.toBe<Stream.Stream<Said, ReceiveError | TypedWebSocket.DecodeError>>()
    typed.run((value) => {
      expect(value).type.toBe<Said>()
    })
    expect(typed.run(() => Effect.fail("wrong"))).type.toBe<
      Effect.Effect<void, ReceiveError | TypedWebSocket.DecodeError | string>
    >()
  })

  test("types what goes by the other schema, and adds EncodeError", () => {
    expect(typed.send({ say: "hello" })).type.toBe<Effect.Effect<void, SendError | TypedWebSocket.EncodeError>>()
    expect(typed.send).type.not.toBeCallableWith({ said: "hello" })
    expect(typed.send).type.not.toBeCallableWith("hello")
    expect(typed.sendAll).type.toBeCallableWith([{ say: "hello" }])
  })

  test("a value can be made a message without a socket", () => {
    expect(TypedWebSocket.make({ receive, send }).encode({ say: "hello" })).type.toBe<
      Effect.Effect<string | Uint8Array, TypedWebSocket.EncodeError>
    >()
    const needing = TypedWebSocket.make({ receive, send: TypedWebSocket.json(Word) })
    expect(needing.encode("hello")).type.toBe<
      Effect.Effect<string | Uint8Array, TypedWebSocket.EncodeError, Dictionary>
    >()
  })

  test("the socket beneath keeps its type", () => {
    expect(typed.socket).type.toBe<WebSocket>()
  })

  test("takes codecs, not schemas, and known policies", () => {
    expect(TypedWebSocket.make).type.not.toBeCallableWith({ receive: Event, send })
    expect(TypedWebSocket.make).type.not.toBeCallableWith({ receive, send, onInvalid: "ignore" })
    expect(TypedWebSocket.make).type.not.toBeCallableWith({ receive, send, onInvalid: { close: "1007" } })
  })

  test("goes over a Reconnect too, with what ends that", () => {
    type Client = Reconnect.Reconnecting<WebSocket, ReceiveError>
    expect(TypedWebSocket.make({ receive, send }).over<Client>).type.toBeCallableWith({} as Client)
    expect(TypedWebSocket.make({ receive, send }).over({} as Client).receive).type.toBe<
      Effect.Effect<Said, ReceiveError | Reconnect.GaveUp<ReceiveError> | TypedWebSocket.DecodeError>
    >()
  })
})

describe("onInvalid", () => {
  test("closing fails with DecodeError", () => {
    const typed = TypedWebSocket.make({ receive, send, onInvalid: { close: 1007 } }).over(ws)
    expect(typed.receive).type.toBe<Effect.Effect<Said, ReceiveError | TypedWebSocket.DecodeError>>()
  })

  test("who skips has no DecodeError", () => {
    const skipping = TypedWebSocket.make({ receive, send, onInvalid: "skip" }).over(ws)
    expect(skipping.receive).type.toBe<Effect.Effect<Said, ReceiveError>>()
    const reporting = TypedWebSocket.make({ receive, send, onInvalid: { skip: () => {} } }).over(ws)
    expect(reporting.receive).type.toBe<Effect.Effect<Said, ReceiveError>>()
  })

  test("what the report needs is needed by who receives", () => {
    const skip = (error: TypedWebSocket.DecodeError) => Effect.as(Journal, error.message)
    const typed = TypedWebSocket.make({ receive, send, onInvalid: { skip } }).over(ws)
    expect(typed.receive).type.toBe<Effect.Effect<Said, ReceiveError, Journal>>()
    expect(typed.send({ say: "hello" })).type.toBe<Effect.Effect<void, SendError | TypedWebSocket.EncodeError>>()
  })
})

describe("codecs", () => {
  test("have the type of the schema, and what it needs", () => {
    expect(receive).type.toBe<TypedWebSocket.Codec<Said>>()
    expect(messagePack(Command)).type.toBe<TypedWebSocket.Codec<Say>>()
    expect(TypedWebSocket.json(Word)).type.toBe<TypedWebSocket.Codec<string, Dictionary>>()
    expect(TypedWebSocket.text(Schema.NumberFromString)).type.toBe<TypedWebSocket.Codec<number>>()
  })

  test("what a schema needs is needed in its direction", () => {
    const typed = TypedWebSocket.make({ receive: TypedWebSocket.json(Word), send }).over(ws)
    expect(typed.receive).type.toBe<Effect.Effect<string, ReceiveError | TypedWebSocket.DecodeError, Dictionary>>()
    expect(typed.send({ say: "hello" })).type.toBe<Effect.Effect<void, SendError | TypedWebSocket.EncodeError>>()
    const flipped = TypedWebSocket.flip(TypedWebSocket.make({ receive: TypedWebSocket.json(Word), send })).over(ws)
    expect(flipped.receive).type.toBe<Effect.Effect<Say, ReceiveError | TypedWebSocket.DecodeError>>()
    expect(flipped.send("hello")).type.toBe<Effect.Effect<void, SendError | TypedWebSocket.EncodeError, Dictionary>>()
  })

  test("text and binary take schemas whose encoded side is that", () => {
    expect(TypedWebSocket.text).type.not.toBeCallableWith(Schema.Number)
    expect(TypedWebSocket.binary).type.not.toBeCallableWith(Schema.String)
  })
})

describe("bySubprotocol", () => {
  const Chat = TypedWebSocket.bySubprotocol({
    "chat.v2": TypedWebSocket.make({ receive, send }),
    "chat.v1": TypedWebSocket.make({ receive: TypedWebSocket.text(Schema.String), send, onInvalid: "skip" })
  })

  test("gives the names, for the option of the handshake", () => {
    expect(Chat.subprotocols).type.toBe<ReadonlyArray<"chat.v2" | "chat.v1">>()
  })

  test("`subprotocol` tells which values come", () => {
    Effect.map(Chat.over(ws), (typed) => {
      expect(typed.subprotocol).type.toBe<"chat.v2" | "chat.v1">()
      if (typed.subprotocol === "chat.v2") {
        expect(typed.receive).type.toBe<Effect.Effect<Said, ReceiveError | TypedWebSocket.DecodeError>>()
      } else {
        expect(typed.receive).type.toBe<Effect.Effect<string, ReceiveError>>()
      }
    })
  })

  test("fails when none of them was agreed, and needs a socket that tells", () => {
    expect(Effect.asVoid(Chat.over(ws))).type.toBe<Effect.Effect<void, TypedWebSocket.UnknownSubprotocol>>()
    expect(Chat.over).type.not.toBeCallableWith({} as Reconnect.Reconnecting<WebSocket, ReceiveError>)
  })

  test("takes protocols", () => {
    expect(TypedWebSocket.bySubprotocol).type.not.toBeCallableWith({ a: send })
  })
})
