/**
 * The contract of `end`, `abort`, `teardown` and of the Scope.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { Listener } from "../../Listener.js"
import {
  bothWays,
  type ContractCase,
  check,
  checkFailed,
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

const isGone = (tag: string): boolean => tag === "Reset" || tag === "EndOfStream" || tag === "TlsTruncated"

/** The cases of ending. */
export const ending: ReadonlyArray<ContractCase> = [
  contractCase("end is idempotent, and comes after what is buffered", function* () {
    for (const { from, to, way } of yield* bothWays) {
      const sent = octets(300_000)
      from.unsafeWrite([sent.slice()])
      yield* from.end
      yield* from.end
      const received = collect(to)
      yield* received.until(Infinity)
      yield* checkOctets(received.all(), sent, way)
    }
  }),
  contractCase("half-close: the other direction goes on", function* () {
    const { client, server } = yield* connected
    yield* client.end
    const { error } = yield* readAll(server)
    yield* check(error.reason._tag === "EndOfStream", "the server sees EndOfStream")
    const sent = octets(50_000)
    yield* Effect.fork(send(server, sent))
    yield* checkOctets(yield* read(client, sent.length), sent, "after the client's end")
  }),
  contractCase("abort: the peer sees Reset or EndOfStream", function* () {
    for (const { from, to, way } of yield* bothWays) {
      const reading = yield* Effect.fork(readAll(to))
      yield* from.abort
      const { error } = yield* Fiber.join(reading)
      yield* check(isGone(error.reason._tag), `${way}: the peer sees Reset or EndOfStream, not ${error.reason._tag}`)
    }
  }),
  contractCase("abort is idempotent, and ends what waits here", function* () {
    const [{ from, to }] = yield* bothWays
    const pulling = yield* Effect.fork(from.pull)
    const received = collect(to)
    yield* turns()
    yield* from.abort
    yield* from.abort
    yield* from.end
    yield* checkFailed(yield* Fiber.await(pulling), "a pull that waits")
    yield* checkFailed(yield* Effect.exit(from.pull), "a later pull")
    yield* received.until(Infinity)
    yield* to.abort
    yield* turns()
    yield* check(received.errors.length === 1, "onEnd is called once")
  }),
  contractCase("abort here calls onEnd, once and not within abort", function* () {
    const { client } = yield* connected
    const received = collect(client)
    yield* client.abort
    yield* received.until(Infinity)
    yield* turns()
    yield* check(received.errors.length === 1, "onEnd is called once")
  }),
  contractCase(
    "RFC 6455 §7.1.1: the server ends first, the client waits for that; both discard what arrives",
    function* () {
      const { client, server } = yield* connected
      const closingClient = yield* Effect.fork(client.teardown("client"))
      const peeking = yield* Effect.fork(server.pull)
      yield* turns()
      yield* check((yield* Fiber.poll(peeking))._tag === "None", "the client does not end before the server")
      yield* Fiber.interrupt(peeking)
      server.unsafeWrite([octets(100_000)])
      const closingServer = yield* Effect.fork(server.teardown("server"))
      yield* Fiber.join(closingClient)
      yield* Fiber.join(closingServer)
    }
  ),
  contractCase("RFC 6455 §7.1.1: the server ends at once, and waits for the client's end", function* () {
    const { client, server } = yield* connected
    client.unsafeWrite([octets(100_000)])
    const closing = yield* Effect.fork(server.teardown("server"))
    const { error } = yield* readAll(client)
    yield* check(error.reason._tag === "EndOfStream", "the client sees EndOfStream")
    yield* turns()
    yield* check((yield* Fiber.poll(closing))._tag === "None", "the server waits for the client's end")
    yield* client.teardown("client")
    yield* Fiber.join(closing)
  }),
  contractCase("teardown works while unsafeReceive is paused, and after pull", function* () {
    const { client, server } = yield* connected
    const received = collect(server)
    received.pause()
    server.unsafeWrite([octets(10)])
    yield* read(client, 1)
    client.unsafeWrite([octets(100_000)])
    yield* Effect.zip(client.teardown("client"), server.teardown("server"), { concurrent: true })
    yield* turns()
    yield* check(received.errors.length === 1, "onEnd is called at the end of teardown too")
  }),
  contractCase("an interrupted teardown is a hard close", function* () {
    const { client, server } = yield* connected
    const reading = yield* Effect.fork(readAll(server))
    const closing = yield* Effect.fork(client.teardown("client"))
    yield* turns()
    yield* Fiber.interrupt(closing)
    const { error } = yield* Fiber.join(reading)
    yield* check(isGone(error.reason._tag), `the peer sees the end, not ${error.reason._tag}`)
  }),
  contractCase("teardown of a dead connection completes", function* () {
    const { client, server } = yield* connected
    yield* client.abort
    yield* client.teardown("client")
    yield* server.teardown("server")
    yield* server.teardown("server")
  }),
  contractCase("the end of the client's Scope closes the connection", function* () {
    const listener = yield* Listener
    const scope = yield* Scope.make()
    const serving = yield* Effect.fork(Effect.flip(listener.accept((duplex) => Effect.asVoid(readAll(duplex)))))
    const client = yield* Scope.extend(connect, scope)
    const pulling = yield* Effect.fork(client.pull)
    yield* turns()
    yield* Scope.close(scope, Exit.void)
    yield* checkFailed(yield* Fiber.await(pulling), "pull")
    yield* Fiber.interrupt(serving)
  })
]
