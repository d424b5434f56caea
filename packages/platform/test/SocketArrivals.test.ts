import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { TransportError } from "effect-websocket/WebSocketError"
import { SocketArrivals } from "../src/SocketArrivals.js"
import { turns } from "./support/serving.js"

const end = new TransportError({ reason: { _tag: "EndOfStream" } })

describe("SocketArrivals", () => {
  it.effect("gives all that waits, and waits when nothing does", () =>
    Effect.gen(function* () {
      const arrivals = new SocketArrivals()
      const pulling = yield* Effect.fork(arrivals.pull)
      yield* turns()
      arrivals.push(Uint8Array.of(1))
      expect(yield* Fiber.join(pulling)).toEqual([Uint8Array.of(1)])
      arrivals.push(Uint8Array.of(2))
      arrivals.push(Uint8Array.of(3))
      expect(yield* arrivals.pull).toEqual([Uint8Array.of(2), Uint8Array.of(3)])
    })
  )

  it.effect("an interrupted pull loses nothing", () =>
    Effect.gen(function* () {
      const arrivals = new SocketArrivals()
      const pulling = yield* Effect.fork(arrivals.pull)
      yield* turns()
      arrivals.push(Uint8Array.of(1))
      yield* Fiber.interruptFork(pulling)
      yield* turns()
      const exit = yield* Fiber.await(pulling)
      if (exit._tag === "Failure") expect(yield* arrivals.pull).toEqual([Uint8Array.of(1)])
      else expect(exit.value).toEqual([Uint8Array.of(1)])
    })
  )

  it.effect("holds up who pushes when more than 64 KiB wait", () =>
    Effect.gen(function* () {
      const arrivals = new SocketArrivals()
      expect(arrivals.push(new Uint8Array(64 * 1024))).toBe(undefined)
      const held = arrivals.push(Uint8Array.of(1))
      const pushing = yield* Effect.fork(held ?? Effect.void)
      yield* turns()
      expect(Option.isNone(yield* Fiber.poll(pushing))).toBe(true)
      yield* arrivals.pull
      yield* Fiber.join(pushing)
    })
  )

  it.effect("the first end is final, and comes behind what waits", () =>
    Effect.gen(function* () {
      const arrivals = new SocketArrivals()
      const ended = yield* Effect.fork(arrivals.ended)
      arrivals.push(Uint8Array.of(1))
      arrivals.end(end)
      arrivals.end(new TransportError({ reason: { _tag: "Read" } }))
      expect(yield* arrivals.pull).toEqual([Uint8Array.of(1)])
      expect(yield* Effect.flip(arrivals.pull)).toBe(end)
      yield* Fiber.join(ended)
    })
  )
})
