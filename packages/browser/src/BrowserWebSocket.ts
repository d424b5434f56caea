/**
 * The WebSocket of browsers for Effect: a client with the interface that every platform has.
 *
 * Over `WebSocketStream` where the browser has it: a message is read when it is asked for. The older `WebSocket` brings messages
 * whether or not somebody asks; what may wait is bounded, and more than that ends the connection. What a browser cannot do,
 * such as fields of the request and Pings, is not there.
 *
 * @example
 * ```ts
 * import { BrowserWebSocket } from "@effect-websocket/browser"
 * import { Effect } from "effect"
 * import { WebSocketClient } from "effect-websocket"
 *
 * const greeting = WebSocketClient.connect("wss://example.com/").pipe(
 *   Effect.flatMap((ws) => ws.receive),
 *   Effect.scoped,
 *   Effect.provide(BrowserWebSocket.layer)
 * )
 * ```
 *
 * @example
 * ```ts
 * import { BrowserWebSocket } from "@effect-websocket/browser"
 * import { Layer } from "effect"
 *
 * // Without the service; with options for all connections; and never over `WebSocketStream`.
 * const connecting = BrowserWebSocket.connect("wss://example.com/", { subprotocols: ["chat.v1"] })
 * const bounded = BrowserWebSocket.layerWith({ maxUnread: 1024 * 1024 })
 * const older = Layer.provideMerge(BrowserWebSocket.layer, Layer.succeed(BrowserWebSocket.Natives, { WebSocket }))
 * ```
 */
import * as HandshakeViolation from "@effect-websocket/protocol/handshake/HandshakeViolation"
import * as Subprotocol from "@effect-websocket/protocol/handshake/Subprotocol"
import * as Uri from "@effect-websocket/protocol/handshake/WebSocketUri"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { type LimitValues, resolve } from "effect-websocket/Limits"
import type { PortableWebSocket } from "effect-websocket/MessageSocket"
import { type ClientOptions, WebSocketClient } from "effect-websocket/WebSocketClient"
import { HandshakeError, OptionError, TimeoutError, TransportError } from "effect-websocket/WebSocketError"
import { BrowserConnection } from "./BrowserConnection.js"
import * as EventPort from "./EventPort.js"
import { Natives } from "./Natives.js"
import type { Port } from "./Port.js"
import * as StreamPort from "./StreamPort.js"

export { type NativeConstructors, type NativeStream, Natives } from "./Natives.js"

/** What a client asks for. */
export interface BrowserOptions extends ClientOptions {
  /**
   * How much may wait unread over a `WebSocket`: octets (UTF-16 units for text), and 32 for each message. More ends the
   * connection with the reason `Overrun`, since the peer cannot be made to wait. 16 MiB. Over a `WebSocketStream` it has no effect.
   */
  readonly maxUnread?: number | undefined
}

/** What `connect` fails with. A handshake that failed is a `TransportError` with the reason `Hidden`: the browser does not tell more. */
export type BrowserError = HandshakeError | TransportError | TimeoutError | OptionError

const defaultUnread = 16 * 1024 * 1024

/** Where the handshake goes, and with what. */
interface Attempt {
  readonly uri: string
  readonly address: string
  readonly protocols: Array<string>
}

const invalid = (option: string, rule: string) => Effect.fail(new OptionError({ option, rule }))

const checkUnread = ({ maxUnread = defaultUnread }: BrowserOptions): Effect.Effect<number, OptionError> =>
  maxUnread === Infinity || (Number.isSafeInteger(maxUnread) && maxUnread > 0)
    ? Effect.succeed(maxUnread)
    : invalid("maxUnread", "an integer of at least 1, or Infinity")

/** The same rules as anywhere, and what a browser would leave out in silence. */
const check = (
  uri: string | { readonly href: string },
  { subprotocols = [] }: BrowserOptions
): Effect.Effect<Attempt, OptionError> => {
  const text = typeof uri === "string" ? uri : uri.href
  const parsed = Uri.parse(text)
  if ("_tag" in parsed) return invalid("uri", parsed.rule)
  if (parsed.authorization !== undefined) return invalid("uri", "a browser sends no credentials of a URI")
  const rule = Subprotocol.invalidOffer(subprotocols)
  if (rule !== undefined) return invalid("subprotocols", rule)
  const { authority, secure, target } = parsed
  return Effect.succeed({
    uri: `${secure ? "wss" : "ws"}://${authority}${target}`,
    address: authority,
    protocols: [...subprotocols]
  })
}

const failureOf =
  (address: string) =>
  (cause: unknown): TransportError => {
    // Thrown by the constructor: a page of https: may not open ws:.
    const isForbidden = cause instanceof DOMException && cause.name === "SecurityError"
    return new TransportError({
      reason: isForbidden
        ? { _tag: "Unsupported", feature: "ws: from a page that is secure" }
        : { _tag: "Hidden", address, phase: "Handshake" },
      cause
    })
  }

const open = (
  { address, protocols, uri }: Attempt,
  onOpen: (port: Port) => BrowserConnection
): Effect.Effect<BrowserConnection, TransportError> =>
  Effect.flatMap(Natives, ({ WebSocket, WebSocketStream }) => {
    const failure = failureOf(address)
    if (WebSocketStream !== undefined) {
      return StreamPort.open((signal) => new WebSocketStream(uri, { protocols, signal }), onOpen, failure)
    }
    return WebSocket === undefined
      ? Effect.fail(new TransportError({ reason: { _tag: "Unsupported", feature: "WebSocket: there is none here" } }))
      : EventPort.open(() => new WebSocket(uri, protocols), onOpen, failure)
  })

const withDeadline = <A>(
  opening: Effect.Effect<A, TransportError>,
  millis: number
): Effect.Effect<A, TransportError | TimeoutError> => {
  if (millis === Infinity) return opening
  const after = Duration.millis(millis)
  return Effect.timeoutFail(opening, {
    duration: after,
    onTimeout: () => new TimeoutError({ phase: "Handshake", after })
  })
}

/** RFC 6455 §4.1: a server may choose none; the browser lets that pass. */
const noSubprotocol = (offered: ReadonlyArray<string>): HandshakeError =>
  new HandshakeError({
    role: "client",
    reason: HandshakeViolation.handshakeViolation(
      "BadSubprotocol",
      "RFC 6455 §4.1",
      "the server may choose no subprotocol, but one is required here",
      HandshakeViolation.noRemedy,
      { offered, chosen: [] }
    ),
    request: Option.none(),
    response: Option.none(),
    keepAlive: false,
    leftover: new Uint8Array(0)
  })

const opened = (
  attempt: Attempt,
  { closeTimeout, handshakeTimeout, highWaterMark }: LimitValues,
  maxUnread: number
): Effect.Effect<BrowserConnection, TransportError | TimeoutError, Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.runtime<never>(), (runtime) => {
      const parts = { address: attempt.address, closeTimeout, highWaterMark, maxUnread, runtime }
      let made: Port | undefined
      const opening = open(attempt, (port) => {
        made = port
        return new BrowserConnection({ ...parts, port })
      })
      // It may open at the very moment at which it is given up.
      const abandon = Effect.sync(() => made?.close(undefined, ""))
      return Effect.tap(
        Effect.onError(restore(withDeadline(opening, handshakeTimeout)), () => abandon),
        (connection) => Effect.addFinalizer((exit) => connection.release(exit))
      )
    })
  )

/**
 * Connects to a WebSocket server by means of the browser: `ws:` or `wss:`, or `http:` and `https:` which mean the same.
 *
 * The connection belongs to the Scope: at its end it is closed within `limits.closeTimeout`, with 1000 when the Scope ended
 * well, else without a code. Opening takes `limits.handshakeTimeout` at most, and can be interrupted.
 */
export const connect = (
  uri: string | { readonly href: string },
  options: BrowserOptions = {}
): Effect.Effect<PortableWebSocket, BrowserError, Scope.Scope> =>
  Effect.gen(function* () {
    const attempt = yield* check(uri, options)
    const limits = yield* resolve("client", options.limits)
    const maxUnread = yield* checkUnread(options)
    const connection = yield* opened(attempt, limits, maxUnread)
    if (options.requireSubprotocol === true && connection.negotiated.subprotocol === undefined) {
      yield* Effect.ignore(connection.close())
      return yield* noSubprotocol(attempt.protocols)
    }
    return connection
  })

/** The client of browsers, with these options where `connect` has none of its own. */
export const layerWith = (defaults: BrowserOptions): Layer.Layer<WebSocketClient> =>
  Layer.succeed(WebSocketClient, {
    connect: (uri, options) =>
      connect(uri, { ...defaults, ...options, limits: { ...defaults.limits, ...options?.limits } })
  })

/** The client of browsers: provides what `WebSocketClient.connect` needs. */
export const layer: Layer.Layer<WebSocketClient> = layerWith({})
