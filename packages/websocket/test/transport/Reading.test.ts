import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { hostTurn } from "../../src/host/HostTurn.js"
import type { Duplex } from "../../src/Transport.js"
import { fromReceive, teardown } from "../../src/transport/Reading.js"
import { TransportError } from "../../src/WebSocketError.js"

const eof = new TransportError({ reason: { _tag: "EndOfStream" } })

/** A source in the hands of the test. */
const source = () => {
  const log: Array<string> = []
  let deliver: (octets: Uint8Array) => void = () => {}
  let finish: (error: TransportError) => void = () => {}
  const receive: Duplex["unsafeReceive"] = (onOctets, onEnd) => {
    log.push("start")
    deliver = onOctets
    finish = onEnd
    return { pause: () => log.push("pause"), resume: () => log.push("resume") }
  }
  const give = (...octets: Array<number>) => deliver(Uint8Array.from(octets))
  return { receive, log, give, end: (error = eof) => finish(error) }
}

describe("Reading.fromReceive", () => {
  it.effect("reads nothing before the first pull, nor between pulls", () =>
    Effect.gen(function* () {
      const { give, log, receive } = source()
      const { pull } = fromReceive(receive, { owned: true })
      expect(log).toEqual([])
      const first = yield* Effect.fork(pull)
      yield* hostTurn
      give(1)
      expect(yield* Fiber.join(first)).toEqual([Uint8Array.of(1)])
      expect(log).toEqual(["start", "pause"])
      const second = yield* Effect.fork(pull)
      yield* hostTurn
      yield* Fiber.interrupt(second)
      expect(log).toEqual(["start", "pause", "resume", "pause"])
    })
  )

  it.effect("octets that come at the moment of the interruption are kept for the next pull", () =>
    Effect.gen(function* () {
      const { give, receive } = source()
      const { pull } = fromReceive(receive, { owned: true })
      const pulling = yield* Effect.fork(pull)
      yield* hostTurn
      give(1)
      give(2)
      const exit = yield* Fiber.interrupt(pulling)
      const early = exit._tag === "Success" ? exit.value : []
      const late = early.length === 0 ? yield* pull : []
      expect([...early, ...late]).toEqual([Uint8Array.of(1), Uint8Array.of(2)])
    })
  )

  it.effect("copies what is lent and has to wait, unless it is owned", () =>
    Effect.gen(function* () {
      for (const owned of [true, false]) {
        const lent = Uint8Array.of(1)
        const receive: Duplex["unsafeReceive"] = (onOctets) => {
          onOctets(lent)
          lent.fill(0)
          return { pause: () => {}, resume: () => {} }
        }
        expect(yield* fromReceive(receive, { owned }).pull).toEqual([Uint8Array.of(owned ? 0 : 1)])
      }
    })
  )

  it.effect("discard reads to the end in either way of reading, and onEnd is still told", () =>
    Effect.gen(function* () {
      const { end, give, receive } = source()
      const { discard, unsafeReceive } = fromReceive(receive, { owned: true })
      const seen: Array<unknown> = []
      unsafeReceive(
        (octets) => seen.push(octets),
        (error) => seen.push(error)
      ).pause()
      const discarding = yield* Effect.fork(discard)
      yield* hostTurn
      give(1)
      end()
      yield* Fiber.join(discarding)
      yield* discard
      expect(seen).toEqual([eof])
    })
  )
})

describe("RFC 6455 §7.1.1 Reading.teardown", () => {
  const steps = (role: "client" | "server") =>
    Effect.map(
      Effect.suspend(() => {
        const log: Array<string> = []
        const note = (step: string) => Effect.sync(() => void log.push(step))
        const closable = { end: note("end"), drain: note("drain"), abort: note("abort") }
        return Effect.as(teardown(closable, note("discard"))(role), log)
      }),
      (log) => log
    )

  it.effect("the server ends first, the client waits for the server's end", () =>
    Effect.gen(function* () {
      expect((yield* steps("server")).slice(0, 2)).toEqual(["end", "discard"])
      expect(yield* steps("client")).toEqual(["discard", "end", "drain"])
    })
  )

  it.effect("interruption is a hard close", () =>
    Effect.gen(function* () {
      let aborts = 0
      const closable = { end: Effect.void, drain: Effect.void, abort: Effect.sync(() => void aborts++) }
      const closing = yield* Effect.fork(teardown(closable, Effect.never)("server"))
      yield* hostTurn
      yield* Fiber.interrupt(closing)
      expect(aborts).toBe(1)
    })
  )
})
