/**
 * A server that takes connections and never answers: the handshake ends by its deadline, or by interruption, and in both
 * cases the socket is gone at once.
 */
import { Cause, Effect, Exit, Fiber, Queue } from "effect"
import { Listener, type Transport, WebSocket, type WebSocketError } from "effect-websocket"
import { Difference, expect } from "./expect.js"
import { green, line } from "./paper.js"

/** What the silent server sees of a connection: a request, then its end. */
type Sight = { readonly _tag: "Asked" } | { readonly _tag: "Gone"; readonly error: WebSocketError.TransportError }

const watch = (sights: Queue.Enqueue<Sight>) => (duplex: Transport.Duplex) =>
  Effect.gen(function* () {
    yield* duplex.pull
    yield* sights.offer({ _tag: "Asked" })
    yield* Effect.forever(duplex.pull)
  }).pipe(Effect.catchAll((error) => Effect.asVoid(sights.offer({ _tag: "Gone", error }))))

/** Accepts and reads, but never writes. */
const silentServer = Effect.gen(function* () {
  const sights = yield* Queue.unbounded<Sight>()
  const listener = yield* Listener.Listener
  yield* Effect.forkScoped(listener.accept(watch(sights)))
  return sights
})

/** The server has seen the request; now it sees the end of the connection. */
const seesItGone = (sights: Queue.Dequeue<Sight>) =>
  Effect.gen(function* () {
    const sight = yield* Queue.take(sights).pipe(
      Effect.timeoutFail({
        duration: "2 seconds",
        onTimeout: () => new Difference({ what: "the socket", actual: "open", expected: "gone" })
      })
    )
    yield* expect("what the server sees", sight._tag, "Gone")
    if (sight._tag === "Gone") yield* line("server", `the socket is gone: ${sight.error.reason._tag} ${green("✓")}`)
  })

const byDeadline = (uri: string, sights: Queue.Dequeue<Sight>) =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(WebSocket.connect(uri, { limits: { handshakeTimeout: "250 millis" } }))
    yield* expect("the failure", error._tag, "TimeoutError")
    if (error._tag === "TimeoutError") yield* expect("the phase", error.phase, "Handshake")
    yield* line("failure", `${error._tag}: ${error.message} ${green("✓")}`)
    yield* expect("what the server sees", (yield* Queue.take(sights))._tag, "Asked")
    yield* seesItGone(sights)
  })

const byInterruption = (uri: string, sights: Queue.Dequeue<Sight>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(Effect.scoped(WebSocket.connect(uri)))
    yield* expect("what the server sees", (yield* Queue.take(sights))._tag, "Asked")
    const exit = yield* Fiber.interrupt(fiber)
    yield* expect("interrupted", Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause), true)
    yield* line("interrupt", `while it waited for the response ${green("✓")}`)
    yield* seesItGone(sights)
  })

/** A deadline that passes, and a fiber that is interrupted. */
export const interrupted = Effect.gen(function* () {
  const sights = yield* silentServer
  const uri = yield* Listener.uri("/")
  yield* line("server", `listens at ${uri}, and says nothing`)
  yield* byDeadline(uri, sights)
  yield* byInterruption(uri, sights)
}).pipe(Effect.scoped)
