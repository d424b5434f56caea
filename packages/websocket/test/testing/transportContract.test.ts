import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as DuplexAdapter from "../../src/DuplexAdapter.js"
import * as MemoryTransport from "../../src/MemoryTransport.js"
import type { Duplex } from "../../src/Transport.js"
import { transportContract } from "../../src/testing/transportContract.js"
import { TransportError } from "../../src/WebSocketError.js"

/** A wrong transport: this change on the client's side. */
const broken = (change: (lower: Duplex) => Duplex) =>
  DuplexAdapter.mapTransport((lower) => Effect.succeed(change(lower))).pipe(Layer.provideMerge(MemoryTransport.layer))

/** Whether the cases with this in their name find the fault. A case that waits finds it by its timeout. */
const isFound = (caseName: string, change: (lower: Duplex) => Duplex) =>
  Effect.gen(function* () {
    const cases = transportContract.filter(({ name }) => name.includes(caseName))
    expect(cases.length).toBe(1)
    const program = Effect.scoped(Effect.timeout(cases[0].effect, "500 millis"))
    return Exit.isFailure(yield* Effect.exit(Effect.provide(program, broken(change))))
  })

const ended = new TransportError({ reason: { _tag: "Reset" } })

/** Faults: the name of the case that finds it, and what is wrong. */
const faults: Record<string, readonly [caseName: string, change: (lower: Duplex) => Duplex]> = {
  "pull gives empty chunks": [
    "chunks of one write",
    (lower) => ({ ...lower, pull: Effect.map(lower.pull, (c) => [new Uint8Array(0), ...c]) })
  ],
  "order is lost": [
    "chunks of one write, and many writes, arrive in order",
    (lower) => ({ ...lower, unsafeWrite: (chunks) => lower.unsafeWrite([...chunks].reverse()) })
  ],
  "pause does nothing": [
    "while paused at most one",
    (lower) => ({
      ...lower,
      unsafeReceive: (onOctets, onEnd) => {
        lower.unsafeReceive(onOctets, onEnd)
        return { pause: () => {}, resume: () => {} }
      }
    })
  ],
  "onEnd twice": [
    "then onEnd, once and last",
    (lower) => ({
      ...lower,
      unsafeReceive: (onOctets, onEnd) =>
        lower.unsafeReceive(onOctets, (error) => {
          onEnd(error)
          onEnd(error)
        })
    })
  ],
  "onEnd before unsafeReceive returns": [
    "onEnd is never called before",
    (lower) => ({
      ...lower,
      unsafeReceive: (onOctets, onEnd) => {
        onEnd(ended)
        return lower.unsafeReceive(onOctets, () => {})
      }
    })
  ],
  "end does nothing": ["half-close", (lower) => ({ ...lower, end: Effect.void })],
  "end is an abort": ["end is idempotent", (lower) => ({ ...lower, end: lower.abort })],
  "abort does nothing": ["abort: the peer sees", (lower) => ({ ...lower, abort: Effect.void })],
  "drain does not wait": ["drain waits until it has read", (lower) => ({ ...lower, drain: Effect.void })],
  "unsafeBuffered is always 0": [
    "an interrupted drain changes nothing",
    (lower) => ({ ...lower, unsafeBuffered: () => 0 })
  ],
  "writing throws when ended": [
    "writing never throws",
    (lower) => {
      let over = false
      return {
        ...lower,
        end: Effect.suspend(() => {
          over = true
          return lower.end
        }),
        unsafeWrite: (chunks) => {
          if (over) throw new Error("write after end")
          lower.unsafeWrite(chunks)
        }
      }
    }
  ],
  "an interrupted pull loses octets": [
    "an interrupted pull loses nothing",
    (lower) => ({
      ...lower,
      pull: Effect.suspend(() => Effect.tap(lower.pull, () => Effect.sleep("2 millis")))
    })
  ],
  "teardown does not wait": [
    "the server ends first, the client waits",
    (lower) => ({ ...lower, teardown: () => lower.end })
  ],
  "teardown of a client ends first": [
    "the server ends first",
    (lower) => ({ ...lower, teardown: () => lower.teardown("server") })
  ],
  "info is empty": ["info tells", (lower) => ({ ...lower, info: { ...lower.info, encrypted: !lower.info.encrypted } })]
}

describe("transportContract", () => {
  it("each case has a name of its own", () => {
    expect(new Set(transportContract.map(({ name }) => name)).size).toBe(transportContract.length)
  })

  for (const [fault, [caseName, change]] of Object.entries(faults)) {
    it.live(`«${caseName}» finds the fault: ${fault}`, () =>
      Effect.map(isFound(caseName, change), (found) => expect(found).toBe(true))
    )
  }
})
