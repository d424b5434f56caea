/**
 * Octets of any `Socket` of @effect/platform as the lowest layer: a `Duplex`, a `Transport`, and a `Listener`.
 *
 * Most Sockets push what arrives and cannot be held up: what nobody has read yet waits, without a bound. Where there is a layer of
 * this library for the same connection it is better. For a stream of Node.js there is `NodeTransport.fromDuplex`.
 *
 * @example
 * ```ts
 * import { NodeSocket } from "@effect/platform-node"
 * import { SocketTransport } from "@effect-websocket/platform"
 *
 * const transport = SocketTransport.layerTransport(({ host, port }) => NodeSocket.makeNet({ host, port }))
 * ```
 *
 * @example
 * ```ts
 * import { NodeSocketServer } from "@effect/platform-node"
 * import { Socket } from "@effect/platform"
 * import { SocketTransport } from "@effect-websocket/platform"
 * import { Effect, Layer } from "effect"
 *
 * const listener = Layer.provide(SocketTransport.layerListener(), NodeSocketServer.layer({ port: 8080 }))
 * const duplex = Effect.flatMap(Socket.Socket, (socket) => SocketTransport.fromSocket(socket))
 * ```
 */
import * as Socket from "@effect/platform/Socket"
import * as SocketServer from "@effect/platform/SocketServer"
import * as NodeError from "@effect-websocket/node/NodeError"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as DuplexAdapter from "effect-websocket/DuplexAdapter"
import { Listener } from "effect-websocket/Listener"
import { type ConnectionInfo, type Duplex, formatAddress, type Target, Transport } from "effect-websocket/Transport"
import { TransportError } from "effect-websocket/WebSocketError"
import { SocketArrivals } from "./SocketArrivals.js"

/** What a Socket does not tell of itself. */
export interface DuplexOptions {
  /** Addresses, and whether the octets are encrypted. Default: nothing is known, and they are not. */
  readonly info?: Partial<ConnectionInfo> | undefined
  /** Whether the Socket is a WebSocket, which has no half-close: then our end is a Close frame. Default false. */
  readonly isWebSocket?: boolean | undefined
}

const unknownInfo: ConnectionInfo = {
  local: Option.none(),
  remote: Option.none(),
  encrypted: false,
  alpn: Option.none(),
  peerCertificate: Option.none(),
  native: undefined
}

const endOfStream = new TransportError({ reason: { _tag: "EndOfStream" } })

const failureOf = (error: Socket.SocketError, address: string): TransportError => {
  switch (error.reason) {
    case "Open":
    case "OpenTimeout":
      return NodeError.open(address, error)
    case "Close":
      return error.code === 1000 || error.code === 1001 || error.code === 1005
        ? endOfStream
        : new TransportError({ reason: { _tag: "Reset" }, cause: error })
    case "Read":
    case "Write":
      return NodeError.stream(error.cause)
  }
}

const causeOf = (cause: Cause.Cause<Socket.SocketError>, address: string): TransportError =>
  Option.match(Cause.failureOption(cause), {
    onNone: () => new TransportError({ reason: { _tag: "Read" }, cause: Cause.squash(cause) }),
    onSome: (error) => failureOf(error, address)
  })

/** Runs the Socket until it ends, or its Scope does; completes when it is open. */
const start = (
  socket: Socket.Socket,
  arrivals: SocketArrivals,
  address: string
): Effect.Effect<Fiber.RuntimeFiber<unknown>, TransportError, Scope.Scope> =>
  Effect.gen(function* () {
    const opened = yield* Deferred.make<void, TransportError>()
    const onOpen = Effect.asVoid(Deferred.succeed(opened, undefined))
    const end = (error: TransportError) => {
      arrivals.end(error)
      return Deferred.fail(opened, error)
    }
    const running = Effect.onExit(
      socket.run((octets) => arrivals.push(octets), { onOpen }),
      (exit) => end(Exit.isSuccess(exit) ? endOfStream : causeOf(exit.cause, address))
    )
    const fiber = yield* Effect.forkScoped(Effect.exit(running))
    yield* Deferred.await(opened)
    return fiber
  })

const writeFailure = (error: Socket.SocketError): TransportError => failureOf(error, "")

const over = new TransportError({ reason: { _tag: "Write" }, cause: "the Socket has ended" })

/** The writer of the Socket, and how its side is ended. */
const writing = (socket: Socket.Socket, arrivals: SocketArrivals, { isWebSocket = false }: DuplexOptions) =>
  Effect.gen(function* () {
    const scope = yield* Scope.fork(yield* Effect.scope, ExecutionStrategy.sequential)
    const writer = yield* Scope.extend(socket.writer, scope)
    const ended = Effect.zipRight(arrivals.ended, Effect.fail(over))
    // A Socket that has ended waits to be opened again, and so would we.
    const write = (chunk: Uint8Array | Socket.CloseEvent): Effect.Effect<void, TransportError> =>
      arrivals.failure === undefined
        ? Effect.raceFirst(Effect.mapError(writer(chunk), writeFailure), ended)
        : Effect.fail(over)
    const end = isWebSocket ? Effect.ignore(write(new Socket.CloseEvent(1000))) : Scope.close(scope, Exit.void)
    return { write, end }
  })

const open = (socket: Socket.Socket, options: DuplexOptions, address: string) =>
  Effect.gen(function* () {
    const arrivals = new SocketArrivals()
    const fiber = yield* start(socket, arrivals, address)
    const { end, write } = yield* writing(socket, arrivals, options)
    return yield* DuplexAdapter.fromPull({
      pull: arrivals.pull,
      write,
      end,
      abort: Fiber.interruptFork(fiber),
      info: { ...unknownInfo, ...options.info }
    })
  })

/** Opens the Socket, and gives it as a Duplex which the Scope owns. Nobody else may run it or write to it. */
export const fromSocket = (
  socket: Socket.Socket,
  options: DuplexOptions = {}
): Effect.Effect<Duplex, TransportError, Scope.Scope> => open(socket, options, "a Socket")

/** A Transport whose connections are Sockets: one is made, and opened, for each. */
export const layerTransport = <R>(
  socketOf: (target: Target) => Effect.Effect<Socket.Socket, Socket.SocketError, R>,
  options: DuplexOptions = {}
): Layer.Layer<Transport, never, Exclude<R, Scope.Scope>> =>
  Layer.effect(
    Transport,
    Effect.map(Effect.context<Exclude<R, Scope.Scope>>(), (context) => ({
      connect: (target) => {
        const address = formatAddress({ _tag: "TcpAddress", hostname: target.host, port: target.port })
        const opened = Effect.flatMap(socketOf(target), (socket) => open(socket, options, address)).pipe(
          Effect.mapError((error) => (Socket.isSocketError(error) ? failureOf(error, address) : error))
        )
        return Effect.flatMap(Effect.scope, (scope) =>
          Effect.provide(opened, Context.add(context, Scope.Scope, scope))
        ) as Effect.Effect<Duplex, TransportError, Scope.Scope>
      }
    }))
  )

/** A Listener whose connections are those of a SocketServer. */
export const layerListener = (options: DuplexOptions = {}): Layer.Layer<Listener, never, SocketServer.SocketServer> =>
  Layer.effect(
    Listener,
    Effect.map(SocketServer.SocketServer, ({ address, run }) => ({
      address,
      secure: options.info?.encrypted ?? false,
      accept: (use) =>
        run((socket) =>
          Effect.ignore(
            Effect.scoped(
              Effect.matchEffect(fromSocket(socket, options), {
                onFailure: (error) => Effect.logDebug("a connection was not accepted", error),
                onSuccess: use
              })
            )
          )
        ).pipe(Effect.mapError((error) => NodeError.listen(formatAddress(address), error)))
    }))
  )
