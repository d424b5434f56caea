import { describe, expect, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import { Pings } from "../../src/connection/Pings.js"
import { TransportError } from "../../src/WebSocketError.js"

/** What was told of each Ping: milliseconds, or the tag of a failure. */
const listening = () => {
  const told: Array<string> = []
  const as = (name: string) => (result: Effect.Effect<Duration.Duration, { readonly _tag: string }>) =>
    Effect.runSync(
      Effect.match(result, {
        onFailure: (error) => told.push(`${name} ${error._tag}`),
        onSuccess: (time) => told.push(`${name} ${Duration.toMillis(time)}`)
      })
    )
  return { told, as }
}

const octets = (...values: ReadonlyArray<number>) => Uint8Array.from(values)

describe("RFC 6455 §5.5.2, §5.5.3: Pings that wait for their Pong", () => {
  it.effect("each is told the time between, and a Pong answers every earlier Ping as well", () =>
    Effect.gen(function* () {
      const pings = new Pings(yield* Effect.clock, 16)
      const { as, told } = listening()
      pings.wait(octets(1), as("one"))
      yield* TestClock.adjust("10 millis")
      pings.wait(octets(2), as("two"))
      pings.wait(octets(3), as("three"))
      yield* TestClock.adjust("5 millis")
      pings.settle(octets(2))
      expect(told).toEqual(["one 15", "two 5"])
      pings.settle(octets(3))
      expect(told.slice(2)).toEqual(["three 5"])
    })
  )

  it.effect("a Pong that nobody asked for tells nobody anything, with or without a Ping that waits", () =>
    Effect.gen(function* () {
      const pings = new Pings(yield* Effect.clock, 16)
      const { as, told } = listening()
      pings.settle(octets(9))
      pings.wait(octets(1), as("one"))
      pings.settle(octets(9))
      expect(told).toEqual([])
    })
  )

  it.effect("who waits no longer is told nothing, and makes room", () =>
    Effect.gen(function* () {
      const pings = new Pings(yield* Effect.clock, 1)
      const { as, told } = listening()
      expect(pings.isFull).toBe(false)
      const cancel = pings.wait(octets(1), as("one"))
      expect(pings.isFull).toBe(true)
      cancel()
      expect(pings.isFull).toBe(false)
      pings.settle(octets(1))
      expect(told).toEqual([])
    })
  )

  it.effect("the end of the connection is told to all who wait", () =>
    Effect.gen(function* () {
      const pings = new Pings(yield* Effect.clock, 16)
      const { as, told } = listening()
      const end = new TransportError({ reason: { _tag: "Reset" } })
      pings.fail(end)
      pings.wait(octets(1), as("one"))
      pings.wait(octets(2), as("two"))
      pings.fail(end)
      expect(told).toEqual(["one TransportError", "two TransportError"])
    })
  )

  it.effect("payloads of our own are all different", () =>
    Effect.gen(function* () {
      const pings = new Pings(yield* Effect.clock, 16)
      const payloads = Array.from({ length: 1000 }, () => pings.payload().join())
      expect(new Set(payloads).size).toBe(1000)
    })
  )
})

describe("RFC 6455 §5.5.3: the Pong that is owed", () => {
  it.effect("is the answer to the newest Ping, once", () =>
    Effect.gen(function* () {
      const pings = new Pings(yield* Effect.clock, 16)
      expect(pings.takePong()).toBeUndefined()
      const payload = octets(1)
      pings.owe(payload)
      pings.owe(octets(2))
      expect(pings.takePong()).toEqual(octets(2))
      expect(pings.takePong()).toBeUndefined()
    })
  )
})
