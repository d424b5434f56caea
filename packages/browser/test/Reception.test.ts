import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TransportError } from "effect-websocket/WebSocketError"
import { Reception } from "../src/Reception.js"
import { turns } from "./support/natives.js"

const failure = new TransportError({ reason: { _tag: "Reset" } })

const make = (maxUnread = 1000) => {
  const state = { hasMore: false, demands: 0, overruns: 0 }
  const port = { hasMore: () => state.hasMore, demand: () => void state.demands++ }
  const reception = new Reception(port, maxUnread, () => void state.overruns++)
  return { reception, state }
}

describe("messages that have arrived", () => {
  it.effect("are taken all at once, or one by one", () =>
    Effect.gen(function* () {
      const { reception } = make()
      for (const message of ["a", "b", "c"]) reception.push(message)
      expect(yield* reception.receive).toBe("a")
      expect(yield* reception.pull).toEqual(["b", "c"])
    })
  )

  it.effect("who waits asks for one, and is woken by it", () =>
    Effect.gen(function* () {
      const { reception, state } = make()
      const waiting = yield* Effect.fork(reception.receive)
      yield* turns()
      expect(state.demands).toBe(1)
      reception.push("a")
      expect(yield* Fiber.join(waiting)).toBe("a")
    })
  )

  it.effect("nobody asks while there is something", () =>
    Effect.gen(function* () {
      const { reception, state } = make()
      reception.push("a")
      yield* reception.receive
      expect(state.demands).toBe(0)
    })
  )

  it.effect("interruption loses none", () =>
    Effect.gen(function* () {
      const { reception } = make()
      const waiting = yield* Effect.fork(reception.pull)
      yield* turns()
      yield* Fiber.interrupt(waiting)
      reception.push("a")
      expect(yield* reception.pull).toEqual(["a"])
    })
  )

  it.effect("several who wait get one each", () =>
    Effect.gen(function* () {
      const { reception } = make()
      const waiting = yield* Effect.forEach([1, 2], () => Effect.fork(reception.receive))
      yield* turns()
      reception.push("a")
      reception.push("b")
      expect([...(yield* Effect.forEach(waiting, Fiber.join))].sort()).toEqual(["a", "b"])
    })
  )

  it.effect("are handled one at a time; the handler may answer at once or later", () =>
    Effect.gen(function* () {
      const { reception } = make()
      const seen: Array<string> = []
      const handling = yield* Effect.fork(
        Effect.flip(
          reception.each((message) =>
            message === "b" ? Effect.as(turns(2), seen.push("b")) : void seen.push(String(message))
          )
        )
      )
      for (const message of ["a", "b", "c"]) reception.push(message)
      yield* turns()
      reception.end(failure)
      expect(yield* Fiber.join(handling)).toBe(failure)
      expect(seen).toEqual(["a", "b", "c"])
    })
  )
})

describe("the end", () => {
  it.effect("comes after what has arrived", () =>
    Effect.gen(function* () {
      const { reception } = make()
      reception.push("a")
      reception.end(failure)
      reception.push("late")
      expect(yield* reception.receive).toBe("a")
      expect(yield* Effect.flip(reception.receive)).toBe(failure)
      expect(yield* Effect.flip(reception.pull)).toBe(failure)
    })
  )

  it.effect("comes after what can still be read, too", () =>
    Effect.gen(function* () {
      const { reception, state } = make()
      state.hasMore = true
      reception.end(failure)
      const waiting = yield* Effect.fork(reception.receive)
      yield* turns()
      reception.push("a")
      expect(yield* Fiber.join(waiting)).toBe("a")
      const failing = yield* Effect.fork(Effect.flip(reception.receive))
      yield* turns()
      state.hasMore = false
      reception.done()
      expect(yield* Fiber.join(failing)).toBe(failure)
    })
  )
})

describe("limits", () => {
  it.effect("too much is told; an empty message counts too", () =>
    Effect.sync(() => {
      const { reception, state } = make(64)
      reception.push("")
      reception.push("")
      expect(state.overruns).toBe(0)
      reception.push("")
      expect(state.overruns).toBe(1)
    })
  )

  it.effect("what is discarded is read on, so that the closing handshake can go on", () =>
    Effect.gen(function* () {
      const { reception, state } = make(10)
      reception.discard()
      reception.push("x".repeat(100))
      reception.push("y")
      expect([state.demands, state.overruns]).toEqual([3, 0])
      reception.end(failure)
      expect(yield* Effect.flip(reception.receive)).toBe(failure)
    })
  )
})
