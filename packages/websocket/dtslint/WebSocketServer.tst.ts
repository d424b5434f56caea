import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { FrameStream } from "effect-websocket/FrameStream"
import * as Handshake from "effect-websocket/Handshake"
import type { HttpCodec } from "effect-websocket/HttpCodec"
import type { Listener } from "effect-websocket/Listener"
import * as MemoryTransport from "effect-websocket/MemoryTransport"
import type { Transport } from "effect-websocket/Transport"
import * as WebSocket from "effect-websocket/WebSocket"
import type { OptionError, TransportError } from "effect-websocket/WebSocketError"
import * as WebSocketServer from "effect-websocket/WebSocketServer"
import { describe, expect, test } from "tstyche"

class Wrong extends Data.TaggedError("Wrong")<{}> {}
class Token extends Context.Tag("Token")<Token, string>() {}
class Users extends Context.Tag("Users")<Users, ReadonlyMap<string, string>>() {}

type Requirements = Listener | HttpCodec | Handshake.Handshake | FrameStream

const echo = (ws: WebSocket.WebSocket) => ws.run((message) => ws.send(message))

describe("serve", () => {
  test("is a layer that provides nothing; what its handlers fail with is not its failure", () => {
    expect(WebSocketServer.serve(echo)).type.toBe<Layer.Layer<never, OptionError, Requirements>>()
    expect(WebSocketServer.serve(() => Effect.fail(new Wrong()))).type.toBe<
      Layer.Layer<never, OptionError, Requirements>
    >()
  })

  test("the Scope of a connection is provided to its handler, other services are not", () => {
    const handler = () =>
      Effect.zipRight(
        Effect.addFinalizer(() => Effect.void),
        Token
      )
    expect(WebSocketServer.serve(handler)).type.toBe<Layer.Layer<never, OptionError, Requirements | Token>>()
    expect(WebSocketServer.serve(() => Effect.scope)).type.toBe<Layer.Layer<never, OptionError, Requirements>>()
  })

  test("options add what they need", () => {
    const options = { http: () => Effect.as(Users, { status: 200 }) }
    expect(WebSocketServer.serve(echo, options)).type.toBe<Layer.Layer<never, OptionError, Requirements | Users>>()
    expect(WebSocketServer.serve(() => Token, options)).type.toBe<
      Layer.Layer<never, OptionError, Requirements | Users | Token>
    >()
    const told = { onHandshakeError: () => Effect.asVoid(Users) }
    expect(WebSocketServer.serve(echo, told)).type.toBe<Layer.Layer<never, OptionError, Requirements | Users>>()
  })

  test("with the options first the handler gets the session that was found out", () => {
    const server = WebSocketServer.serve(
      {
        authorize: ({ head }) =>
          Option.match(Option.fromNullable(head.fields.get("X-User")), {
            onNone: () => Effect.fail(Handshake.reject({ status: 401 })),
            onSome: (user) => Effect.as(Users, { user })
          })
      },
      (ws, session) => {
        expect(session).type.toBe<{ user: string }>()
        return ws.send(session.user)
      }
    )
    expect(server).type.toBe<Layer.Layer<never, OptionError, Requirements | Users>>()
  })

  test("without `authorize` there is no session", () => {
    WebSocketServer.serve((_, session) => {
      expect(session).type.toBe<undefined>()
      return Effect.void
    })
  })

  test("with both layers nothing is left to be provided", () => {
    const server = Layer.provide(WebSocketServer.serve(echo), [WebSocket.layer, MemoryTransport.layer])
    expect(server).type.toBe<Layer.Layer<never, OptionError>>()
    const merged = Layer.provideMerge(WebSocketServer.serve(echo), Layer.merge(WebSocket.layer, MemoryTransport.layer))
    expect(merged).type.toBe<
      Layer.Layer<HttpCodec | Handshake.Handshake | FrameStream | Transport | Listener, OptionError>
    >()
  })

  test("a handler is a function that gives an effect, and options are known", () => {
    expect(WebSocketServer.serve).type.not.toBeCallableWith(() => "hello")
    expect(WebSocketServer.serve).type.not.toBeCallableWith(echo, { maxConnection: 1 })
    expect(WebSocketServer.serve).type.not.toBeCallableWith(echo, { http: () => Effect.fail(new Wrong()) })
  })
})

describe("run", () => {
  test("never succeeds, and fails with the failure of the listener", () => {
    expect(WebSocketServer.run(echo)).type.toBe<Effect.Effect<never, TransportError | OptionError, Requirements>>()
    const handler = () => Effect.zipRight(Effect.scope, Token)
    expect(WebSocketServer.run(handler)).type.toBe<
      Effect.Effect<never, TransportError | OptionError, Requirements | Token>
    >()
  })

  test("with the options first", () => {
    const running = WebSocketServer.run({ authorize: () => Effect.map(Users, ({ size }) => size) }, (_, session) => {
      expect(session).type.toBe<number>()
      return Effect.void
    })
    expect(running).type.toBe<Effect.Effect<never, TransportError | OptionError, Requirements | Users>>()
  })

  test("with both layers nothing is left to be provided", () => {
    const running = Effect.provide(WebSocketServer.run(echo), [WebSocket.layer, MemoryTransport.layer])
    expect(running).type.toBe<Effect.Effect<never, TransportError | OptionError>>()
    expect<Scope.Scope>().type.not.toBeAssignableTo<Effect.Effect.Context<typeof running>>()
  })
})
