import { describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { hostTurn } from "../../src/host/HostTurn.js"
import { Listener } from "../../src/Listener.js"
import * as MemoryTransport from "../../src/MemoryTransport.js"
import { type Duplex, Transport } from "../../src/Transport.js"
import * as FailingTransport from "../../src/testing/FailingTransport.js"
import { transportContract } from "../../src/testing/transportContract.js"
import { TransportError } from "../../src/WebSocketError.js"

const never = Layer.merge(
  FailingTransport.layer({ after: Infinity }),
  FailingTransport.layerListener({ after: Infinity })
).pipe(Layer.provide(MemoryTransport.layer))

describe("Transport contract over memory, through FailingTransport without a failure", () => {
  for (const { effect, name } of transportContract) it.scopedLive(name, () => Effect.provide(effect, never))
})

const connect = Effect.flatMap(Transport, (transport) => transport.connect({ host: "memory", port: 80, secure: false }))

/** Sends a question, reads until the answer is whole, ends. Operations: connect, write, drain, reads, end, the end read. */
const ask = Effect.scoped(
  Effect.gen(function* () {
    const duplex = yield* connect
    duplex.unsafeWrite([Uint8Array.of(1, 2)])
    yield* duplex.drain
    const answer = yield* duplex.pull
    yield* duplex.end
    const error = yield* Effect.flip(duplex.pull)
    if (error.reason._tag !== "EndOfStream") return yield* Effect.fail(error)
    return answer[0].length
  })
)

const answer = (duplex: Duplex) =>
  duplex.pull.pipe(
    Effect.tap((chunks) => duplex.unsafeWrite(chunks)),
    Effect.zipRight(Effect.flip(duplex.pull)),
    Effect.zipRight(duplex.teardown("server")),
    Effect.ignore
  )

const serving = Effect.flatMap(Listener, (listener) => Effect.forkScoped(listener.accept(answer)))

describe("FailingTransport.everyFailure", () => {
  it.scoped("each operation fails once, with the given error; the last run is without a failure", () =>
    Effect.gen(function* () {
      yield* serving
      const error = new TransportError({ reason: { _tag: "Write" }, cause: "for the test" })
      const exits = yield* FailingTransport.everyFailure(ask, { error })
      expect(exits.at(-1)).toEqual(Exit.succeed(2))
      const failures = exits.slice(0, -1)
      expect(failures.length).toBe(6)
      for (const exit of failures) expect(exit).toEqual(Exit.fail(error))
    }).pipe(Effect.provide(MemoryTransport.layer))
  )

  it.scoped("a program that cares for no failure still meets each of them", () =>
    Effect.gen(function* () {
      yield* serving
      const exits = yield* FailingTransport.everyFailure(Effect.ignore(ask))
      expect(exits.length).toBe(7)
    }).pipe(Effect.provide(MemoryTransport.layer))
  )

  it.scoped("a program that tries for ever is stopped at the limit", () =>
    Effect.gen(function* () {
      yield* serving
      const program = Effect.forever(connect)
      const exit = yield* Effect.exit(FailingTransport.everyFailure(program, { limit: 5 }))
      expect(Exit.isFailure(exit) && Cause.isDie(exit.cause)).toBe(true)
    }).pipe(Effect.provide(MemoryTransport.layer), Effect.scoped)
  )

  it.effect("everyFailureAt: the operations of a server", () =>
    Effect.gen(function* () {
      const program = (point: FailingTransport.FailurePoint) =>
        Effect.scoped(Effect.zipRight(serving, ask)).pipe(
          Effect.provide(FailingTransport.layerListenerAt(point).pipe(Layer.provideMerge(MemoryTransport.layer)))
        )
      const exits = yield* FailingTransport.everyFailureAt(program)
      expect(exits.at(-1)).toEqual(Exit.succeed(2))
      // Accept, read, write and the end that is read: the client notices each of them. It has all it wants by then.
      expect(exits.findIndex(Exit.isSuccess)).toBeGreaterThanOrEqual(4)
    })
  )
})

describe("FailingTransport.layer", () => {
  const failingAfter = (after: number) =>
    FailingTransport.layer({ after }).pipe(Layer.provideMerge(MemoryTransport.layer))

  it.scoped("connect is the first operation", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(connect)
      expect([error.reason._tag, error.cause]).toEqual(["Read", "injected failure"])
    }).pipe(Effect.provide(failingAfter(0)))
  )

  it.scoped(
    "a failed write ends the connection: onEnd is called once, the peer sees a reset, all later operations fail",
    () =>
      Effect.gen(function* () {
        const listener = yield* Listener
        const seen: Array<string> = []
        yield* Effect.forkScoped(
          listener.accept((peer) =>
            Effect.ignore(Effect.tapError(peer.pull, ({ reason }) => Effect.sync(() => seen.push(reason._tag))))
          )
        )
        const duplex = yield* connect
        const errors: Array<TransportError> = []
        duplex.unsafeReceive(
          () => {},
          (error) => errors.push(error)
        )
        duplex.unsafeWrite([Uint8Array.of(1)])
        expect(errors).toEqual([])
        yield* hostTurn
        yield* hostTurn
        expect(errors.map(({ cause }) => cause)).toEqual(["injected failure"])
        expect(seen).toEqual(["Reset"])
        expect((yield* Effect.flip(duplex.drain)).cause).toBe("injected failure")
        expect((yield* Effect.flip(connect)).cause).toBe("injected failure")
      }).pipe(Effect.provide(failingAfter(1)))
  )

  it.scoped("a pull that waits fails when another operation does", () =>
    Effect.gen(function* () {
      const duplex = yield* connect
      const pulling = yield* Effect.fork(Effect.flip(duplex.pull))
      yield* hostTurn
      yield* duplex.end
      expect((yield* pulling).cause).toBe("injected failure")
    }).pipe(Effect.provide(failingAfter(1)))
  )
})
