/**
 * The ways in which a program of this library sends back what it receives; the same on servers and clients.
 *
 * They are written as an application would write them: nothing here is tuned for the benchmark.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { WebSocket } from "effect-websocket/WebSocket"
import type { ReceiveError, SendError } from "effect-websocket/WebSocketError"

type Echo = (ws: WebSocket) => Effect.Effect<void, ReceiveError | SendError>

const styles: Readonly<Record<string, Echo>> = {
  pull: (ws) =>
    Effect.gen(function* () {
      while (true) for (const message of yield* ws.pull) yield* ws.send(message)
    }),
  sendAll: (ws) =>
    Effect.gen(function* () {
      while (true) yield* ws.sendAll(yield* ws.pull)
    }),
  run: (ws) => ws.run((message) => ws.send(message)),
  messages: (ws) => Stream.runForEach(ws.messages, (message) => ws.send(message))
}

/** The way of that name. */
export const echoing = (style: string): Echo => {
  const echo = styles[style]
  if (echo === undefined) throw new Error(`no style ${style}`)
  return echo
}
