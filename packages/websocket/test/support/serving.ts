/**
 * A server in memory, with clients of the library and raw ones, and what it has logged.
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import type * as Scope from "effect/Scope"
import * as MemoryTransport from "../../src/MemoryTransport.js"
import * as WebSocket from "../../src/WebSocket.js"
import * as WebSocketServer from "../../src/WebSocketServer.js"
import { rawClient, type Wire } from "./wire.js"

export interface Logged {
  readonly level: string
  readonly message: string
  readonly cause: Cause.Cause<unknown>
}

export interface Served {
  /** A client that speaks for itself. */
  readonly client: Effect.Effect<Wire, never, Scope.Scope>
  /** A client of the library. */
  readonly connect: <E = never>(
    options?: WebSocket.ConnectOptions<E>
  ) => Effect.Effect<WebSocket.WebSocket, WebSocket.ConnectError | E, Scope.Scope>
  readonly logs: ReadonlyArray<Logged>
  /** The messages of those that are no debug messages. */
  readonly errors: () => ReadonlyArray<string>
}

/** Serves for as long as the Scope lives. */
export const serving = <A, E = never>(
  handler: WebSocketServer.Handler<A, E, Scope.Scope>,
  options: WebSocketServer.ServeOptions<A> = {},
  memory: MemoryTransport.MemoryLayerOptions = {}
): Effect.Effect<Served, unknown, Scope.Scope> =>
  Effect.gen(function* () {
    const logs: Array<Logged> = []
    const logger = Logger.make(({ cause, logLevel, message }) => {
      logs.push({ level: logLevel.label, message: [message].flat().map(String).join(" "), cause })
    })
    const logging = Layer.merge(Logger.add(logger), Logger.minimumLogLevel(LogLevel.Debug))
    const base = Layer.merge(WebSocket.layer, MemoryTransport.layerWith(memory))
    const server = Layer.provideMerge(WebSocketServer.serve(options, handler), base)
    const context = yield* Layer.build(Layer.provide(server, logging))
    return {
      client: Effect.orDie(Effect.provide(rawClient, context)),
      connect: (connectOptions) =>
        Effect.provide(WebSocket.connect("ws://server.example.com/chat", connectOptions), context),
      logs,
      errors: () => logs.filter(({ level }) => level !== "DEBUG").map(({ message }) => message)
    }
  })

/** Sends back each message until the connection ends. */
export const echo = (ws: WebSocket.WebSocket) => ws.run((message) => ws.send(message))
