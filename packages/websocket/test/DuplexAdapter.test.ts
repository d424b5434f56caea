import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import * as DuplexAdapter from "../src/DuplexAdapter.js"
import { hostTurn } from "../src/host/HostTurn.js"
import type { Listener } from "../src/Listener.js"
import * as MemoryTransport from "../src/MemoryTransport.js"
import type { Duplex, Transport } from "../src/Transport.js"
import { transportContract } from "../src/testing/transportContract.js"
import { TransportError } from "../src/WebSocketError.js"

/** Uses `pull` and a write effect of the lower Duplex alone. */
const byPull = (lower: Duplex) =>
  DuplexAdapter.fromPull({
    pull: lower.pull,
    write: (chunk) =>
      Effect.suspend(() => {
        lower.unsafeWrite([chunk])
        return lower.drain
      }),
    end: lower.end,
    abort: lower.abort,
    info: lower.info
  })

const pulled: Layer.Layer<Transport | Listener> = Layer.merge(
  DuplexAdapter.mapTransport(byPull),
  DuplexAdapter.mapListener(byPull)
).pipe(Layer.provide(MemoryTransport.layerWith({ capacity: 4096 })))

const changed: Layer.Layer<Transport | Listener> = Layer.merge(
  DuplexAdapter.mapTransport((lower) => Effect.succeed(DuplexAdapter.over(lower, {}))),
  DuplexAdapter.mapListener((lower) => Effect.succeed(DuplexAdapter.over(lower, {})))
).pipe(Layer.provide(MemoryTransport.layer))

for (const [name, layer] of Object.entries({ fromPull: pulled, "over without changes": changed })) {
  describe(`Transport contract over memory, through ${name}`, () => {
    for (const { effect, name } of transportContract) it.scopedLive(name, () => Effect.provide(effect, layer))
  })
}

const silent = { pull: Effect.never, write: () => Effect.void, end: Effect.void, abort: Effect.void }
const info = {
  local: Option.none(),
  remote: Option.none(),
  encrypted: false,
  alpn: Option.none(),
  peerCertificate: Option.none(),
  native: undefined
}

/** Counts how many fibers are inside of the effect. */
const counting = <A, E>(effect: Effect.Effect<A, E>) => {
  const count = { inside: 0, begun: 0 }
  const counted = Effect.suspend(() => {
    count.inside++
    count.begun++
    return Effect.ensuring(
      effect,
      Effect.sync(() => count.inside--)
    )
  })
  return [count, counted] as const
}

describe("DuplexAdapter.fromPull", () => {
  it.scoped("pulls only while unsafeReceive flows", () =>
    Effect.gen(function* () {
      const [count, pull] = counting(Effect.never as Duplex["pull"])
      const duplex = yield* DuplexAdapter.fromPull({ ...silent, pull, info })
      yield* hostTurn
      expect(count.begun).toBe(0)
      const flow = duplex.unsafeReceive(
        () => {},
        () => {}
      )
      yield* hostTurn
      expect(count.inside).toBe(1)
      flow.pause()
      yield* hostTurn
      expect(count.inside).toBe(0)
      flow.resume()
      flow.pause()
      flow.resume()
      yield* hostTurn
      expect([count.inside, count.begun]).toEqual([1, 2])
    })
  )

  it.scoped("writes only while something is buffered, one chunk at a time and in order", () =>
    Effect.gen(function* () {
      const gate = yield* Effect.makeSemaphore(1)
      const written: Array<number> = []
      const write = (chunk: Uint8Array) => gate.withPermits(1)(Effect.sync(() => written.push(chunk[0])))
      const duplex = yield* DuplexAdapter.fromPull({ ...silent, write, info })
      yield* gate.take(1)
      duplex.unsafeWrite([Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 2)])
      expect(duplex.unsafeBuffered()).toBe(3)
      const draining = yield* Effect.fork(duplex.drain)
      yield* hostTurn
      expect(yield* Fiber.poll(draining)).toEqual(Option.none())
      yield* gate.release(1)
      yield* Fiber.join(draining)
      expect([written, duplex.unsafeBuffered()]).toEqual([[1, 2], 0])
    })
  )

  it.scoped("a write that fails is what every drain sees; later writes are dropped", () =>
    Effect.gen(function* () {
      const failure = new TransportError({ reason: { _tag: "Write" } })
      const duplex = yield* DuplexAdapter.fromPull({ ...silent, write: () => Effect.fail(failure), info })
      duplex.unsafeWrite([Uint8Array.of(1)])
      expect(yield* Effect.flip(duplex.drain)).toBe(failure)
      duplex.unsafeWrite([Uint8Array.of(1)])
      expect(duplex.unsafeBuffered()).toBe(0)
      expect(yield* Effect.flip(duplex.drain)).toBe(failure)
    })
  )

  it.scoped("end runs once, after what was buffered", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const duplex = yield* DuplexAdapter.fromPull({
        ...silent,
        write: (chunk) =>
          Effect.zipRight(
            hostTurn,
            Effect.sync(() => log.push(`write ${chunk[0]}`))
          ),
        end: Effect.sync(() => log.push("end")),
        info
      })
      duplex.unsafeWrite([Uint8Array.of(1), Uint8Array.of(2)])
      yield* duplex.end
      yield* duplex.end
      yield* duplex.drain
      yield* hostTurn
      expect(log).toEqual(["write 1", "write 2", "end"])
    })
  )

  it.scoped("the first failure of pull is final", () =>
    Effect.gen(function* () {
      let pulls = 0
      const pull = Effect.suspend(() =>
        Effect.fail(new TransportError({ reason: { _tag: ++pulls === 1 ? "Reset" : "Read" } }))
      )
      const duplex = yield* DuplexAdapter.fromPull({ ...silent, pull, info })
      expect((yield* Effect.flip(duplex.pull)).reason._tag).toBe("Reset")
      expect((yield* Effect.flip(duplex.pull)).reason._tag).toBe("Reset")
      expect((yield* Effect.flip(duplex.drain)).reason._tag).toBe("Reset")
    })
  )

  it.scoped("a defect of pull or write is a failure of the connection, with its cause", () =>
    Effect.gen(function* () {
      const duplex = yield* DuplexAdapter.fromPull({
        ...silent,
        pull: Effect.dieMessage("pull is broken"),
        write: () => Effect.dieMessage("write is broken"),
        info
      })
      const errors: Array<TransportError> = []
      duplex.unsafeWrite([Uint8Array.of(1)])
      expect(String((yield* Effect.flip(duplex.drain)).cause)).toContain("write is broken")
      duplex.unsafeReceive(
        () => {},
        (error) => errors.push(error)
      )
      yield* hostTurn
      expect(String(errors[0].cause)).toContain("pull is broken")
    })
  )

  it.scoped("a pull that is always ready lets the event loop run, and so does a write", () =>
    Effect.gen(function* () {
      let received = 0
      const duplex = yield* DuplexAdapter.fromPull({
        ...silent,
        pull: Effect.sync(() => [Uint8Array.of(1)] as const),
        info
      })
      duplex.unsafeReceive(
        () => {
          received++
          duplex.unsafeWrite([Uint8Array.of(1)])
        },
        () => {}
      )
      for (let turn = 0; turn < 10; turn++) yield* hostTurn
      expect(received).toBeGreaterThan(0)
    })
  )

  it.effect("the end of the Scope aborts once, and leaves no fiber behind", () =>
    Effect.gen(function* () {
      let aborts = 0
      const scope = yield* Scope.make()
      const [reads, pull] = counting(Effect.never as Duplex["pull"])
      const [writes, write] = counting(Effect.never as Effect.Effect<void, TransportError>)
      const abort = Effect.sync(() => void aborts++)
      const options = { pull, write: () => write, end: Effect.void, abort, info }
      const duplex = yield* Scope.extend(DuplexAdapter.fromPull(options), scope)
      const errors: Array<TransportError> = []
      duplex.unsafeReceive(
        () => {},
        (error) => errors.push(error)
      )
      duplex.unsafeWrite([Uint8Array.of(1)])
      yield* hostTurn
      expect([reads.inside, writes.inside]).toEqual([1, 1])
      yield* Scope.close(scope, Exit.void)
      yield* duplex.abort
      yield* hostTurn
      expect([reads.inside, writes.inside, aborts, errors.length]).toEqual([0, 0, 1, 1])
    })
  )

  it.scoped(
    "RFC 6455 §7.1.1: the default teardown of a server ends, then reads to the end; a client the other way",
    () =>
      Effect.gen(function* () {
        const log: Array<string> = []
        const make = DuplexAdapter.fromPull({
          ...silent,
          pull: Effect.suspend(() => {
            log.push("end of stream")
            return Effect.fail(new TransportError({ reason: { _tag: "EndOfStream" } }))
          }),
          end: Effect.sync(() => log.push("end")),
          info
        })
        yield* (yield* make).teardown("server")
        yield* hostTurn
        yield* (yield* make).teardown("client")
        yield* hostTurn
        expect(log).toEqual(["end", "end of stream", "end of stream", "end"])
      })
  )
})

describe("DuplexAdapter.over", () => {
  it.scoped("PARITY L-24: a layer that counts octets is one change", () =>
    Effect.gen(function* () {
      let count = 0
      const [client, server] = yield* MemoryTransport.pair()
      const counted = DuplexAdapter.over(server, {
        unsafeReceive: (onOctets, onEnd) =>
          server.unsafeReceive((octets) => {
            count += octets.length
            onOctets(octets)
          }, onEnd)
      })
      client.unsafeWrite([new Uint8Array(5)])
      expect((yield* counted.pull)[0].length).toBe(5)
      client.unsafeWrite([new Uint8Array(7)])
      yield* Effect.zip(client.teardown("client"), counted.teardown("server"), { concurrent: true })
      expect(count).toBe(12)
    })
  )
})

const clientHello = Uint8Array.of(0x16, 3, 1, 1, 0, 1, 0, 0, 0xfc, 3, 3)

describe("PARITY L-21: DuplexAdapter.detectTls", () => {
  const pair = Effect.map(MemoryTransport.pair(), ([client, server]) => ({ client, server }))

  for (const [what, octets, isTls] of [
    ["a ClientHello", clientHello, true],
    ["HTTP", new TextEncoder().encode("GET / HTTP/1.1\r\n"), false],
    ["a record that is no ClientHello", Uint8Array.of(0x16, 3, 1, 1, 0, 2), false]
  ] as const) {
    it.scoped(`${what}, octet by octet: ${isTls ? "TLS" : "not TLS"}, and every octet is given back`, () =>
      Effect.gen(function* () {
        const { client, server } = yield* pair
        const fiber = yield* Effect.fork(DuplexAdapter.detectTls(server))
        for (const octet of octets) {
          client.unsafeWrite([Uint8Array.of(octet)])
          yield* hostTurn
        }
        const { duplex, isTls: answer } = yield* Fiber.join(fiber)
        expect(answer).toBe(isTls)
        yield* client.end
        const arrived: Array<Uint8Array> = []
        yield* Effect.flip(Effect.forever(Effect.map(duplex.pull, (chunks) => arrived.push(...chunks))))
        expect(new Uint8Array(Buffer.concat(arrived))).toEqual(Uint8Array.from(octets))
      })
    )
  }

  it.scoped("reads no more than it needs to know", () =>
    Effect.gen(function* () {
      const { client, server } = yield* pair
      client.unsafeWrite([clientHello.slice(0, 9)])
      client.unsafeWrite([new Uint8Array(100_000)])
      yield* DuplexAdapter.detectTls(server)
      yield* Effect.repeatN(hostTurn, 10)
      expect(client.unsafeBuffered()).toBeGreaterThan(0)
    })
  )

  it.scoped("an end before it is known is the failure", () =>
    Effect.gen(function* () {
      for (const [close, tag] of [
        ["end", "EndOfStream"],
        ["abort", "Reset"]
      ] as const) {
        const { client, server } = yield* pair
        client.unsafeWrite([clientHello.slice(0, 8)])
        yield* client[close]
        expect((yield* Effect.flip(DuplexAdapter.detectTls(server))).reason._tag).toBe(tag)
      }
    })
  )

  it.scoped("it waits for a client that says nothing, until it is interrupted", () =>
    Effect.gen(function* () {
      const { server } = yield* pair
      const waiting = yield* Effect.fork(Effect.timeoutOption(DuplexAdapter.detectTls(server), "30 seconds"))
      yield* TestClock.adjust("30 seconds")
      expect(yield* Fiber.join(waiting)).toEqual(Option.none())
    })
  )
})
