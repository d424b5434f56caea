import type { Socket } from "node:net"
import * as stream from "node:stream"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { TransportError } from "effect-websocket/WebSocketError"
import { Arrivals, acceptFrom } from "../src/Arrivals.js"
import * as NodeDuplex from "../src/NodeDuplex.js"
import { turns, until } from "./support/sockets.js"

const failure = new TransportError({ reason: { _tag: "Read" } })

const arrival = () => {
  const native = new stream.PassThrough()
  return { native, duplex: NodeDuplex.unsafeMake(native) }
}

describe("arrivals", () => {
  it("are full at the limit, handshakes counted", () => {
    const arrivals = new Arrivals(2)
    arrivals.add(arrival().duplex)
    expect(arrivals.full).toBe(false)
    arrivals.handshakes.add({ destroy: () => expect.unreachable() })
    expect(arrivals.full).toBe(true)
  })

  it("make room by ending the oldest handshake, and no other way", () => {
    const arrivals = new Arrivals(2)
    const ended: Array<number> = []
    const handshake = (number: number) => ({ destroy: () => ended.push(number) }) as unknown as Socket
    for (const number of [1, 2, 3, 4]) {
      expect(arrivals.makeRoom()).toBe(true)
      arrivals.handshakes.add(handshake(number))
    }
    expect([ended, arrivals.handshakes.size]).toEqual([[1, 2], 2])
    arrivals.handshakes.clear()
    for (let count = 0; count < 2; count++) arrivals.add(arrival().duplex)
    expect(arrivals.makeRoom()).toBe(false)
    Effect.runSync(arrivals.close(failure))
    arrivals.handshakes.add(handshake(5))
    expect([arrivals.makeRoom(), ended]).toEqual([false, [1, 2]])
  })

  it.live("are closed when the listener is, also those who come too late", () =>
    Effect.gen(function* () {
      const arrivals = new Arrivals(9)
      const [early, late] = [arrival(), arrival()]
      arrivals.add(early.duplex)
      yield* arrivals.close(failure)
      arrivals.add(late.duplex)
      expect([early.native.destroyed, late.native.destroyed, arrivals.full]).toEqual([true, true, true])
    })
  )

  it.live("closing fails accept, now and later, and closes what it serves", () =>
    Effect.gen(function* () {
      const arrivals = new Arrivals(9)
      const { duplex, native } = arrival()
      const accepting = yield* Effect.fork(acceptFrom(arrivals)(() => Effect.never))
      arrivals.add(duplex)
      yield* turns()
      yield* arrivals.close(failure)
      expect(yield* Fiber.await(accepting)).toEqual(Exit.fail(failure))
      expect(native.destroyed).toBe(true)
      expect(yield* Effect.flip(acceptFrom(arrivals)(() => Effect.void))).toBe(failure)
    })
  )

  it.live("are shared by several who accept", () =>
    Effect.gen(function* () {
      const arrivals = new Arrivals(9)
      const served: Array<string> = []
      const use = (who: string) => () => Effect.sync(() => void served.push(who))
      const one = yield* Effect.fork(acceptFrom(arrivals)(use("one")))
      const other = yield* Effect.fork(acceptFrom(arrivals)(use("other")))
      for (let count = 0; count < 4; count++) arrivals.add(arrival().duplex)
      yield* until(() => served.length === 4)
      yield* Fiber.interruptAll([one, other])
      arrivals.add(arrival().duplex)
      yield* turns()
      expect(served.length).toBe(4)
    })
  )

  it.live("whenever accept is interrupted, each is served, closed, or still there", () =>
    Effect.gen(function* () {
      for (let delay = 0; delay < 10; delay++) {
        const arrivals = new Arrivals(9)
        const { duplex, native } = arrival()
        const accepting = yield* Effect.fork(acceptFrom(arrivals)(() => Effect.never))
        yield* turns(delay % 3)
        arrivals.add(duplex)
        yield* turns(delay % 5)
        yield* Fiber.interrupt(accepting)
        expect(native.destroyed).toBe(arrivals.duplexes.length === 0)
      }
    })
  )
})
