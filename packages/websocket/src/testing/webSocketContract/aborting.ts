/**
 * The contract of `abort`: an end at once, without a Close frame (RFC 6455 §7.1.5).
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type { WebSocket } from "../../WebSocket.js"
import type { Closure } from "../../WebSocketError.js"
import {
  bareServer,
  bothWays,
  check,
  checkLost,
  connect,
  contractCase,
  readUntil,
  receiveAll,
  turns,
  type WebSocketContractCase
} from "./harness.js"

const isAborted = (error: { readonly _tag: string; readonly reason?: unknown } | undefined): boolean =>
  error?._tag === "TransportError" && (error.reason as { readonly _tag: string })._tag === "Aborted"

/** Fails unless this side has aborted the connection, and knows it. */
const checkAborted = ({ cause, clean, initiator, received }: Closure, what: string) =>
  check(
    !clean && initiator === "local" && isAborted(cause) && Option.isNone(received),
    `${what}: aborted by this side, not ${cause?.message ?? "clean"} by ${initiator}`
  )

/** A connection to a server of bare octets that does this, and then nothing more. */
const connectTo = (act: Parameters<typeof bareServer>[0]): Effect.Effect<WebSocket, unknown, Requirements> =>
  Effect.zipRight(
    bareServer((duplex) => Effect.zipRight(act(duplex), Effect.never)),
    connect()
  )
type Requirements = Effect.Effect.Context<ReturnType<typeof bareServer> | ReturnType<typeof connect>>

/** The answer to a Close with 1000 has come, and the peer does not end. */
const answering = connectTo((duplex) =>
  Effect.zipRight(
    readUntil(duplex, ({ length }) => length >= 8),
    Effect.sync(() => duplex.unsafeWrite([Uint8Array.of(0x88, 0x02, 0x03, 0xe8)]))
  )
)

/** The cases of ending at once. */
export const aborting: ReadonlyArray<WebSocketContractCase> = [
  contractCase("abort ends the connection without a Close frame, and both sides know", function* () {
    for (const { from, to, way } of yield* bothWays()) {
      yield* from.abort
      yield* checkAborted(yield* from.closed, way)
      yield* check(isAborted(yield* Effect.flip(from.receive)), `${way}: receive fails with Aborted`)
      const { error } = yield* receiveAll(to)
      yield* checkLost(error, `${way}, the other`)
      const { clean, received } = yield* to.closed
      yield* check(!clean && Option.isNone(received), `${way}, the other: not clean, and no Close frame`)
    }
  }),
  contractCase("abort ends all that waits, with the one failure", function* () {
    const ws = yield* connectTo(() => Effect.void)
    const sending = yield* Effect.fork(Effect.forever(ws.send("x".repeat(60_000))))
    const others = yield* Effect.forEach(
      [Effect.asVoid(ws.receive), Effect.asVoid(ws.pull), Effect.asVoid(ws.ping())],
      (each) => Effect.fork(Effect.flip(each))
    )
    yield* turns()
    yield* ws.abort
    const failures = yield* Effect.forEach(others, Fiber.join)
    yield* check(failures.every(isAborted) && new Set(failures).size === 1, "one failure for receive, pull and ping")
    const sent = yield* Fiber.await(sending)
    yield* check(Exit.isFailure(sent), "the send that waits for a peer which does not read fails")
  }),
  contractCase("abort ends a closing handshake which the peer does not answer", function* () {
    const ws = yield* connectTo(() => Effect.void)
    const closing = yield* Effect.fork(ws.close(4000))
    yield* turns()
    yield* ws.abort
    const closure = yield* Fiber.join(closing)
    yield* checkAborted(closure, "close")
    yield* check(
      Option.exists(closure.sent, ({ code }) => code === 4000),
      "the Close that was sent is told"
    )
  }),
  contractCase("abort ends a connection whose peer has answered the Close, and does not end", function* () {
    const ws = yield* answering
    const { clean } = yield* ws.close()
    yield* ws.abort
    yield* check(clean && (yield* ws.closed).clean, "what had ended it before stays")
  }),
  contractCase("abort is idempotent, and nothing can be sent behind it", function* () {
    for (const { from, way } of yield* bothWays()) {
      yield* Effect.all([from.abort, from.abort], { concurrency: "unbounded" })
      yield* from.abort
      yield* check(!from.unsafeSend("late"), `${way}: unsafeSend gives false`)
      const { reason } = yield* Effect.flip(from.send("late"))
      yield* check(reason._tag === "Closed" && isAborted(reason.failure), `${way}: send fails with the same`)
    }
  })
]
