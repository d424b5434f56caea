/**
 * A client on any platform: what is written with it runs on Node.js and in browsers alike.
 *
 * It asks for nothing that a browser cannot do, and gives a `PortableWebSocket`. `layer` is the client of this library, over
 * a `Transport`; the one of browsers is in `@effect-websocket/browser`. An application that needs more, such as fields of the
 * request, Pings, or messages in pieces, uses `WebSocket.connect`.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { WebSocketClient } from "effect-websocket"
 *
 * // For any platform: the layer decides.
 * const greeting = Effect.gen(function* () {
 *   const ws = yield* WebSocketClient.connect("wss://example.com/")
 *   return yield* ws.receive
 * }).pipe(Effect.scoped)
 * ```
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { FrameStream } from "./FrameStream.js"
import type { Handshake } from "./Handshake.js"
import type { LimitOptions } from "./Limits.js"
import type { PortableWebSocket } from "./MessageSocket.js"
import type { Transport } from "./Transport.js"
import * as WebSocket from "./WebSocket.js"

export type { Agreement, Message, MessageOptions, MessageSocket, PortableWebSocket } from "./MessageSocket.js"

/** What a client asks for, on every platform. */
export interface ClientOptions extends Pick<WebSocket.ConnectOptions, "subprotocols" | "requireSubprotocol"> {
  /** Limits of this connection, where they differ from the ambient ones. */
  readonly limits?: Pick<LimitOptions, "closeTimeout" | "handshakeTimeout" | "highWaterMark"> | undefined
}

/**
 * Opens WebSockets.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { WebSocketClient } from "effect-websocket"
 *
 * // The client of the platform, with an option that this application always gives.
 * const connect = (uri: string) =>
 *   Effect.flatMap(WebSocketClient.WebSocketClient, (client) => client.connect(uri, { subprotocols: ["chat.v1"] }))
 * ```
 */
export class WebSocketClient extends Context.Tag("effect-websocket/WebSocketClient")<
  WebSocketClient,
  {
    /** Connects to a WebSocket server. The connection belongs to the Scope, and is closed in order at its end. */
    readonly connect: (
      uri: string | { readonly href: string },
      options?: ClientOptions
    ) => Effect.Effect<PortableWebSocket, WebSocket.ConnectError, Scope.Scope>
  }
>() {}

/** Connects to a WebSocket server. */
export const connect = (
  uri: string | { readonly href: string },
  options?: ClientOptions
): Effect.Effect<PortableWebSocket, WebSocket.ConnectError, WebSocketClient | Scope.Scope> =>
  Effect.flatMap(WebSocketClient, (client) => client.connect(uri, options))

/** The client of this library. (The annotation lets bundlers leave out all that it needs, where another layer is used.) */
export const layer: Layer.Layer<WebSocketClient, never, Transport | Handshake | FrameStream> =
  /* @__PURE__ */ Layer.suspend(() =>
    Layer.effect(
      WebSocketClient,
      Effect.map(Effect.context<Transport | Handshake | FrameStream>(), (context) => ({
        connect: (uri, options) => Effect.provide(WebSocket.connect(uri, options), context)
      }))
    )
  )
