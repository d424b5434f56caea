/**
 * A Transport whose connections all lead into the hands of the test.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import { type Target, Transport } from "../../src/Transport.js"
import { make, owned } from "../../src/transport/MemoryPipe.js"
import { type Wire, wire } from "./wire.js"

/** The Transport, the targets that were asked for, and the servers' ends in their order. */
export const fakeServer = Effect.gen(function* () {
  const targets: Array<Target> = []
  const accepted = yield* Queue.unbounded<Wire>()
  const address = (name: string) => ({ _tag: "MemoryAddress", name }) as const
  const connect = (target: Target) =>
    Effect.uninterruptible(
      Effect.gen(function* () {
        targets.push(target)
        const [near, far] = yield* make({ client: address("client"), server: address("server"), encrypted: false })
        yield* Queue.offer(accepted, wire(far))
        return yield* owned(near)
      })
    )
  const abortAll = (wires: Iterable<Wire>) => Effect.forEach(wires, (each) => each.duplex.abort)
  yield* Effect.addFinalizer(() => Effect.flatMap(Queue.takeAll(accepted), abortAll))
  return { transport: Context.make(Transport, { connect }), targets, accept: Queue.take(accepted) }
})
