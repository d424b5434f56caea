import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Handshake from "effect-websocket/Handshake"
import type { Duplex } from "effect-websocket/Transport"
import type { HandshakeError, OptionError, TimeoutError, TransportError } from "effect-websocket/WebSocketError"
import { describe, expect, test } from "tstyche"

class Wrong extends Data.TaggedError("Wrong")<{}> {}
class Token extends Context.Tag("Token")<Token, string>() {}

type Failure = HandshakeError | TransportError | TimeoutError | OptionError

declare const handshake: Handshake.Handshake["Type"]
declare const duplex: Duplex
declare const uri: Parameters<Handshake.Handshake["Type"]["client"]>[1]

describe("Handshake.client", () => {
  test("fails with the errors of the handshake, and needs nothing", () => {
    expect(handshake.client(duplex, uri)).type.toBe<Effect.Effect<Handshake.Negotiated, Failure>>()
    expect(handshake.client(duplex, uri, { subprotocols: ["a"] })).type.toBe<
      Effect.Effect<Handshake.Negotiated, Failure>
    >()
  })

  test("an option that is an effect adds its error and what it needs", () => {
    const decorateRequest = () => Effect.zipRight(Token, Effect.fail(new Wrong()))
    expect(handshake.client(duplex, uri, { decorateRequest })).type.toBe<
      Effect.Effect<Handshake.Negotiated, Failure | Wrong, Token>
    >()
  })
})

describe("Handshake.server", () => {
  test("fails with the errors of the handshake, and needs nothing", () => {
    expect(handshake.server(duplex)).type.toBe<Effect.Effect<Handshake.Accepted<undefined>, Failure>>()
    expect(handshake.server(duplex, { subprotocols: ["a"] })).type.toBe<
      Effect.Effect<Handshake.Accepted<undefined>, Failure>
    >()
  })

  test("the session is what the policy finds out; its refusal is no other error", () => {
    const authorize = () =>
      Effect.flatMap(Token, (token) =>
        token === "" ? Effect.fail(Handshake.reject({ status: 401 })) : Effect.succeed({ token })
      )
    expect(handshake.server(duplex, { authorize })).type.toBe<
      Effect.Effect<Handshake.Accepted<{ token: string }>, Failure, Token>
    >()
  })

  test("basic authentication gives a typed session", () => {
    const authorize = Handshake.basicAuth({
      realm: "test",
      verify: ({ username }) => Effect.as(Token, Option.some({ username }))
    })
    expect(handshake.server(duplex, { authorize })).type.toBe<
      Effect.Effect<Handshake.Accepted<{ username: string }>, Failure, Token>
    >()
  })

  test("decorators and choices may need something, and fail with nothing of their own", () => {
    const decorateResponse = () => Effect.map(Token, (token) => ({ "X-Token": token }))
    expect(handshake.server(duplex, { decorateResponse })).type.toBe<
      Effect.Effect<Handshake.Accepted<undefined>, Failure, Token>
    >()
    const subprotocols = (offered: ReadonlyArray<string>) => Effect.as(Token, Option.fromNullable(offered[0]))
    expect(handshake.server(duplex, { subprotocols })).type.toBe<
      Effect.Effect<Handshake.Accepted<undefined>, Failure, Token>
    >()
    expect(handshake.server).type.not.toBeCallableWith(duplex, { decorateResponse: () => Effect.fail(new Wrong()) })
    expect(handshake.server).type.not.toBeCallableWith(duplex, { authorize: () => Effect.fail(new Wrong()) })
  })

  test("a choice of a subprotocol may be an Option, or an effect that makes one", () => {
    expect(handshake.server(duplex, { subprotocols: () => Option.some("a") })).type.toBe<
      Effect.Effect<Handshake.Accepted<undefined>, Failure>
    >()
    expect(handshake.server(duplex, { subprotocols: () => Effect.fail(Handshake.reject({ status: 400 })) })).type.toBe<
      Effect.Effect<Handshake.Accepted<undefined>, Failure>
    >()
  })
})
