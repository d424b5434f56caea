/**
 * The contract of the closing handshake (RFC 6455 §7), and of Scopes.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import type { WebSocket } from "../../WebSocket.js"
import type { Closure } from "../../WebSocketError.js"
import {
  bothWays,
  check,
  checkMessages,
  closedBy,
  connect,
  connected,
  contractCase,
  echo,
  receiveAll,
  serving,
  turns,
  type WebSocketContractCase
} from "./harness.js"

const show = (payload: Closure["sent"]): string =>
  Option.match(payload, { onNone: () => "none", onSome: ({ code, reason }) => `${code} ${reason}`.trim() })

/** Fails unless it ended cleanly, with these Close frames, begun by that side. */
const checkClosure = (closure: Closure, initiator: Closure["initiator"], received: string, what: string) =>
  check(
    closure.clean && closure.initiator === initiator && show(closure.received) === received,
    `${what}: ${initiator} closed with ${received}, not ${closure.initiator} with ${show(closure.received)}, clean ${closure.clean}`
  )

/** What a client receives as Close frame when the handler of the server ends like this. */
const closeAfter = (handler: (ws: WebSocket) => Effect.Effect<unknown, unknown>) =>
  Effect.gen(function* () {
    yield* serving(handler)
    const ws = yield* connect()
    return show((yield* ws.closed).received)
  })

/** What a server receives as Close frame when the Scope of the client ends like this. */
const closeBy = (exit: Exit.Exit<unknown, unknown>) =>
  Effect.gen(function* () {
    const closure = yield* Deferred.make<Closure>()
    yield* serving((ws) => Effect.flatMap(ws.closed, (how) => Deferred.succeed(closure, how)))
    const scope = yield* Scope.make()
    yield* Scope.extend(connect(), scope)
    yield* Scope.close(scope, exit)
    return show((yield* Deferred.await(closure)).received)
  })

/** Closes from each side, and sees what both know of it. */
const closeWith = (code: number, reason: string) =>
  Effect.gen(function* () {
    for (const { from, to, way } of yield* bothWays()) {
      const receiving = yield* Effect.fork(receiveAll(to))
      yield* checkClosure(yield* from.close(code, reason), "local", `${code}`, `${way}, who closes`)
      const { closure } = yield* closedBy((yield* Fiber.join(receiving)).error)
      yield* checkClosure(closure, "remote", `${code} ${reason}`.trim(), `${way}, the other`)
    }
  })

const closeFrames: ReadonlyArray<readonly [code: number, reason: string]> = [
  [1000, ""],
  [1001, "é, €, \u{1f600}"],
  [1014, "x".repeat(123)],
  [3000, "registered"],
  [4999, "private"]
]

/** The cases of ending in order. */
export const closing: ReadonlyArray<WebSocketContractCase> = [
  ...closeFrames.map(([code, reason]) =>
    contractCase(
      `RFC 6455 §7.1: both sides know who closed, with ${code} and ${reason.length} characters`,
      function* () {
        yield* closeWith(code, reason)
      }
    )
  ),
  contractCase(
    "what was sent before the Close is delivered first, and then every receive fails the same",
    function* () {
      for (const { from, to, way } of yield* bothWays()) {
        yield* from.sendAll(["one", "two"])
        yield* from.close(4000)
        yield* checkMessages(to, ["one", "two"], way)
        const first = yield* Effect.flip(to.receive)
        const again = yield* Effect.flip(to.pull)
        const stream = yield* Effect.flip(to.receiveStream)
        yield* check(first === again && again === stream, `${way}: the first failure is final`)
        yield* check((yield* closedBy(first)).closure === (yield* to.closed), `${way}: closed has the same closure`)
      }
    }
  ),
  contractCase("close is idempotent: a later call waits for the same end", function* () {
    for (const { from, way } of yield* bothWays()) {
      const closures = yield* Effect.all([from.close(4000), from.close(4001), from.closed], {
        concurrency: "unbounded"
      })
      yield* check(new Set([...closures, yield* from.close()]).size === 1, `${way}: one closure`)
      yield* checkClosure(closures[0], "local", "4000", way)
    }
  }),
  contractCase("RFC 6455 §7.1.5: both sides may close at the same time", function* () {
    const { client, server } = yield* connected()
    const closures = yield* Effect.all([client.close(4001), server.close(4002)], {
      concurrency: "unbounded"
    })
    yield* check(
      closures.every(({ clean }) => clean),
      "both ends are clean"
    )
  }),
  contractCase("RFC 6455 §5.5.1: nothing is sent after a Close frame, and the failure says so", function* () {
    for (const { from, to, way } of yield* bothWays()) {
      const closing = yield* Effect.fork(from.close())
      yield* Fiber.join(closing)
      for (const error of [yield* Effect.flip(from.send("late")), yield* Effect.flip(to.send("late"))]) {
        const { _tag } = error.reason
        yield* check(_tag === "Closed" || _tag === "Closing", `${way}: Closed or Closing, not ${_tag}`)
      }
      yield* check(!from.unsafeSend("late"), `${way}: unsafeSend gives false`)
      yield* check((yield* Effect.flip(from.ping()))._tag === "SendError", `${way}: ping fails`)
    }
  }),
  contractCase("RFC 6455 §7.4: a code or reason that may not be sent is refused, and harms nothing", function* () {
    for (const { from, to, way } of yield* bothWays()) {
      for (const code of [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 1000.5, Number.NaN]) {
        const error = yield* Effect.flip(from.close(code))
        yield* check(error.reason._tag === "BadCloseCode", `${way}: ${code} is BadCloseCode, not ${error.reason._tag}`)
      }
      const error = yield* Effect.flip(from.close(1000, "é".repeat(62)))
      yield* check(error.reason._tag === "PayloadTooLong", `${way}: PayloadTooLong, not ${error.reason._tag}`)
      yield* from.send("still open")
      yield* checkMessages(to, ["still open"], way)
    }
  }),
  contractCase("an interrupted close stops waiting, the closing goes on", function* () {
    for (const { from, way } of yield* bothWays()) {
      yield* Fiber.interrupt(yield* Effect.fork(from.close(4000)))
      yield* checkClosure(yield* from.close(4000), "local", "4000", way)
    }
  }),
  contractCase("messages that arrive while closing are drained, not delivered", function* () {
    for (const { from, to, way } of yield* bothWays()) {
      yield* to.sendAll(Array.from({ length: 100 }, () => "late"))
      const receiving = yield* Effect.fork(receiveAll(from))
      yield* from.close()
      yield* check((yield* Fiber.join(receiving)).error._tag === "Closed", `${way}: a clean end`)
    }
  }),
  contractCase("the end of the client's Scope closes: 1000", function* () {
    const received = yield* closeBy(Exit.void)
    yield* check(received === "1000", `1000, not ${received}`)
  }),
  contractCase("the interruption of the client's Scope closes: 1001", function* () {
    const received = yield* closeBy(yield* Effect.exit(Effect.interrupt))
    yield* check(received === "1001", `1001, not ${received}`)
  }),
  contractCase("the failure of the client's Scope closes: 1011", function* () {
    const received = yield* closeBy(Exit.fail("the application"))
    yield* check(received === "1011", `1011, not ${received}`)
  }),
  contractCase("the end of a handler closes: 1000", function* () {
    const received = yield* closeAfter(() => Effect.void)
    yield* check(received === "1000", `1000, not ${received}`)
  }),
  contractCase("the failure of a handler closes: 1011", function* () {
    const received = yield* closeAfter(() => Effect.fail("a failure of the application"))
    yield* check(received === "1011", `1011, not ${received}`)
  }),
  contractCase("a defect of a handler closes: 1011, and the others go on", function* () {
    let count = 0
    yield* serving((ws) => (count++ === 0 ? Effect.die("a defect of the application") : echo(ws)))
    const received = show((yield* (yield* connect()).closed).received)
    yield* check(received === "1011", `1011, not ${received}`)
    const other = yield* connect()
    yield* other.send("another one")
    yield* checkMessages(other, ["another one"], "the other connection")
  }),
  contractCase("the end of the server closes every connection: 1001, and it waits for that", function* () {
    const server = yield* serving(echo)
    const clients = yield* Effect.forEach(Array.from({ length: 5 }), () => connect())
    for (const client of clients) yield* client.ping()
    yield* Fiber.interrupt(server)
    for (const client of clients) yield* checkClosure(yield* client.closed, "remote", "1001", "a client")
  }),
  contractCase("a connection outlives the others", function* () {
    yield* serving(echo)
    const lasting = yield* connect()
    yield* Effect.forEach([1, 2, 3], () => Effect.scoped(Effect.flatMap(connect(), (ws) => ws.ping())))
    yield* lasting.send("still here")
    yield* checkMessages(lasting, ["still here"], "the lasting one")
    yield* turns()
  })
]
