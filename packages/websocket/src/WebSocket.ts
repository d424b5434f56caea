/**
 * WebSockets for clients: `connect`, and the connection itself, which is the same on a server.
 *
 * The transport beneath is a layer of its own choice; `layer` is everything above it.
 *
 * @example
 * ```ts
 * import { NodeTransport } from "@effect-websocket/node"
 * import { Effect, Layer } from "effect"
 * import { WebSocket } from "effect-websocket"
 *
 * const program = Effect.gen(function* () {
 *   const ws = yield* WebSocket.connect("wss://example.com/chat", { subprotocols: ["chat.v1"] })
 *   yield* ws.send("hello")
 *   return yield* ws.receive
 * }).pipe(Effect.scoped)
 *
 * const live = Effect.provide(program, Layer.merge(WebSocket.layer, NodeTransport.layer()))
 * ```
 */
import * as Uri from "@effect-websocket/protocol/handshake/WebSocketUri"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { PreparedMessage } from "./connection/PreparedMessage.js"
import type { Message, SendOptions, WebSocket } from "./connection/WebSocket.js"
import * as FrameStream from "./FrameStream.js"
import * as Handshake from "./Handshake.js"
import * as HttpCodec from "./HttpCodec.js"
import { countdown, within } from "./handshake/deadline.js"
import { following, type Redirection, type Redirects } from "./handshake/redirects.js"
import { checkRequest } from "./handshake/request.js"
import { resolve } from "./Limits.js"
import { connecting } from "./observing/handshakes.js"
import { Transport } from "./Transport.js"
import { OptionError, TimeoutError } from "./WebSocketError.js"

export type { PreparedMessage } from "./connection/PreparedMessage.js"
export type {
  ControlFrame,
  Message,
  MessageStream,
  RunOptions,
  SendOptions,
  WebSocket
} from "./connection/WebSocket.js"
export type { Redirection, RedirectOptions, Redirects } from "./handshake/redirects.js"

/**
 * Makes a message ready to be sent to many (`ws.sendPrepared`): encoded once, framed once for all connections of servers, and
 * compressed once for all which agreed on the same parameters. Text for a string, binary for octets, which are copied.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { WebSocket } from "effect-websocket"
 *
 * // The same to all: made once. `Broadcast` does it by itself.
 * const greet = (all: ReadonlyArray<WebSocket.WebSocket>) => {
 *   const prepared: WebSocket.PreparedMessage = WebSocket.prepare("hello, all")
 *   return Effect.forEach(all, (ws) => ws.sendPrepared(prepared))
 * }
 * ```
 */
export const prepare = (message: Message, options?: Pick<SendOptions, "compress">): PreparedMessage =>
  new PreparedMessage(message, options?.compress)

/** Everything above the transport: the HTTP codec, the handshake, and the frames. */
export const layer: Layer.Layer<HttpCodec.HttpCodec | Handshake.Handshake | FrameStream.FrameStream> = Layer.merge(
  Layer.provideMerge(Handshake.layer, HttpCodec.layer),
  FrameStream.layer
)

/** What a client asks for, and the limits of its connection. */
export interface ConnectOptions<E = never, R = never> extends Handshake.RequestOptions<E, R> {
  /**
   * How many redirects (301, 302, 303, 307, 308) are followed, or which ones: never from `wss` to `ws`, never in a circle.
   * At another origin `Authorization`, `Cookie`, `Proxy-Authorization` and `Host` are left out, and the credentials of the URI.
   * One that is not followed is a `HandshakeError` with the reason `Redirect`. Default 0: then it is `UpgradeDeclined`.
   */
  readonly redirects?: Redirects<E, R> | undefined
}

/** What `connect` fails with. */
export type ConnectError = Handshake.HandshakeFailure

/**
 * Reads a WebSocket URI, for a handshake on a connection of one's own.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Handshake, type Transport, WebSocket } from "effect-websocket"
 *
 * // A client on a connection that is open already.
 * const over = (duplex: Transport.Duplex) =>
 *   Effect.gen(function* () {
 *     const handshake = yield* Handshake.Handshake
 *     return yield* handshake.client(duplex, yield* WebSocket.parseUri("ws://example.com/chat"), {})
 *   })
 * ```
 */
export const parseUri = (uri: string | { readonly href: string }): Effect.Effect<Uri.WebSocketUri, OptionError> => {
  const parsed = Uri.parse(typeof uri === "string" ? uri : uri.href)
  return "_tag" in parsed ? Effect.fail(new OptionError({ option: "uri", rule: parsed.rule })) : Effect.succeed(parsed)
}

/** Runs `acquire` in a Scope within the one of the environment; when it fails, what it had opened is closed at once. */
const owned = <A, E, R>(acquire: Effect.Effect<A, E, R>): Effect.Effect<A, E, Exclude<R, Scope.Scope> | Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.scope, (outer) =>
      Effect.flatMap(Scope.fork(outer, outer.strategy), (inner) =>
        Effect.onExit(Scope.extend(restore(acquire), inner), (exit) =>
          Exit.isFailure(exit) ? Scope.close(inner, exit) : Effect.void
        )
      )
    )
  )

/**
 * Connects to a WebSocket server (RFC 6455 §4.1): `ws:` or `wss:`, or `http:` and `https:` which mean the same.
 *
 * The connection belongs to the Scope: at its end it is closed with 1000 (1001 when the program was interrupted, 1011 when it failed),
 * within `limits.closeTimeout`. Everything up to the end of the handshake takes `limits.handshakeTimeout` at most; interruption
 * at any moment closes the socket. Fails with the whole response when the server refuses.
 */
export const connect = <E = never, R = never>(
  uri: string | { readonly href: string },
  options: ConnectOptions<E, R> = {}
): Effect.Effect<
  WebSocket,
  ConnectError | E,
  Transport | Handshake.Handshake | FrameStream.FrameStream | Scope.Scope | R
> =>
  Effect.gen(function* () {
    const target = yield* parseUri(uri)
    const limits = yield* resolve("client", options.limits)
    const transport = yield* Transport
    const handshake = yield* Handshake.Handshake
    const frames = yield* FrameStream.FrameStream
    yield* checkRequest(target, options)
    const timeLeft = countdown(limits.handshakeTimeout)
    const open = (uri: Uri.WebSocketUri, asked: ConnectOptions<E, R>, redirects: ReadonlyArray<Redirection>) =>
      connecting(uri, asked, (asked) =>
        Effect.gen(function* () {
          const duplex = yield* within(transport.connect(uri), timeLeft(), "Connect")
          // The deadline is a total.
          const own = { ...asked, limits: { ...options.limits, handshakeTimeout: timeLeft() } }
          const negotiated = yield* handshake.client(duplex, uri, own)
          const known = redirects.length === 0 ? negotiated : { ...negotiated, redirects }
          return yield* frames.open(duplex, known, options)
        })
      )
    const attempts = following(target, options, options.redirects, (...each) => owned(open(...each)))
    const after = Duration.millis(limits.handshakeTimeout)
    return yield* Effect.mapError(attempts, (error) =>
      error instanceof TimeoutError ? new TimeoutError({ phase: error.phase, after }) : error
    )
  })
