import { describe, expect, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import { hostTurn } from "../src/host/HostTurn.js"
import { Listener, uri } from "../src/Listener.js"
import * as MemoryTransport from "../src/MemoryTransport.js"
import { type Duplex, Transport } from "../src/Transport.js"
import { transportContract } from "../src/testing/transportContract.js"

const utf8 = new TextEncoder()
const text = (chunks: ReadonlyArray<Uint8Array>): string =>
  chunks.map((chunk) => Buffer.from(chunk).toString()).join("")
const target = { host: "example.com", port: 80, secure: false }
const connect = Effect.flatMap(Transport, (transport) => transport.connect(target))

const variants: Record<string, MemoryTransport.MemoryLayerOptions> = {
  "as fast as it can be": {},
  "chunks of 7 octets": { maxChunk: 7 },
  "latency of 1 ms": { latency: "1 millis" },
  "no octet in flight": { capacity: 0 },
  "1000 octets in flight, chunks of 100": { capacity: 1000, maxChunk: 100 },
  encrypted: { secure: true }
}

for (const [name, options] of Object.entries(variants)) {
  describe(`Transport contract over memory: ${name}`, () => {
    for (const { effect, name } of transportContract) {
      it.scopedLive(name, () => Effect.provide(effect, MemoryTransport.layerWith(options)))
    }
  })
}

describe("MemoryTransport.pair", () => {
  it.scoped("copies what is written at once", () =>
    Effect.gen(function* () {
      const [client, server] = yield* MemoryTransport.pair()
      const buffer = utf8.encode("hello")
      client.unsafeWrite([buffer])
      buffer.fill(0)
      expect(text(yield* server.pull)).toBe("hello")
    })
  )

  it.scoped("cuts into chunks of at most maxChunk octets", () =>
    Effect.gen(function* () {
      const [client, server] = yield* MemoryTransport.pair({ maxChunk: 2 })
      const lengths: Array<number> = []
      const done = yield* Deferred.make<void>()
      server.unsafeReceive(
        ({ length }) => lengths.push(length),
        () => Deferred.unsafeDone(done, Effect.void)
      )
      client.unsafeWrite([utf8.encode("hello")])
      yield* client.end
      yield* Deferred.await(done)
      expect(lengths).toEqual([2, 2, 1])
    })
  )

  it.scoped("never delivers while something is written or resumed", () =>
    Effect.gen(function* () {
      const [client, server] = yield* MemoryTransport.pair()
      let inside = false
      let wrong = 0
      const flow = server.unsafeReceive(
        () => {
          if (inside) wrong++
        },
        () => {}
      )
      inside = true
      client.unsafeWrite([utf8.encode("a")])
      flow.pause()
      client.unsafeWrite([utf8.encode("b")])
      flow.resume()
      inside = false
      yield* hostTurn
      expect(wrong).toBe(0)
    })
  )

  it.scoped("latency: under TestClock nothing arrives until it is adjusted, neither octets nor the end", () =>
    Effect.gen(function* () {
      const [client, server] = yield* MemoryTransport.pair({ latency: "50 millis" })
      const pulling = yield* Effect.fork(Effect.zip(server.pull, Clock.currentTimeMillis))
      client.unsafeWrite([utf8.encode("a")])
      yield* TestClock.adjust("49 millis")
      expect(yield* Fiber.poll(pulling)).toEqual(Option.none())
      client.unsafeWrite([utf8.encode("b")])
      yield* client.end
      yield* TestClock.adjust("1 millis")
      const [chunks, time] = yield* Fiber.join(pulling)
      expect([text(chunks), time]).toEqual(["a", 50])
      const rest = yield* Effect.fork(Effect.zip(server.pull, Effect.flip(server.pull)))
      yield* hostTurn
      expect(yield* Fiber.poll(rest)).toEqual(Option.none())
      yield* TestClock.adjust("49 millis")
      const [late, error] = yield* Fiber.join(rest)
      expect([text(late), error.reason._tag]).toEqual(["b", "EndOfStream"])
    })
  )

  it.scoped("latency: the reset arrives later too", () =>
    Effect.gen(function* () {
      const [client, server] = yield* MemoryTransport.pair({ latency: "1 second", capacity: 0 })
      server.unsafeWrite([utf8.encode("unread")])
      const draining = yield* Effect.fork(Effect.flip(server.drain))
      yield* client.abort
      yield* TestClock.adjust("999 millis")
      expect(yield* Fiber.poll(draining)).toEqual(Option.none())
      yield* TestClock.adjust("1 millis")
      expect((yield* Fiber.join(draining)).reason._tag).toBe("Reset")
    })
  )

  it.scoped("capacity: unsafeBuffered is what exceeds it, exactly", () =>
    Effect.gen(function* () {
      const [client, server] = yield* MemoryTransport.pair({ capacity: 10 })
      client.unsafeWrite([new Uint8Array(10)])
      expect(client.unsafeBuffered()).toBe(0)
      client.unsafeWrite([new Uint8Array(4), new Uint8Array(1)])
      expect(client.unsafeBuffered()).toBe(5)
      yield* Effect.zip(client.drain, server.pull, { concurrent: true })
      expect(client.unsafeBuffered()).toBe(0)
    })
  )

  it.scoped("abort: what is on its way arrives, what is buffered does not, then the peer sees Reset", () =>
    Effect.gen(function* () {
      const [client, server] = yield* MemoryTransport.pair({ capacity: 3 })
      client.unsafeWrite([utf8.encode("ab")])
      client.unsafeWrite([utf8.encode("cdef")])
      yield* client.abort
      expect(text(yield* server.pull) + text(yield* server.pull)).toBe("abc")
      expect((yield* Effect.flip(server.pull)).reason._tag).toBe("Reset")
      expect((yield* Effect.flip(server.drain)).reason._tag).toBe("Reset")
    })
  )

  it.scoped("the end of the Scope is no reset when both sides have ended and nothing is unread", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const [client, server] = yield* Scope.extend(MemoryTransport.pair(), scope)
      client.unsafeWrite([utf8.encode("bye")])
      yield* client.end
      yield* server.end
      yield* client.abort
      expect(text(yield* server.pull)).toBe("bye")
      expect((yield* Effect.flip(server.pull)).reason._tag).toBe("EndOfStream")
      yield* Scope.close(scope, Exit.void)
    })
  )

  it.scoped("two pulls at a time are a defect, and so is a pull after unsafeReceive", () =>
    Effect.gen(function* () {
      const [client] = yield* MemoryTransport.pair()
      yield* Effect.fork(client.pull)
      yield* Effect.yieldNow()
      expect(String(yield* Effect.exit(client.pull))).toContain("two pulls of one Duplex at a time")
      client.unsafeReceive(
        () => {},
        () => {}
      )
      expect(String(yield* Effect.exit(client.pull))).toContain("Duplex.pull after unsafeReceive")
    })
  )

  it.scopedLive("two fibers that ping-pong for ever let the event loop run", () =>
    Effect.gen(function* () {
      const [client, server] = yield* MemoryTransport.pair()
      const echo = (duplex: Duplex) => Effect.forever(Effect.map(duplex.pull, (chunks) => duplex.unsafeWrite(chunks)))
      client.unsafeWrite([utf8.encode("ball")])
      yield* Effect.forkScoped(echo(client))
      yield* Effect.forkScoped(echo(server))
      for (let turn = 0; turn < 10; turn++) yield* hostTurn
    })
  )

  it.scopedLive("two callbacks that ping-pong for ever let the event loop run", () =>
    Effect.gen(function* () {
      const [client, server] = yield* MemoryTransport.pair()
      const receive = (duplex: Duplex) =>
        duplex.unsafeReceive(
          (octets) => duplex.unsafeWrite([octets]),
          () => {}
        )
      receive(client)
      receive(server)
      client.unsafeWrite([utf8.encode("ball")])
      for (let turn = 0; turn < 10; turn++) yield* hostTurn
    })
  )
})

describe("MemoryTransport.layer", () => {
  it.scoped("is reached under any host; its addresses are of memory", () =>
    Effect.gen(function* () {
      const listener = yield* Listener
      const accepted = yield* Deferred.make<Duplex>()
      yield* Effect.forkScoped(
        listener.accept((duplex) => Effect.zipRight(Deferred.succeed(accepted, duplex), Effect.never))
      )
      const client = yield* connect
      const server = yield* Deferred.await(accepted)
      const chat = { _tag: "MemoryAddress", name: "chat" }
      expect(yield* uri("/a")).toBe("ws://chat/a")
      expect(client.info.remote).toEqual(Option.some(chat))
      expect(server.info.local).toEqual(Option.some(chat))
      expect(server.info.remote).toEqual(client.info.local)
      expect(client.info).toMatchObject({ encrypted: false, native: undefined })
    }).pipe(Effect.provide(MemoryTransport.layerWith({ name: "chat" })))
  )

  it.scoped("a full backlog fails with Open", () =>
    Effect.gen(function* () {
      yield* connect
      yield* connect
      const error = yield* Effect.flip(connect)
      expect(error.reason).toEqual({ _tag: "Open", address: "memory:memory" })
    }).pipe(Effect.provide(MemoryTransport.layerWith({ backlog: 2 })))
  )

  it.scoped("wss: is Unsupported unless it stands for TLS", () =>
    Effect.gen(function* () {
      const transport = yield* Transport
      const error = yield* Effect.flip(transport.connect({ ...target, secure: true }))
      expect(error.reason._tag).toBe("Unsupported")
    }).pipe(Effect.provide(MemoryTransport.layer))
  )

  it.scoped("connections nobody accepted are reset when the layer ends", () =>
    Effect.gen(function* () {
      const scope = yield* Effect.scope
      const client = yield* Scope.extend(connect, scope).pipe(Effect.provide(MemoryTransport.layer))
      expect((yield* Effect.flip(client.pull)).reason._tag).toBe("Reset")
    })
  )

  it.effect("each build is a place of its own", () =>
    Effect.gen(function* () {
      const place = Effect.provide(Effect.all([Transport, Listener]), MemoryTransport.layer)
      const [[one], [other]] = yield* Effect.zip(place, place)
      expect(one).not.toBe(other)
    })
  )
})
