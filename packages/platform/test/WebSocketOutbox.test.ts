import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as WebSocket from "effect-websocket/WebSocket"
import { givenUp, WebSocketOutbox } from "../src/WebSocketOutbox.js"
import { serving, turns, uri } from "./support/serving.js"

const received: Array<unknown> = []
const server = serving((ws) =>
  Effect.zipRight(
    Effect.sync(() => received.splice(0)),
    ws.run((message) => void received.push(message))
  )
)

describe("WebSocketOutbox", () => {
  it.scoped("keeps the order of what waited and of what did not", () =>
    Effect.gen(function* () {
      const outbox = new WebSocketOutbox()
      outbox.push("1")
      outbox.push("ää")
      expect(outbox.octets).toBe(5)
      const ws = yield* WebSocket.connect(uri)
      const drain = yield* Effect.fork(outbox.drain(ws))
      yield* turns()
      expect(outbox.octets).toBe(0)
      outbox.push("3")
      outbox.push(new Uint8Array(200_000))
      outbox.push("5")
      outbox.close(3000, "done")
      yield* Fiber.join(drain)
      expect(received.map((message) => (typeof message === "string" ? message : "octets"))).toEqual([
        "1",
        "ää",
        "3",
        "octets",
        "5"
      ])
      expect(yield* ws.closed).toMatchObject({ clean: true, sent: { value: { code: 3000, reason: "done" } } })
    }).pipe(Effect.provide(server))
  )

  it.effect("tells who connects that the application wants no connection any more", () =>
    Effect.gen(function* () {
      const outbox = new WebSocketOutbox()
      const waiting = yield* Effect.fork(outbox.untilClosing)
      yield* turns()
      outbox.close(1000, "")
      expect(yield* Fiber.await(waiting)).toEqual(Exit.fail(givenUp))
    })
  )

  it.scoped("ends with the connection", () =>
    Effect.gen(function* () {
      const outbox = new WebSocketOutbox()
      const ws = yield* WebSocket.connect(uri)
      yield* ws.close()
      outbox.push("late")
      yield* outbox.drain(ws)
    }).pipe(Effect.provide(server))
  )
})
