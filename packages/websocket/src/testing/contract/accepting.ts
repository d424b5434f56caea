/**
 * The contract of `Transport.connect` and `Listener.accept`.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { Listener } from "../../Listener.js"
import type { Duplex } from "../../Transport.js"
import {
  type ContractCase,
  check,
  checkOctets,
  collect,
  connect,
  connected,
  contractCase,
  octets,
  read,
  readAll,
  send,
  turns
} from "./harness.js"

/** Sends back what arrives, until the peer ends. */
const echo = (duplex: Duplex): Effect.Effect<void> =>
  duplex.pull.pipe(
    Effect.flatMap((chunks) => send(duplex, Uint8Array.from(chunks.flatMap((chunk) => [...chunk])))),
    Effect.forever,
    Effect.ignore
  )

const accepting = <R>(use: (duplex: Duplex) => Effect.Effect<void, never, R>) =>
  Effect.flatMap(Listener, (listener) => Effect.forkScoped(listener.accept(use)))

const roundTrip = (duplex: Duplex, seed: number) =>
  Effect.gen(function* () {
    const sent = octets(2000, seed)
    duplex.unsafeWrite([sent.slice()])
    yield* checkOctets(yield* read(duplex, sent.length), sent, `connection ${seed}`)
  })

/** The cases of connecting and accepting. */
export const connecting: ReadonlyArray<ContractCase> = [
  contractCase("many connections at a time, each in a fiber of its own", function* () {
    yield* accepting(echo)
    const seeds = Array.from({ length: 30 }, (_, index) => index)
    const clients = yield* Effect.forEach(seeds, () => connect, { concurrency: "unbounded" })
    yield* Effect.forEach(clients, roundTrip, { concurrency: "unbounded" })
  }),
  contractCase("connections that come before accept are kept, and so is what they sent", function* () {
    const early = yield* connect
    const sent = octets(1000)
    early.unsafeWrite([sent.slice()])
    yield* turns()
    yield* accepting(echo)
    yield* checkOctets(yield* read(early, sent.length), sent, "sent before accept")
  }),
  contractCase(
    "each connection has a Scope of its own: it is closed when its fiber ends, the others go on",
    function* () {
      const first = yield* Deferred.make<void>()
      let count = 0
      yield* accepting((duplex) => (count++ === 0 ? Deferred.await(first) : echo(duplex)))
      const one = yield* connect
      yield* turns()
      const other = yield* connect
      yield* roundTrip(other, 1)
      yield* Deferred.succeed(first, undefined)
      yield* readAll(one)
      yield* roundTrip(other, 2)
    }
  ),
  contractCase("the finalizers of a connection run when its fiber ends", function* () {
    const finalized = yield* Deferred.make<void>()
    yield* accepting(() => Effect.asVoid(Effect.addFinalizer(() => Deferred.succeed(finalized, undefined))))
    yield* connect
    yield* Deferred.await(finalized)
  }),
  contractCase("a defect in one connection closes that one, the others go on", function* () {
    let count = 0
    yield* accepting((duplex) => (count++ === 0 ? Effect.die("a defect of the application") : echo(duplex)))
    yield* readAll(yield* connect)
    yield* roundTrip(yield* connect, 1)
  }),
  contractCase("interruption of accept interrupts what runs, waits for it, and closes the connections", function* () {
    let state = "none"
    const use = () =>
      Effect.onInterrupt(
        Effect.suspend(() => {
          state = "running"
          return Effect.never
        }),
        () =>
          Effect.map(turns(5), () => {
            state = "finished"
          })
      )
    const fiber = yield* accepting(use)
    const client = yield* connect
    while (state === "none") yield* turns(1)
    yield* Fiber.interrupt(fiber)
    yield* check(state === "finished", "the interruption of accept waits for its connections")
    yield* readAll(client)
  }),
  contractCase("accept runs again after an interruption", function* () {
    const first = yield* accepting(echo)
    yield* roundTrip(yield* connect, 1)
    yield* Fiber.interrupt(first)
    yield* accepting(echo)
    yield* roundTrip(yield* connect, 2)
  }),
  contractCase("an interrupted connect leaves the Listener as it was", function* () {
    yield* accepting(echo)
    yield* Fiber.interrupt(yield* Effect.fork(Effect.scoped(connect)))
    yield* roundTrip(yield* connect, 1)
  }),
  contractCase("a connection outlives the others", function* () {
    yield* accepting(echo)
    const lasting = yield* connect
    yield* Effect.forEach([1, 2, 3], (seed) =>
      Effect.scoped(Effect.flatMap(connect, (duplex) => roundTrip(duplex, seed)))
    )
    yield* roundTrip(lasting, 4)
  }),
  contractCase("info tells the addresses, and whether the octets are encrypted", function* () {
    const { address, secure } = yield* Listener
    const { client, server } = yield* connected
    yield* check(client.info.encrypted === secure, "info.encrypted of the client is that of the Listener")
    yield* check(server.info.encrypted === secure, "info.encrypted of the server is that of the Listener")
    const known = [client.info.remote, server.info.local].flatMap(Option.toArray)
    yield* check(known.length === 2, "the client knows where it connected to, the server where it was reached")
    yield* check(
      known.every(({ _tag }) => _tag === address._tag),
      `the addresses are of kind ${address._tag}`
    )
  }),
  contractCase("an idle connection stays open", function* () {
    const { client, server } = yield* connected
    const received = collect(server)
    yield* turns(50)
    yield* check(received.errors.length === 0, "nothing ends an idle connection")
    client.unsafeWrite([octets(5)])
    yield* received.until(5)
  })
]
