/**
 * A WebSocket of this library as `Socket` of @effect/platform, for whatever takes one: @effect/rpc, @effect/cluster, DevTools.
 *
 * What Effect's own Socket does not keep, this one does: messages are handled in order and with back-pressure, handlers in
 * progress finish after a clean close, an end without a Close frame is never a success, and the reasons are all there.
 *
 * @example
 * ```ts
 * import { Socket } from "@effect/platform"
 * import { PlatformSocket } from "@effect-websocket/platform"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const socket = yield* Socket.Socket
 *   yield* socket.runRaw((message) => Effect.log(message))
 * }).pipe(Effect.provide(PlatformSocket.layerSocket("wss://example.com/")))
 * ```
 *
 * @example
 * ```ts
 * import { Socket } from "@effect/platform"
 * import { PlatformSocket } from "@effect-websocket/platform"
 * import { Effect, Layer } from "effect"
 * import { WebSocket } from "effect-websocket"
 *
 * const uri = "wss://example.com/"
 *
 * // One for each `run`, opened by `connect` or in a way of one's own; or one that is open already.
 * const connecting = PlatformSocket.connect(uri, { fields: { Authorization: "Bearer …" } })
 * const own = PlatformSocket.toSocket(Effect.tap(WebSocket.connect(uri), (ws) => ws.send("log in")))
 * const opened = Effect.flatMap(WebSocket.connect(uri), (ws) => PlatformSocket.fromWebSocket(ws))
 *
 * // For code that makes its Sockets itself.
 * const theirs = Layer.provide(Socket.layerWebSocket(uri), PlatformSocket.layerWebSocketConstructor())
 * ```
 */
import * as Socket from "@effect/platform/Socket"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import type { FrameStream } from "effect-websocket/FrameStream"
import type { Handshake } from "effect-websocket/Handshake"
import type { Transport } from "effect-websocket/Transport"
import * as WebSocket from "effect-websocket/WebSocket"
import { Closed } from "effect-websocket/WebSocketError"
import { Connection } from "./Connection.js"
import { Handlers } from "./Handlers.js"
import { endError, openError, payloadOf, writeError } from "./SocketFailure.js"

export { Connection } from "./Connection.js"
export { layerWebSocketConstructor } from "./WebSocketConstructor.js"

/** How a WebSocket behaves as a Socket. */
export interface SocketOptions {
  /** Which codes of a clean close are failures of `run`. Default: all but 1000, 1001 and 1005 (RFC 6455 §7.4.1). */
  readonly closeCodeIsError?: ((code: number) => boolean) | undefined
  /** Octets of the messages whose handlers are in progress, above which no further message is taken; 0 is one at a time. 1 MiB. */
  readonly maxInFlight?: number | undefined
  /** How long handlers in progress may go on after the closing handshake; then they are interrupted. 10 s. */
  readonly finishWithin?: Duration.DurationInput | undefined
}

type Chunk = Uint8Array | string | Socket.CloseEvent
type RunOptions = Parameters<Socket.Socket["runRaw"]>[1]

/** RFC 6455 §7.4.1: the purpose was fulfilled, the peer goes away, or it did not say. */
const isError = (code: number): boolean => code !== 1000 && code !== 1001 && code !== 1005

const encoder = new TextEncoder()

const send = (ws: WebSocket.WebSocket, chunk: Chunk): Effect.Effect<void, Socket.SocketError> =>
  Effect.mapError(
    Socket.isCloseEvent(chunk) ? Effect.asVoid(ws.close(chunk.code, chunk.reason)) : ws.send(chunk),
    writeError
  )

/** Calls the handler until the connection has ended, and waits for what it began. */
const consume = <E, R>(
  ws: WebSocket.WebSocket,
  handler: (message: WebSocket.Message) => Effect.Effect<unknown, E, R> | void,
  { closeCodeIsError = isError, finishWithin = "10 seconds", maxInFlight = 1024 * 1024 }: SocketOptions
): Effect.Effect<void, Socket.SocketError | E, R | Scope.Scope> =>
  Effect.gen(function* () {
    const fibers = yield* FiberSet.make<unknown, E>()
    const fork = yield* Effect.provideService(FiberSet.runtime(fibers)<R>(), Connection, ws)
    const handlers = new Handlers<E, R>(fork, maxInFlight)
    const consumed = ws.run((message) => {
      const effect = handler(message)
      return Effect.isEffect(effect) ? handlers.start(effect, message.length) : undefined
    })
    const closed = Effect.mapError(consumed, endError)
    const finished = Effect.timeoutOption(FiberSet.awaitEmpty(fibers), finishWithin)
    yield* Effect.raceFirst(FiberSet.join(fibers), Effect.zipRight(closed, finished))
    const closure = yield* ws.closed
    if (closeCodeIsError(payloadOf(closure).code)) return yield* endError(new Closed({ closure }))
  })

/** The connection that writers use: none until `run` has opened one, and again when it is over. */
class Current {
  private readonly opened: Effect.Latch
  private readonly over: Effect.Latch
  private ws: WebSocket.WebSocket | undefined

  constructor(readonly lasting: WebSocket.WebSocket | undefined) {
    this.ws = lasting
    this.opened = Effect.unsafeMakeLatch(lasting !== undefined)
    this.over = Effect.unsafeMakeLatch(lasting === undefined)
  }

  open(ws: WebSocket.WebSocket): void {
    this.ws = ws
    this.over.unsafeClose()
    this.opened.unsafeOpen()
  }

  readonly close = Effect.sync(() => {
    if (this.lasting !== undefined) return
    this.ws = undefined
    this.opened.unsafeClose()
    this.over.unsafeOpen()
  })

  readonly write = (chunk: Chunk): Effect.Effect<void, Socket.SocketError> =>
    Effect.suspend(() => {
      const { ws } = this
      if (ws === undefined) return Effect.zipRight(this.opened.await, this.write(chunk))
      return Effect.catchIf(send(ws, chunk), Socket.SocketCloseError.is, (error) => this.lost(ws, error, chunk))
    })

  /** A handler answers its own connection, or not at all. Others write to the next one, as if this one were over already. */
  private lost(ws: WebSocket.WebSocket, error: Socket.SocketCloseError, chunk: Chunk) {
    return Effect.flatMap(Effect.serviceOption(Connection), (handling) =>
      this.lasting !== undefined || Option.getOrUndefined(handling) === ws
        ? Effect.fail(error)
        : Effect.zipRight(this.over.await, this.write(chunk))
    )
  }
}

const make = <E, R>(
  acquire: Effect.Effect<WebSocket.WebSocket, E, R>,
  current: Current,
  options: SocketOptions
): Effect.Effect<Socket.Socket, never, Exclude<R, Scope.Scope>> =>
  Effect.map(Effect.context<Exclude<R, Scope.Scope>>(), (context) => {
    const runRaw = <_, E2, R2>(
      handler: (message: string | Uint8Array) => Effect.Effect<_, E2, R2> | void,
      { onOpen = Effect.void }: RunOptions = {}
    ): Effect.Effect<void, Socket.SocketError | E2, R2> =>
      Effect.scopedWith((scope) => {
        // What it was made with, whatever the environment of `run` has under the same names.
        const made = Effect.provide(acquire, Context.add(context, Scope.Scope, scope))
        const whole = Effect.gen(function* () {
          const ws = yield* Effect.mapError(made as Effect.Effect<WebSocket.WebSocket, E>, openError)
          current.open(ws)
          yield* onOpen
          yield* consume(ws, handler, options)
        })
        return Scope.extend(whole, scope)
      }).pipe(
        Effect.mapInputContext((input: Context.Context<R2>) => Context.merge(context, input)),
        Effect.ensuring(current.close),
        Effect.interruptible
      )
    return Socket.Socket.of({
      [Socket.TypeId]: Socket.TypeId,
      runRaw,
      run: (handler, runOptions) =>
        runRaw((message) => handler(typeof message === "string" ? encoder.encode(message) : message), runOptions),
      writer: Effect.succeed(current.write)
    })
  })

/**
 * A Socket whose `run` opens a connection with `acquire`, anew each time, and closes it at the end. What `acquire` fails with
 * is the cause of a SocketError whose reason is `Open` or `OpenTimeout`. A write waits until a connection is open; one that comes
 * too late waits for the next connection, unless a handler writes: it fails with the end of its own.
 */
export const toSocket = <E, R>(
  acquire: Effect.Effect<WebSocket.WebSocket, E, R>,
  options: SocketOptions = {}
): Effect.Effect<Socket.Socket, never, Exclude<R, Scope.Scope>> => make(acquire, new Current(undefined), options)

/** A Socket of a connection that is open already, and stays its owner's. It can be written to before `run` is called. */
export const fromWebSocket = (ws: WebSocket.WebSocket, options: SocketOptions = {}): Effect.Effect<Socket.Socket> =>
  make(Effect.succeed(ws), new Current(ws), options)

/** Where a client connects to: a URI, or an effect that makes one for each attempt. */
export type Uri<E = never, R = never> = string | { readonly href: string } | Effect.Effect<string, E, R>

/** What a client connects with. */
export interface ConnectOptions<E = never, R = never> extends WebSocket.ConnectOptions<E, R>, SocketOptions {}

/** A Socket whose `run` connects to a server. */
export const connect = <E = never, R = never, E2 = never, R2 = never>(
  uri: Uri<E2, R2>,
  options: ConnectOptions<E, R> = {}
): Effect.Effect<Socket.Socket, never, Transport | Handshake | FrameStream | Exclude<R | R2, Scope.Scope>> =>
  toSocket(
    Effect.isEffect(uri)
      ? Effect.flatMap(uri, (made) => WebSocket.connect(made, options))
      : WebSocket.connect(uri, options),
    options
  ) as Effect.Effect<Socket.Socket, never, Transport | Handshake | FrameStream | Exclude<R | R2, Scope.Scope>>

/** Provides `connect`. */
export const layerSocket = <E = never, R = never, E2 = never, R2 = never>(
  uri: Uri<E2, R2>,
  options?: ConnectOptions<E, R>
): Layer.Layer<Socket.Socket, never, Transport | Handshake | FrameStream | Exclude<R | R2, Scope.Scope>> =>
  Layer.effect(Socket.Socket, connect(uri, options))
