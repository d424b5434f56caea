import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as WebSocket from "effect-websocket/WebSocket"
import {
  type Closed,
  catchReason,
  type HandshakeError,
  type HttpResponse,
  type OptionError,
  type ProtocolError,
  type TimeoutError,
  TransportError
} from "effect-websocket/WebSocketError"
import { describe, expect, test } from "tstyche"

class Wrong extends Data.TaggedError("Wrong")<{}> {}

declare const ws: WebSocket.WebSocket
const connected = WebSocket.connect("ws://a/")

describe("catchTag", () => {
  test("takes one of the tags away", () => {
    const caught = Effect.catchTag(connected, "HandshakeError", (error) => {
      expect(error).type.toBe<HandshakeError>()
      expect(error.response).type.toBe<Option.Option<HttpResponse>>()
      return Effect.succeed(1)
    })
    expect<Effect.Effect.Error<typeof caught>>().type.toBe<TransportError | TimeoutError | OptionError>()
    expect<Effect.Effect.Success<typeof caught>>().type.toBe<WebSocket.WebSocket | number>()
  })

  test("all of them take all away", () => {
    const caught = Effect.catchTags(ws.receive, {
      Closed: ({ closure }) => Effect.succeed(closure.clean),
      ProtocolError: ({ reason }) => Effect.succeed(reason.closeCode),
      TransportError: ({ reason }) => Effect.succeed(reason._tag),
      TimeoutError: ({ phase }) => Effect.succeed(phase)
    })
    expect<Effect.Effect.Error<typeof caught>>().type.toBe<never>()
  })

  test("an unknown tag is a compile error", () => {
    expect(Effect.catchTag(ws.receive, "Closed", () => Effect.void)).type.toBeAssignableTo<
      Effect.Effect<unknown, ProtocolError | TransportError | TimeoutError>
    >()
    expect<Effect.Effect.Error<typeof ws.receive>>().type.toBe<Closed | ProtocolError | TransportError | TimeoutError>()
  })
})

describe("catchReason", () => {
  test("narrows the reason, with all its fields, and keeps the tag since it has other reasons", () => {
    const caught = catchReason(connected, "HandshakeError", "UpgradeDeclined", (reason, error) => {
      expect(reason._tag).type.toBe<"UpgradeDeclined">()
      expect(reason.retryAfter).type.toBe<number | undefined>()
      expect(reason.response.status).type.toBe<number>()
      expect(error).type.toBe<HandshakeError>()
      return Effect.succeed(1)
    })
    expect<Effect.Effect.Error<typeof caught>>().type.toBe<
      HandshakeError | TransportError | TimeoutError | OptionError
    >()
    expect<Effect.Effect.Success<typeof caught>>().type.toBe<WebSocket.WebSocket | number>()
    expect<Effect.Effect.Context<typeof caught>>().type.toBe<Effect.Effect.Context<typeof connected>>()
  })

  test("in a pipe", () => {
    const caught = connected.pipe(
      catchReason("TransportError", "Open", (reason) => {
        expect(reason).type.toBe<{ readonly _tag: "Open"; readonly address: string }>()
        return Effect.fail(new Wrong())
      })
    )
    expect<Effect.Effect.Error<typeof caught>>().type.toBe<
      HandshakeError | TransportError | TimeoutError | OptionError | Wrong
    >()
  })

  test("a reason of another tag, and a tag without reasons, are compile errors", () => {
    const handler = () => Effect.void
    expect(catchReason).type.not.toBeCallableWith(connected, "HandshakeError", "Open", handler)
    expect(catchReason).type.not.toBeCallableWith(connected, "TimeoutError", "Connect", handler)
    expect(catchReason).type.not.toBeCallableWith(connected, "SendError", "Closed", handler)
    const only: Effect.Effect<never, TransportError> = Effect.fail(new TransportError({ reason: { _tag: "Read" } }))
    expect(catchReason).type.not.toBeCallableWith(only, "HandshakeError", "UpgradeDeclined", handler)
  })
})
