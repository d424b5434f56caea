/** What RPC promises, as cases to be run over any of its protocols. */

import * as RpcClient from "@effect/rpc/RpcClient"
import { expect } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { client, NotFound, Seen, says, User } from "./calls.js"
import { turns } from "./serving.js"

export interface RpcCase {
  readonly name: string
  readonly run: Effect.Effect<void, unknown, RpcClient.Protocol | Seen | Scope.Scope>
}

const calls = Effect.provide(client, says("Ada"))

const unary: ReadonlyArray<RpcCase> = [
  {
    name: "a call has its answer",
    run: Effect.gen(function* () {
      const { Double } = yield* calls
      expect(yield* Double({ value: 21 })).toBe(42)
    })
  },
  {
    name: "a hundred calls at a time have theirs",
    run: Effect.gen(function* () {
      const { Double } = yield* calls
      const values = Array.from({ length: 100 }, (_, value) => value)
      const answers = yield* Effect.forEach(values, (value) => Double({ value }), { concurrency: "unbounded" })
      expect(answers).toEqual(values.map((value) => value * 2))
    })
  },
  {
    name: "payloads of a megabyte pass",
    run: Effect.gen(function* () {
      const { Octets } = yield* calls
      const octets = Uint8Array.from({ length: 2 ** 20 }, (_, at) => at % 251)
      expect(Buffer.compare(yield* Octets({ octets }), octets)).toBe(0)
    })
  },
  {
    name: "a failure is typed",
    run: Effect.gen(function* () {
      const { Find } = yield* calls
      expect(yield* Find({ id: 1 })).toBe("one")
      expect(yield* Effect.flip(Find({ id: 2 }))).toEqual(new NotFound({ id: 2 }))
    })
  },
  {
    name: "a defect stays one, and the connection stays",
    run: Effect.gen(function* () {
      const { Break, Double } = yield* calls
      const exit = yield* Effect.exit(Break())
      expect(Exit.isFailure(exit) && Cause.isDie(exit.cause)).toBe(true)
      expect(yield* Double({ value: 1 })).toBe(2)
    })
  },
  {
    name: "a defect that is an Error keeps its message",
    run: Effect.gen(function* () {
      const { BreakWithError } = yield* calls
      const exit = yield* Effect.exit(BreakWithError())
      expect(Exit.isFailure(exit) && Cause.squash(exit.cause)).toMatchObject({ message: "broken, with details" })
    })
  },
  {
    name: "values of classes, and an Option as such",
    run: Effect.gen(function* () {
      const { FindUser } = yield* calls
      const found = Option.getOrThrow(yield* FindUser({ id: 1 }))
      expect([found instanceof User, found.name]).toEqual([true, "one"])
      expect(yield* FindUser({ id: 2 })).toEqual(Option.none())
    })
  },
  {
    name: "procedures with a prefix are together",
    run: Effect.gen(function* () {
      const { deep } = yield* calls
      expect(yield* deep.Double({ value: 4 })).toBe(8)
    })
  },
  {
    name: "a call that is interrupted is interrupted on the server",
    run: Effect.gen(function* () {
      const { Hang } = yield* calls
      const { events } = yield* Seen
      const fiber = yield* Effect.fork(Hang())
      expect(yield* Queue.take(events)).toBe("Hang begun")
      yield* Fiber.interrupt(fiber)
      expect(yield* Queue.take(events)).toBe("Hang interrupted")
    })
  },
  {
    name: "middleware of client and server meets in the headers",
    run: Effect.gen(function* () {
      const { WhoAmI } = yield* calls
      expect(yield* WhoAmI()).toBe("Ada")
    })
  },
  {
    name: "headers are those of the call, or of all calls around it; middleware that refuses is a typed failure",
    run: Effect.gen(function* () {
      const { WhoAmI } = yield* Effect.provide(client, says())
      expect(yield* Effect.flip(WhoAmI())).toBe("who?")
      expect(yield* WhoAmI(undefined, { headers: { authorization: "Bea" } })).toBe("Bea")
      expect(yield* RpcClient.withHeaders(WhoAmI(), { authorization: "Cyd" })).toBe("Cyd")
    })
  },
  {
    name: "middleware around the calls of a server sees how they end",
    run: Effect.gen(function* () {
      const { BreakWithError, Pass } = yield* calls
      const { events } = yield* Seen
      yield* Pass()
      yield* Effect.exit(BreakWithError())
      expect([yield* Queue.take(events), yield* Queue.take(events)]).toEqual(["Pass Success", "BreakWithError Failure"])
    })
  }
]

const streaming: ReadonlyArray<RpcCase> = [
  {
    name: "a stream has all its values in order, and ends",
    run: Effect.gen(function* () {
      const { Count } = yield* calls
      const values = yield* Stream.runCollect(Count({ to: 1000 }))
      expect(Chunk.toReadonlyArray(values)).toEqual(Array.from({ length: 1000 }, (_, at) => at + 1))
    })
  },
  {
    name: "a stream that fails does so behind its values",
    run: Effect.gen(function* () {
      const { Count } = yield* calls
      const values: Array<number> = []
      const stream = Stream.tap(Count({ to: -3 }), (value) => Effect.sync(() => values.push(value)))
      expect(yield* Effect.flip(Stream.runDrain(stream))).toEqual(new NotFound({ id: -3 }))
      expect(values).toEqual([1, 2, 3])
    })
  },
  {
    name: "a stream that nobody reads is held up, and holds up nobody else",
    run: Effect.gen(function* () {
      const { Double, Endless } = yield* calls
      const seen = yield* Seen
      yield* Effect.scoped(
        Effect.gen(function* () {
          const pull = yield* Stream.toPull(Endless())
          yield* pull
          yield* turns(100)
          const { produced } = seen
          yield* turns(100)
          expect(seen.produced).toBe(produced)
          expect(yield* Double({ value: 2 })).toBe(4)
        })
      )
      expect(yield* Queue.take(seen.events)).toBe("Endless ended")
    })
  },
  {
    name: "a stream that is read in part ends on the server",
    run: Effect.gen(function* () {
      const { Endless } = yield* calls
      const { events } = yield* Seen
      expect(Chunk.size(yield* Stream.runCollect(Stream.take(Endless(), 3)))).toBe(3)
      expect(yield* Queue.take(events)).toBe("Endless ended")
    })
  }
]

const ending: ReadonlyArray<RpcCase> = [
  {
    name: "the end of a client interrupts what it had called",
    run: Effect.gen(function* () {
      const { events } = yield* Seen
      yield* Effect.scoped(
        Effect.gen(function* () {
          const { Hang } = yield* calls
          yield* Effect.forkScoped(Hang())
          yield* Queue.take(events)
        })
      )
      expect(yield* Queue.take(events)).toBe("Hang interrupted")
    })
  },
  {
    name: "a connection that is lost fails its calls, and the next ones are made on a new one",
    run: Effect.gen(function* () {
      const { Double, Drop } = yield* calls
      const error = yield* Effect.flip(Drop())
      expect(error).toMatchObject({
        _tag: "RpcClientError",
        cause: { reason: "Close", code: 1012, closeReason: "restart" }
      })
      const again = Effect.tapError(Double({ value: 3 }), () => turns(1))
      expect(yield* Effect.retry(again, { times: 1000 })).toBe(6)
    })
  }
]

export const rpcCases: ReadonlyArray<RpcCase> = [...unary, ...streaming, ...ending]
