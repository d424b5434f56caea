import * as Socket from "@effect/platform/Socket"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Handshake from "effect-websocket/Handshake"
import type * as WebSocketServer from "effect-websocket/WebSocketServer"
import { layerWebSocketConstructor } from "../src/WebSocketConstructor.js"
import type { WebSocketFacadeErrorEvent } from "../src/WebSocketFacade.js"
import { leavesNothing } from "./support/leavesNothing.js"
import { serving, turns, uri } from "./support/serving.js"

leavesNothing()

const echo = serving((ws) => ws.run((message) => ws.send(message)), { subprotocols: ["b"] })

const client = <A, E>(use: Effect.Effect<A, E, Socket.WebSocketConstructor | Scope.Scope>, server = echo) =>
  use.pipe(Effect.provide(Layer.provide(layerWebSocketConstructor({ fields: { "X-Name": "Ada" } }), server)))

describe("Effect's own Socket over our connections", () => {
  it.scoped("text is a string, binary a Uint8Array, and everything is in order", () =>
    client(
      Effect.gen(function* () {
        const socket = yield* Socket.makeWebSocket(uri, { protocols: ["a", "b"] })
        const write = yield* socket.writer
        const seen: Array<unknown> = []
        yield* socket.runRaw(
          (message) => {
            seen.push(message)
            return seen.length === 4 ? write(new Socket.CloseEvent(1000)) : Effect.void
          },
          {
            onOpen: Effect.orDie(
              Effect.forEach([Uint8Array.of(1), "2", Uint8Array.of(3), "4"], write, { discard: true })
            )
          }
        )
        expect(seen).toEqual([Uint8Array.of(1), "2", Uint8Array.of(3), "4"])
      })
    )
  )

  it.scoped("a refused handshake is Open, and the event has the whole response", () =>
    client(
      Effect.gen(function* () {
        const socket = yield* Socket.makeWebSocket(uri)
        const error = yield* Effect.flip(socket.run(() => {}))
        expect(error.reason).toBe("Open")
        const { error: why } = error.cause as WebSocketFacadeErrorEvent
        expect(Option.getOrThrow((why as { response: Option.Option<unknown> }).response)).toMatchObject({
          head: { status: 403 }
        })
      }),
      serving(() => Effect.void, {
        authorize: () => Effect.fail(Handshake.reject({ status: 403 }))
      } as WebSocketServer.ServeOptions)
    )
  )
})

describe("the constructor", () => {
  it.scoped("offers its protocols, and has the options of the layer", () =>
    client(
      Effect.gen(function* () {
        const make = yield* Socket.WebSocketConstructor
        const ws = make(uri, "b")
        yield* turns()
        expect([ws.readyState, ws.protocol, ws.url]).toEqual([1, "b", uri])
        ws.close()
        yield* turns()
        expect(ws.readyState).toBe(3)
      })
    )
  )

  it.scoped("its connections end with the layer", () =>
    Effect.gen(function* () {
      const codes: Array<number | undefined> = []
      const server = serving((ws) =>
        Effect.map(ws.closed, ({ received }) => codes.push(Option.getOrUndefined(received)?.code))
      )
      yield* Effect.gen(function* () {
        const scope = yield* Scope.make()
        const context = yield* Scope.extend(Layer.build(layerWebSocketConstructor()), scope)
        yield* Effect.provide(
          Effect.map(Socket.WebSocketConstructor, (make) => make(uri)),
          context
        )
        yield* turns()
        yield* Scope.close(scope, Exit.void)
        yield* turns()
        expect(codes).toEqual([1001])
      }).pipe(Effect.provide(server))
    })
  )

  it.scoped("a connection that is made when the layer has ended says so", () =>
    Effect.gen(function* () {
      const socket = yield* Effect.provide(Socket.makeWebSocket(uri), layerWebSocketConstructor())
      const error = yield* Effect.flip(socket.run(() => {}))
      expect(error).toMatchObject({
        reason: "Open",
        cause: { error: { message: expect.stringContaining("has ended") } }
      })
    }).pipe(Effect.provide(echo))
  )
})
