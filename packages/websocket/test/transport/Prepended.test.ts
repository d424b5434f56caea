import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as fc from "fast-check"
import * as DuplexAdapter from "../../src/DuplexAdapter.js"
import { hostTurn } from "../../src/host/HostTurn.js"
import * as MemoryTransport from "../../src/MemoryTransport.js"
import type { Duplex } from "../../src/Transport.js"
import { transportContract } from "../../src/testing/transportContract.js"
import { leading } from "../support/leading.js"
import { concat, octets, utf8 } from "../support/peer.js"

const contract = Layer.merge(
  DuplexAdapter.mapTransport((lower) => Effect.succeed(leading(lower))),
  DuplexAdapter.mapListener((lower) => Effect.succeed(leading(lower)))
).pipe(Layer.provide(MemoryTransport.layer))

describe("Transport contract over memory, with octets in front", () => {
  for (const { effect, name } of transportContract) it.scopedLive(name, () => Effect.provide(effect, contract))
})

/** A connection whose server has "ab" in front, and to which the client has written "cd". */
const connection = Effect.gen(function* () {
  const [client, server] = yield* MemoryTransport.pair()
  client.unsafeWrite([utf8("cd")])
  return { client, server, given: DuplexAdapter.prepend(server, utf8("ab")) }
})

/** What `unsafeReceive` gives, in order: texts, and the reason of the end. */
const received = (duplex: Duplex, onOctets: () => void = () => {}) => {
  const log: Array<string> = []
  const flow = duplex.unsafeReceive(
    (chunk) => {
      log.push(Buffer.from(chunk).toString())
      onOctets()
    },
    ({ reason }) => log.push(reason._tag)
  )
  return { log, flow }
}

const text = (chunks: ReadonlyArray<Uint8Array>) => Buffer.concat(chunks).toString()

const turns = Effect.repeatN(hostTurn, 10)

describe("PARITY L-20: DuplexAdapter.prepend", () => {
  it.scoped("pull gives the octets in front, then what arrives", () =>
    Effect.gen(function* () {
      const { client, given } = yield* connection
      expect(text(yield* given.pull)).toBe("ab")
      expect(text(yield* given.pull)).toBe("cd")
      yield* client.end
      expect((yield* Effect.flip(given.pull)).reason._tag).toBe("EndOfStream")
    })
  )

  it.scoped("unsafeReceive gives the octets in front, then what arrives, and the end behind both", () =>
    Effect.gen(function* () {
      const { client, given } = yield* connection
      yield* client.end
      const { log } = received(given)
      expect(log).toEqual([])
      yield* turns
      expect(log).toEqual(["ab", "cd", "EndOfStream"])
    })
  )

  it.scoped("an interrupted pull loses nothing of either", () =>
    Effect.gen(function* () {
      const { given } = yield* connection
      const parts: Array<Uint8Array> = []
      for (let round = 0; round < 6; round++) {
        const pulling = yield* Effect.fork(given.pull)
        yield* Effect.repeatN(hostTurn, round % 3)
        const exit = yield* Fiber.interrupt(pulling)
        if (exit._tag === "Success") parts.push(...exit.value.map((chunk) => chunk.slice()))
      }
      expect(text(parts)).toBe("abcd")
    })
  )

  it.scoped("a pause is obeyed before, within and after the octets in front; nothing is read meanwhile", () =>
    Effect.gen(function* () {
      const { given } = yield* connection
      const { flow, log } = received(given, () => flow.pause())
      flow.pause()
      yield* turns
      expect(log).toEqual([])
      flow.resume()
      flow.resume()
      yield* turns
      expect(log).toEqual(["ab"])
      flow.resume()
      yield* turns
      expect(log).toEqual(["ab", "cd"])
    })
  )

  it.scoped("what has been pulled is not delivered again by unsafeReceive", () =>
    Effect.gen(function* () {
      const { given } = yield* connection
      expect(text(yield* given.pull)).toBe("ab")
      const { log } = received(given)
      yield* turns
      expect(log).toEqual(["cd"])
    })
  )

  it.scoped("abort drops them, and tells the end once, also while paused", () =>
    Effect.gen(function* () {
      const { client, given } = yield* connection
      const { flow, log } = received(given)
      flow.pause()
      yield* given.abort
      yield* given.abort
      flow.resume()
      yield* turns
      expect(log).toEqual(["Read"])
      expect((yield* Effect.flip(client.pull)).reason._tag).toBe("Reset")
    })
  )

  it.scoped("abort drops them for a later pull", () =>
    Effect.gen(function* () {
      const { given } = yield* connection
      yield* given.abort
      expect((yield* Effect.flip(given.pull)).reason._tag).toBe("Read")
    })
  )

  it.scoped("abort, and teardown, within their delivery: nothing is delivered behind them", () =>
    Effect.gen(function* () {
      for (const close of ["abort", "teardown"] as const) {
        const { client, given } = yield* connection
        const { log } = received(given, () =>
          Effect.runFork(close === "abort" ? given.abort : given.teardown("server"))
        )
        yield* turns
        yield* client.end
        yield* turns
        expect(log).toEqual(["ab", close === "abort" ? "Read" : "EndOfStream"])
      }
    })
  )

  it.scoped("RFC 6455 §7.1.1: teardown discards them, and what arrives", () =>
    Effect.gen(function* () {
      const { client, given } = yield* connection
      const { flow, log } = received(given)
      flow.pause()
      yield* Effect.zip(given.teardown("server"), client.teardown("client"), { concurrent: true })
      yield* turns
      expect(log).toEqual(["EndOfStream"])
    })
  )

  it.scoped("writing goes on as it was", () =>
    Effect.gen(function* () {
      const { client, given, server } = yield* connection
      given.unsafeWrite([utf8("answer")])
      yield* given.drain
      expect(given.unsafeBuffered()).toBe(0)
      expect(text(yield* client.pull)).toBe("answer")
      expect(given.info).toBe(server.info)
    })
  )

  it.scoped("no octets: the Duplex itself", () =>
    Effect.gen(function* () {
      const { server } = yield* connection
      expect(DuplexAdapter.prepend(server, new Uint8Array(0))).toBe(server)
    })
  )

  it.effect.prop(
    "law: to read some octets and to give them back changes nothing",
    [fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 6 })],
    ([sizes, pulls]) =>
      Effect.scoped(
        Effect.gen(function* () {
          const [client, server] = yield* MemoryTransport.pair()
          const sent = sizes.map((size, at) => octets(size, at))
          for (const chunk of sent) client.unsafeWrite([chunk.slice()])
          yield* client.end
          const first: Array<Uint8Array> = []
          for (let pull = 0; pull < Math.min(pulls, sizes.length); pull++) first.push(...(yield* server.pull))
          const given = DuplexAdapter.prepend(server, concat(...first))
          const again: Array<Uint8Array> = []
          const pulling = Effect.forever(Effect.map(given.pull, (chunks) => again.push(...chunks)))
          expect((yield* Effect.flip(pulling)).reason._tag).toBe("EndOfStream")
          expect(concat(...again)).toEqual(concat(...sent))
        })
      )
  )
})
