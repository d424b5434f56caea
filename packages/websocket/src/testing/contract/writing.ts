/**
 * The contract of `unsafeWrite`, `unsafeBuffered` and `drain`.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import {
  bothWays,
  type ContractCase,
  check,
  checkFailed,
  collect,
  contractCase,
  fill,
  octets,
  turns
} from "./harness.js"

/** The cases of writing. */
export const writing: ReadonlyArray<ContractCase> = [
  contractCase("nothing is buffered at first, and drain is immediate", function* () {
    for (const { from } of yield* bothWays) {
      yield* check(from.unsafeBuffered() === 0, "unsafeBuffered is 0 when nothing was written")
      yield* from.drain
    }
  }),
  contractCase("a peer that does not read makes unsafeBuffered grow; drain waits until it has read", function* () {
    for (const { from, to, way } of yield* bothWays) {
      const written = yield* fill(from)
      const draining = yield* Effect.fork(from.drain)
      yield* turns()
      yield* check((yield* Fiber.poll(draining))._tag === "None", `${way}: drain waits while octets are buffered`)
      const received = collect(to)
      yield* Fiber.join(draining)
      yield* check(from.unsafeBuffered() === 0, `${way}: nothing is buffered after drain`)
      yield* received.until(written)
      yield* check(received.length() === written, `${way}: all octets arrive`)
    }
  }),
  contractCase("an interrupted drain changes nothing", function* () {
    for (const { from, to, way } of yield* bothWays) {
      const written = yield* fill(from)
      yield* Fiber.interrupt(yield* Effect.fork(from.drain))
      const received = collect(to)
      yield* from.drain
      yield* received.until(written)
      yield* check(received.length() === written, `${way}: all octets arrive`)
    }
  }),
  contractCase("drain fails when the peer resets the connection", function* () {
    const [{ from, to }] = yield* bothWays
    yield* fill(from)
    const draining = yield* Effect.fork(from.drain)
    yield* turns()
    yield* to.abort
    yield* checkFailed(yield* Fiber.await(draining), "drain")
  }),
  contractCase("drain fails when the connection is aborted here", function* () {
    const [, { from }] = yield* bothWays
    yield* fill(from)
    const draining = yield* Effect.fork(from.drain)
    yield* turns()
    yield* from.abort
    yield* checkFailed(yield* Fiber.await(draining), "drain")
  }),
  contractCase("writing never throws: not after end, not after abort, not when the peer is gone", function* () {
    for (const { from, to } of yield* bothWays) {
      const received = collect(to)
      yield* from.end
      from.unsafeWrite([octets(10)])
      yield* received.until(Infinity)
      yield* check(received.length() === 0, "what is written after end is not sent")
      yield* to.abort
      yield* turns()
      from.unsafeWrite([octets(10)])
      yield* from.abort
      from.unsafeWrite([octets(10)])
      yield* turns()
    }
  })
]
