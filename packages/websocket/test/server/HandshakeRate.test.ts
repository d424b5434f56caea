import { describe, expect } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import { HandshakeRate } from "../../src/server/HandshakeRate.js"
import type { Address } from "../../src/Transport.js"
import { test } from "../support/leavesNothing.js"

const from = (hostname: string) => Option.some<Address>({ _tag: "TcpAddress", hostname, port: 1 })

/** Which of so many handshakes at a time are too many. */
const burst = (rate: HandshakeRate, count: number, hostname = "192.0.2.1") =>
  Effect.replicateEffect(rate.exceeds(from(hostname)), count)

describe("HARDENING Q02: handshakes from one address in a second", () => {
  test("as many as the limit, and no more until the second is over", function* () {
    const rate = new HandshakeRate(2)
    expect(yield* burst(rate, 3)).toEqual([false, false, true])
    yield* TestClock.adjust("999 millis")
    expect(yield* burst(rate, 1)).toEqual([true])
    yield* TestClock.adjust("1 millis")
    expect(yield* burst(rate, 3)).toEqual([false, false, true])
  })

  test("each address for itself; those of one customer together", function* () {
    const rate = new HandshakeRate(1)
    expect(yield* burst(rate, 2)).toEqual([false, true])
    expect(yield* burst(rate, 2, "192.0.2.2")).toEqual([false, true])
    expect(yield* burst(rate, 1, "::ffff:192.0.2.1")).toEqual([true])
  })

  test("addresses are forgotten with the second in which they came", function* () {
    const rate = new HandshakeRate(1)
    for (let number = 0; number < 1000; number++) yield* burst(rate, 1, `10.0.${number >> 8}.${number & 255}`)
    expect(rate.size).toBe(1000)
    yield* TestClock.adjust("1 seconds")
    yield* burst(rate, 1)
    expect(rate.size).toBe(1)
  })

  test("a clock that was set back begins a second too", function* () {
    const rate = new HandshakeRate(1)
    yield* TestClock.setTime(100_000)
    expect(yield* burst(rate, 2)).toEqual([false, true])
    yield* TestClock.setTime(50_000)
    expect(yield* burst(rate, 2)).toEqual([false, true])
  })

  test("who comes from no network is not counted, and without a limit nobody has to be", function* () {
    const rate = new HandshakeRate(1)
    const unix = Option.some<Address>({ _tag: "UnixAddress", path: "/run/a" })
    expect(yield* Effect.replicateEffect(rate.exceeds(unix), 3)).toEqual([false, false, false])
    expect(rate.size).toBe(0)
    expect([rate.isBounded, new HandshakeRate(Infinity).isBounded]).toEqual([true, false])
  })
})
