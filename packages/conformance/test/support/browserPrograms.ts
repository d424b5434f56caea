/**
 * Programs that run in the page of a browser, bundled: each is application code that knows nothing of the browser.
 *
 * The page calls `run(name, uri, native)`; what it gets is what the program gives, as JSON.
 */
import * as BrowserWebSocket from "@effect-websocket/browser/BrowserWebSocket"
import { type NativeConstructors, Natives } from "@effect-websocket/browser/Natives"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Message } from "effect-websocket/MessageSocket"
import * as Reconnect from "effect-websocket/Reconnect"
import * as TypedWebSocket from "effect-websocket/TypedWebSocket"
import * as WebSocketClient from "effect-websocket/WebSocketClient"
import type { Closure } from "effect-websocket/WebSocketError"

type Program = (
  uri: string,
  signals: Signals
) => Effect.Effect<unknown, unknown, WebSocketClient.WebSocketClient | Scope.Scope>

/** What the test tells a program while it runs. */
interface Signals {
  readonly go: Effect.Effect<void>
  readonly report: (value: unknown) => void
}

const shown = (message: Message): unknown => (typeof message === "string" ? message : Array.from(message))

const shownClosure = ({ cause, clean, initiator, received, sent }: Closure) => ({
  clean,
  initiator,
  received,
  sent,
  cause: cause?._tag
})

/** What went wrong, in short. */
const shownError = (error: unknown) => {
  const { message, reason, _tag } = error as { _tag: string; message: string; reason?: { _tag: string } }
  return { tag: reason === undefined ? _tag : `${_tag}.${reason._tag}`, message }
}

const Adding = TypedWebSocket.make({
  receive: TypedWebSocket.json(Schema.Struct({ sum: Schema.Number })),
  send: TypedWebSocket.json(Schema.Struct({ add: Schema.Number }))
})

const programs: Readonly<Record<string, Program>> = {
  /** Receives so many messages, and sends each back. */
  echo: (uri) =>
    Effect.gen(function* () {
      const ws = yield* WebSocketClient.connect(uri)
      const received: Array<unknown> = []
      yield* ws.run((message) => {
        received.push(typeof message === "string" && message.length > 100 ? message.length : shown(message))
        return ws.send(message)
      })
      return { received, closure: shownClosure(yield* ws.closed) }
    }),
  subprotocol: (uri) =>
    Effect.map(
      WebSocketClient.connect(uri, { subprotocols: ["superchat", "chat"], requireSubprotocol: true }),
      ({ negotiated }) => negotiated
    ),
  /** Closes, and says how it ended. */
  close: (uri) =>
    Effect.gen(function* () {
      const ws = yield* WebSocketClient.connect(uri)
      const refused = yield* Effect.flip(ws.close(1001))
      const closure = yield* ws.close(4000, "é")
      return { refused: shownError(refused), closure: shownClosure(closure) }
    }),
  /** Waits for the end. */
  ended: (uri) =>
    Effect.gen(function* () {
      const ws = yield* WebSocketClient.connect(uri)
      const messages = yield* Effect.exit(Stream.runCollect(ws.messages))
      const closure = shownClosure(yield* ws.closed)
      return Exit.match(messages, {
        onFailure: (cause) => ({ error: shownError(Cause.squash(cause)), closure }),
        onSuccess: (chunk) => ({ messages: Chunk.toReadonlyArray(chunk).map(shown), closure })
      })
    }),
  succeed: (uri) => Effect.asVoid(WebSocketClient.connect(uri)),
  fail: (uri) => Effect.zipRight(WebSocketClient.connect(uri), Effect.fail({ _tag: "Wrong", message: "on purpose" })),
  interrupted: (uri) => Effect.zipRight(WebSocketClient.connect(uri), Effect.interrupt),
  /** Is interrupted while it connects. */
  abandoned: (uri, { go }) =>
    Effect.gen(function* () {
      const connecting = yield* Effect.fork(WebSocketClient.connect(uri))
      yield* go
      return Exit.isInterrupted(yield* Fiber.interrupt(connecting))
    }),
  /** Takes nothing until it is told to; then counts the octets until the end. */
  slow: (uri, { go }) =>
    Effect.gen(function* () {
      const ws = yield* WebSocketClient.connect(uri)
      yield* go
      let octets = 0
      yield* ws.run((message) => {
        octets += message.length
      })
      return octets
    }),
  /** Sends so much that the peer, which does not read, has to be waited for; reports what it has sent. */
  flood: (uri, { report }) =>
    Effect.gen(function* () {
      const ws = yield* WebSocketClient.connect(uri)
      const message = new Uint8Array(64 * 1024)
      for (let sent = 1; sent <= 512; sent++) {
        yield* ws.send(message)
        report(sent)
      }
      return (yield* ws.close()).clean
    }),
  /** Values, over connections that are lost. */
  reconnecting: (uri) =>
    Effect.gen(function* () {
      const client = yield* Reconnect.make(WebSocketClient.connect(uri), {
        schedule: Schedule.spaced("10 millis"),
        resume: (ws, connections) => ws.send(`hello ${connections}`)
      })
      const typed = Adding.over(client)
      const next = Effect.map(typed.receive, ({ sum }) => sum)
      yield* typed.send({ add: 1 })
      const sums = [yield* next, yield* next]
      yield* typed.send({ add: 2 })
      sums.push(yield* next)
      yield* typed.close()
      return sums
    })
}

/** The constructors to be used. */
const nativesOf = (name: string): Layer.Layer<never> => {
  const { WebSocket, WebSocketStream } = globalThis as NativeConstructors
  return Layer.succeed(Natives, name === "WebSocket" ? { WebSocket } : { WebSocketStream })
}

interface Page {
  go: () => void
  reported: unknown
  run: (name: string, uri: string, native: string, options?: BrowserWebSocket.BrowserOptions) => Promise<unknown>
}

const page = globalThis as unknown as Page
let go = () => {}
const told = new Promise<void>((resolve) => {
  go = resolve
})

const signals: Signals = {
  go: Effect.promise(() => told),
  report: (value) => {
    page.reported = value
  }
}

page.go = () => go()
page.run = (name, uri, native, options = {}) => {
  const program = programs[name]?.(uri, signals) ?? Effect.dieMessage(`no program ${name}`)
  const layers = Layer.provideMerge(BrowserWebSocket.layerWith(options), nativesOf(native))
  return Effect.runPromise(
    Effect.scoped(program).pipe(
      Effect.provide(layers),
      Effect.sandbox,
      Effect.catchAll((cause) =>
        Effect.succeed(Cause.isInterruptedOnly(cause) ? "interrupted" : { error: shownError(Cause.squash(cause)) })
      )
    )
  )
}
