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

/** How many cases find the fault. Cases that would wait are cut off. */
const violations = (change: (lower: Duplex) => Duplex) =>
  Effect.gen(function* () {
    const found: Array<string> = []
    for (const { effect, name } of transportContract) {
      const program = Effect.scoped(Effect.timeout(effect, "300 millis")).pipe(Effect.provide(broken(change)))
      if (Exit.isFailure(yield* Effect.exit(program))) found.push(name)
    }
    return found
  })

const ended = new TransportError({ reason: { _tag: "Reset" } })

const faults: Record<string, (lower: Duplex) => Duplex> = {
  "pull gives empty chunks": (lower) => ({ ...lower, pull: Effect.map(lower.pull, (c) => [new Uint8Array(0), ...c]) }),
  "order is lost": (lower) => ({ ...lower, unsafeWrite: (chunks) => lower.unsafeWrite([...chunks].reverse()) }),
  "pause does nothing": (lower) => ({
    ...lower,
    unsafeReceive: (onOctets, onEnd) => {
      lower.unsafeReceive(onOctets, onEnd)
      return { pause: () => {}, resume: () => {} }
    }
  }),
  "onEnd twice": (lower) => ({
    ...lower,
    unsafeReceive: (onOctets, onEnd) =>
      lower.unsafeReceive(onOctets, (error) => {
        onEnd(error)
        onEnd(error)
      })
  }),
  "onEnd before unsafeReceive returns": (lower) => ({
    ...lower,
    unsafeReceive: (onOctets, onEnd) => {
      onEnd(ended)
      return lower.unsafeReceive(onOctets, () => {})
    }
  }),
  "end does nothing": (lower) => ({ ...lower, end: Effect.void }),
  "end is an abort": (lower) => ({ ...lower, end: lower.abort }),
  "abort does nothing": (lower) => ({ ...lower, abort: Effect.void }),
  "drain does not wait": (lower) => ({ ...lower, drain: Effect.void }),
  "unsafeBuffered is always 0": (lower) => ({ ...lower, unsafeBuffered: () => 0 }),
  "writing throws when ended": (lower) => {
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
  },
  "an interrupted pull loses octets": (lower) => ({
    ...lower,
    pull: Effect.suspend(() => Effect.tap(lower.pull, () => Effect.sleep("2 millis")))
  }),
  "teardown does not wait": (lower) => ({ ...lower, teardown: () => lower.end }),
  "teardown of a client ends first": (lower) => ({ ...lower, teardown: () => lower.teardown("server") }),
  "info is empty": (lower) => ({ ...lower, info: { ...lower.info, encrypted: !lower.info.encrypted } })
}

describe("transportContract", () => {
  it("each case has a name of its own", () => {
    expect(new Set(transportContract.map(({ name }) => name)).size).toBe(transportContract.length)
  })

  for (const [fault, change] of Object.entries(faults)) {
    it.live(`finds the fault: ${fault}`, () =>
      Effect.map(violations(change), (found) => expect(found.length).toBeGreaterThan(0))
    )
  }
})
