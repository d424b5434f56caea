import { describe, expect, it } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { Limits, MemoryTransport, WebSocket, WebSocketServer } from "effect-websocket"
import { Chat } from "../../demo/chat.js"

const chat = Effect.runSync(Chat.make)

const server = WebSocketServer.serve((ws) =>
  Effect.scoped(
    Effect.zipRight(
      chat.join(ws),
      ws.run((message) => chat.say(ws, String(message)))
    )
  )
)

const layers = Layer.provideMerge(
  server,
  Layer.mergeAll(
    WebSocket.layer,
    MemoryTransport.layerWith({ capacity: 1024 }),
    Limits.layer({ highWaterMark: 1024, readAhead: 1024 })
  )
)

const news = (ws: WebSocket.WebSocket) => Effect.map(ws.receive, (message) => JSON.parse(String(message)))

const enter = Effect.gen(function* () {
  const ws = yield* WebSocket.connect("ws://any.host/")
  const { you } = yield* news(ws)
  yield* news(ws)
  return { ws, you }
})

describe("Chat", () => {
  it.effect("gives names, and takes none twice", () =>
    Effect.gen(function* () {
      const ada = yield* enter
      yield* ada.ws.send("/name Ada")
      expect(yield* news(ada.ws)).toEqual({ kind: "welcome", you: "Ada", members: 1 })
      expect(yield* news(ada.ws)).toEqual({ kind: "notice", text: `${ada.you} is now Ada`, members: 1 })
      const bob = yield* enter
      yield* bob.ws.send("/name Ada")
      expect(yield* news(bob.ws)).toMatchObject({ kind: "notice", text: "this name is taken, or none" })
    }).pipe(Effect.scoped, Effect.provide(layers))
  )

  it.effect("waits for nobody: who is too slow is closed with 1013", () =>
    Effect.gen(function* () {
      const slow = yield* enter
      const quick = yield* enter
      const text = "x".repeat(200)
      for (let count = 0; count < 100; count++) {
        yield* quick.ws.send(text)
        while ((yield* news(quick.ws)).text !== text) yield* Effect.void
      }
      yield* slow.ws.run(() => undefined)
      const { received } = yield* slow.ws.closed
      expect(received).toEqual(Option.some({ code: 1013, reason: "too slow" }))
    }).pipe(Effect.scoped, Effect.provide(layers))
  )

  it("is empty when all have gone", () => {
    expect(chat.size).toBe(0)
  })
})
