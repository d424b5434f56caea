import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { WebSocket } from "../../src/WebSocket.js"
import type { ReceiveError, SendError } from "../../src/WebSocketError.js"
import { test } from "../support/leavesNothing.js"
import { octets, open, roles } from "../support/peer.js"

type Sending = (ws: WebSocket, message: string | Uint8Array) => Effect.Effect<void, SendError | ReceiveError>

const ways: Readonly<Record<string, Sending>> = {
  "in a generator": (ws, message) =>
    Effect.gen(function* () {
      yield* ws.send(message)
    }),
  "by flatMap": (ws, message) => Effect.flatMap(Effect.void, () => ws.send(message)),
  "by run": (ws, message) => ws.run(() => ws.send(message))
}

for (const role of roles) {
  describe(`WebSocket.send, ${role}`, () => {
    test("does nothing until it is run, and is run as often as wanted", function* () {
      const { peer, ws } = yield* open(role)
      const send = ws.send("x")
      yield* ws.send("y")
      yield* send
      yield* send
      yield* peer.until(3)
      expect(peer.briefs).toEqual(["text y", "text x", "text x"])
    })

    test("what is no message is a defect, whichever way it is sent", function* () {
      const { ws } = yield* open(role)
      for (const way of ["in a generator", "by flatMap"]) {
        const exit = yield* Effect.exit(ways[way](ws, 42 as never))
        expect(Exit.isFailure(exit) && exit.cause._tag).toBe("Die")
      }
      yield* ws.send("still open")
    })

    for (const [way, sending] of Object.entries(ways)) {
      test(`§6.1: what is sent ${way} waits above the high-water mark, and is sent then`, function* () {
        const { peer, ws } = yield* open(role, { limits: { highWaterMark: 1000 }, memory: { capacity: 0 } })
        peer.pause()
        let count = 0
        while (ws.unsafeSend(octets(100, count))) count++
        peer.send(1, "go")
        const fiber = yield* Effect.fork(sending(ws, "last"))
        yield* Effect.yieldNow()
        expect(peer.briefs).not.toContain("text last")
        peer.resume()
        yield* peer.until(count + 1)
        expect(peer.briefs.at(-1)).toBe("text last")
        yield* Fiber.interrupt(fiber)
      })
    }
  })
}
