/**
 * A server in memory whose connections are in the hands of a test, and a client that reconnects to it.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as SubscriptionRef from "effect/SubscriptionRef"
import * as TestClock from "effect/TestClock"
import * as DuplexAdapter from "../../src/DuplexAdapter.js"
import * as Handshake from "../../src/Handshake.js"
import * as MemoryTransport from "../../src/MemoryTransport.js"
import * as Reconnect from "../../src/Reconnect.js"
import type { Duplex } from "../../src/Transport.js"
import * as WebSocket from "../../src/WebSocket.js"
import type { ReceiveError } from "../../src/WebSocketError.js"
import * as WebSocketServer from "../../src/WebSocketServer.js"
import { turns } from "./leavesNothing.js"

/** One connection as the server has it. */
export interface Accepted {
  readonly ws: WebSocket.WebSocket
  /** Loses the connection without a Close frame. */
  readonly lose: Effect.Effect<void>
}

export type ClientError = WebSocket.ConnectError

export interface Rig {
  /** Opens a connection. */
  readonly connect: Effect.Effect<WebSocket.WebSocket, ClientError, Scope.Scope>
  /** The next connection that was accepted. */
  readonly accept: Effect.Effect<Accepted>
  /** How many handshakes were asked for. */
  readonly asked: () => number
  /** What further requests are refused with; undefined: they are accepted. */
  readonly refuse: (rejection: Handshake.Rejection | undefined) => void
}

export const rig = Effect.gen(function* () {
  let duplexes: Array<Duplex> = []
  let refusal: Handshake.Rejection | undefined
  let asked = 0
  const accepted = yield* Queue.unbounded<Accepted>()
  const handler = (ws: WebSocket.WebSocket) =>
    Effect.suspend(() => {
      const abort = duplexes.at(-1)?.abort ?? Effect.void
      return Effect.zipRight(Queue.offer(accepted, { ws, lose: abort }), ws.closed)
    })
  const authorize = () =>
    Effect.suspend(() => {
      asked++
      return refusal === undefined ? Effect.void : Effect.fail(Handshake.reject(refusal))
    })
  const remembering = DuplexAdapter.mapListener((lower) =>
    Effect.sync(() => {
      duplexes = [...duplexes, lower]
      return lower
    })
  )
  const memory = Layer.provideMerge(remembering, MemoryTransport.layer)
  const server = WebSocketServer.serve({ authorize }, handler)
  const context = yield* Layer.build(Layer.provideMerge(server, Layer.merge(WebSocket.layer, memory)))
  const made: Rig = {
    connect: Effect.provide(WebSocket.connect("ws://server.example.com/chat"), context),
    accept: Queue.take(accepted),
    asked: () => asked,
    refuse: (rejection) => {
      refusal = rejection
    }
  }
  return made
})

/** A rig, and a client over it. */
export const reconnecting = <E2 = never>(
  options?: Reconnect.ReconnectOptions<WebSocket.WebSocket, ClientError | ReceiveError, E2>
) =>
  Effect.gen(function* () {
    const made = yield* rig
    return { ...made, client: yield* Reconnect.make(made.connect, options) }
  })

/** Lets time pass, and what it causes happen. */
export const pass = (time: Parameters<typeof TestClock.adjust>[0]) =>
  Effect.zipRight(turns(10), Effect.zipRight(TestClock.adjust(time), turns(20)))

/** The state, in short. */
export const stateOf = <S, E>({ state }: Reconnect.Reconnecting<S, E>): Effect.Effect<string> =>
  Effect.map(SubscriptionRef.get(state), (now) => {
    if (now._tag === "Connecting") return `Connecting ${now.attempt}`
    return now._tag === "Waiting" ? `Waiting ${now.until}` : now._tag
  })
